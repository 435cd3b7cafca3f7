"""Whether the files that a command is to write can be written, before any work."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from gaussmix._replace_file import is_special
from gaussmix.exceptions import GaussmixError


def check_outputs(options: argparse.Namespace, outputs: Mapping[str, Sequence[str]]) -> None:
    """Refuse, before any work, outputs that could not be written at its end.

    Parameters
    ----------
    options : Namespace
        Of the command; ``data`` is the file that it reads.
    outputs : mapping of str to sequence of str
        The options that name files to write, and the suffixes that each takes; none: any.

    Raises
    ------
    GaussmixError
        An unknown suffix, or one file named for two purposes.
    OSError
        The folder is missing or not writable, or a folder is named.
    """
    taken = {os.path.realpath(options.data): "DATA"}
    for option, suffixes in outputs.items():
        path = getattr(options, option)
        if path is None:
            continue
        flag = "--" + option.replace("_", "-")
        _check_suffix(path, flag, suffixes)
        if is_special(path):
            continue
        _check_writable(path)
        other = taken.setdefault(os.path.realpath(path), flag)
        if other != flag:
            raise GaussmixError(f"{flag} and {other} name the same file {path!r}; choose two")


def _check_suffix(path: str, flag: str, suffixes: Sequence[str]) -> None:
    # A pipe gets the only kind there is, or text, whatever its name.
    text = is_special(path) and (len(suffixes) == 1 or ".csv" in suffixes)
    if suffixes and not text and PurePath(path).suffix.lower() not in suffixes:
        *others, last = suffixes
        kinds = f"{', '.join(others)} or {last}" if others else last
        raise GaussmixError(f"{flag} wants a {kinds} file, got {path!r}")


def _check_writable(path: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "the folder does not exist", folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
