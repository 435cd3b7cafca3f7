"""Writing a file so that a crash leaves either the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from typing import BinaryIO


def is_special(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a device, pipe or socket, which is written to and never replaced."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


@contextlib.contextmanager
def replace_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open `path` for writing bytes; the file appears, whole, when the block ends without error.

    The bytes go to a new file in the same folder, which is flushed to the disk and then renamed
    over `path`: a rename within one folder is atomic. When the block fails, the new file is
    removed and an old one at `path` is untouched. A symbolic link keeps pointing where it did
    and a replaced file keeps its permissions. Devices and pipes are written to directly, for
    there the name is the thing itself.

    Raises
    ------
    OSError
        The folder is missing or not writable, the disk is full, `path` is a folder.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if is_special(path):
        whole = io.BytesIO()  # what writes a zip wants to seek, which a pipe cannot
        yield whole
        with open(path, "wb") as special:
            special.write(whole.getbuffer())
        return
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    # The name does not grow with the target's, which may already be as long as is allowed.
    beside = os.path.join(folder, f".gaussmix-{secrets.token_hex(8)}.tmp")
    try:
        with _create(beside, instead_of=path) as file:
            _keep_permissions(target, beside)
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name with no content
        os.replace(beside, target)
    except BaseException:  # Ctrl-C included: nothing may stay behind
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    _sync_folder(folder)


def _create(beside: str, instead_of: str | os.PathLike[str]) -> BinaryIO:
    try:
        return open(beside, "xb")
    except OSError as error:
        error.filename = os.fspath(instead_of)  # the name the caller knows
        raise


def _keep_permissions(target: str, beside: str) -> None:
    with contextlib.suppress(OSError):  # no old file, or a file system without permissions
        os.chmod(beside, stat.S_IMODE(os.stat(target).st_mode))


def _sync_folder(folder: str) -> None:
    """Make the rename itself durable, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
