"""An npz archive with a JSON header: the container of a model file.

A zip of uncompressed members: ``header.json``, then one ``NAME.npy`` per array. ``numpy.load``
opens it and so does any unzip program. No member is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

HEADER = "header.json"
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: same content, same bytes
_LITTLE_ENDIAN = np.dtype("<f8")


def write_archive(
    file: BinaryIO, header: Mapping[str, Any], arrays: Mapping[str, NDArray[np.float64]]
) -> None:
    """Write `header` and `arrays` (C order, little-endian float64) as one archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_member(HEADER), "w") as member:
            member.write(json.dumps(header, indent=1).encode("ascii"))
        for name, array in arrays.items():
            with archive.open(_member(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _portable(array), allow_pickle=False)


def read_header(archive: zipfile.ZipFile) -> Any:
    """Parse the JSON header; KeyError when the archive has none."""
    return json.loads(archive.read(HEADER))


def read_arrays(
    archive: zipfile.ZipFile, largest: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float64]]:
    """Read the arrays of these names; KeyError when one is missing, ValueError for objects.

    Also ValueError for shapes beyond the `largest`, and that before memory is taken: a few bytes
    can inflate to gigabytes.
    """
    for name, most in largest.items():
        shape, dtype = _declared(archive, name)
        if dtype != _LITTLE_ENDIAN:
            raise ValueError(f"array {name!r} holds {dtype}, not float64")
        if len(shape) != len(most) or any(np.greater(shape, most)):
            raise ValueError(f"array {name!r} has shape {shape}, not {most} at most")
    arrays = {}
    for name in largest:
        with archive.open(f"{name}.npy") as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
        arrays[name] = array.astype(np.float64, order="C", copy=False)
    return arrays


def _declared(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type of numbers that the beginning of a member tells."""
    with archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(member)
        else:
            raise ValueError(f"array {name!r} has version {version} of NumPy's format")
    return shape, dtype


def digest(arrays: Mapping[str, NDArray[np.float64]]) -> str:
    """SHA-256 over name, shape and little-endian bytes of each array, in the order given."""
    sha = hashlib.sha256()
    for name, array in arrays.items():
        sha.update(f"{name} {array.shape}\n".encode())
        sha.update(_portable(array).tobytes())
    return sha.hexdigest()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.create_system = 3  # zipfile would note the operating system here
    info.external_attr = 0o600 << 16
    return info


def _portable(array: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(array, dtype=_LITTLE_ENDIAN, order="C")
