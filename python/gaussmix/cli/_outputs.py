"""The files that ``gaussmix fit`` writes."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gaussmix._replace_file import is_special, replace_file
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture

_ROWS_AT_ONCE = 65536
_TABLE_OPTIONS = ("labels_out", "responsibilities_out")
_OPTIONS = (*_TABLE_OPTIONS, "model_out")


def check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before any work, outputs that could not be written at its end.

    Raises
    ------
    GaussmixError
        An unknown suffix, or one file named for two purposes.
    OSError
        The folder is missing or not writable, or a folder is named.
    """
    taken = {os.path.realpath(options.data): "DATA"}
    for option in _OPTIONS:
        path = getattr(options, option)
        if path is None:
            continue
        flag = "--" + option.replace("_", "-")
        if option in _TABLE_OPTIONS:
            _table_writer(path, flag)
        if is_special(path):
            continue
        _check_writable(path)
        other = taken.setdefault(os.path.realpath(path), flag)
        if other != flag:
            raise GaussmixError(f"{flag} and {other} name the same file {path!r}; choose two")


def _check_writable(path: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "the folder does not exist", folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def write_outputs(mixture: Mixture, X: Any, options: argparse.Namespace) -> list[str]:
    """Write the files that were asked for; return a sentence about each."""
    written = []
    if options.labels_out is not None:
        labels = mixture.assign(X, n_threads=options.threads)
        _write_table(options.labels_out, labels[:, np.newaxis], ["label"], flat=True)
        written.append(f"labels written to {options.labels_out}")
    if options.responsibilities_out is not None:
        values = mixture.responsibilities(X, n_threads=options.threads)
        names = [f"component_{k}" for k in range(mixture.n_components)]
        _write_table(options.responsibilities_out, values, names)
        written.append(f"responsibilities written to {options.responsibilities_out}")
    if options.model_out is not None:
        mixture.save(options.model_out)
        written.append(
            f"model written to {options.model_out}; "
            f"in Python: gaussmix.load({os.fspath(options.model_out)!r})"
        )
    return written


_Writer = Callable[[BinaryIO, NDArray[Any], list[str]], None]


def _table_writer(path: str, flag: str = "") -> _Writer:
    suffix = PurePath(path).suffix.lower()
    if suffix == ".npy":
        return _write_npy
    if suffix == ".csv" or is_special(path):  # a pipe gets text, whatever its name
        return _write_csv
    raise GaussmixError(f"{flag} wants a .csv or .npy file, got {path!r}")


def _write_table(path: str, values: NDArray[Any], names: list[str], *, flat: bool = False) -> None:
    """Write rows of values; `flat` makes a single column one-dimensional in a .npy file."""
    writer = _table_writer(path)
    with replace_file(path) as file:
        writer(file, values[:, 0] if flat and writer is _write_npy else values, names)


def _write_npy(file: BinaryIO, values: NDArray[Any], _: list[str]) -> None:
    np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)


def _write_csv(file: BinaryIO, values: NDArray[Any], names: list[str]) -> None:
    """Write in chunks; a float's repr reads back to the same bits."""
    file.write((",".join(names) + "\n").encode())
    for start in range(0, len(values), _ROWS_AT_ONCE):
        rows = values[start : start + _ROWS_AT_ONCE].tolist()
        file.write("".join(",".join(map(repr, row)) + "\n" for row in rows).encode())
