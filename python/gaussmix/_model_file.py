"""What is in a model file, and everything that can be wrong with one."""

from __future__ import annotations

import os
import zipfile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gaussmix._archive import digest, read_arrays, read_header, write_archive
from gaussmix._replace_file import replace_file
from gaussmix._runtime import core
from gaussmix.covariance import CovarianceType, covariance_shape, resolve_covariance_type
from gaussmix.exceptions import GaussmixError, ModelFileError
from gaussmix.factor_mixture import mixture_class
from gaussmix.mixture import Mixture

FORMAT = "gaussmix mixture"
FORMAT_VERSION = 1
_ARRAYS = ("weights", "means", "covariances", "precisions_cholesky")
_FACTOR_ARRAYS = ("weights", "means", "loadings", "noise_variances")
_OTHER_SIZES = "header and arrays disagree about their sizes"
_ZIP_START = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_SHORTEST_ZIP_END = 22
_LONGEST_ZIP_END = _SHORTEST_ZIP_END + 65535  # with the longest comment


def write(mixture: Mixture, path: str) -> None:
    """Write the mixture; `gaussmix.persistence.save` says how."""
    with replace_file(path) as file:
        write_to(file, mixture)


def write_to(file: BinaryIO, mixture: Mixture) -> None:
    """Write the mixture to an open file."""
    arrays = {name: getattr(mixture, name) for name in _arrays_of(mixture.covariance_type)}
    write_archive(file, _header(mixture, arrays), arrays)


def read(path: str) -> Mixture:
    """Read a mixture; `gaussmix.persistence.load` says what can go wrong."""
    with open(path, "rb") as file:
        _check_start(file, path)
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:
            # zipfile answers damage with errors of a dozen types, here and below.
            raise _unreadable(file, path) from error
        with archive:
            return _read(archive, path)


def _header(mixture: Mixture, arrays: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    names = mixture.feature_names
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "gaussmix_version": core.build_info()["version"],
        "covariance_type": str(mixture.covariance_type.value),
        "n_components": mixture.n_components,
        "n_features": mixture.n_features,
        "feature_names": None if names is None else list(names),
        "dtype": "float64",
        "sha256": digest(arrays),
    }


def _check_start(file: BinaryIO, path: str) -> None:
    start = file.read(len(_ZIP_START))
    file.seek(0)
    if not start:
        raise ModelFileError(f"{path!r} is empty: no model was ever written to it completely")
    if start != _ZIP_START:
        raise _foreign(path)


def _foreign(path: str) -> ModelFileError:
    return ModelFileError(
        f"{path!r} is not a gaussmix model file; "
        "load() reads what Mixture.save() or `gaussmix fit --model-out` wrote"
    )


def _damaged(path: str, what: str) -> ModelFileError:
    return ModelFileError(f"{path!r} is damaged: {what}; take another copy or save the model again")


def _unreadable(file: BinaryIO, path: str) -> ModelFileError:
    """Tell a file that breaks off from one that is whole but garbled."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_ZIP_END))
    tail = file.read()
    if 0 <= tail.rfind(_ZIP_END) <= len(tail) - _SHORTEST_ZIP_END:
        return _damaged(path, "its table of contents cannot be read")
    return ModelFileError(
        f"{path!r} is truncated: it breaks off after {size} bytes; copy or download it again"
    )


def _read(archive: zipfile.ZipFile, path: str) -> Mixture:
    header = _checked_header(archive, path)
    structure = _covariance_type(header, path)
    largest = _largest_shapes(header, structure, path)
    try:
        arrays = read_arrays(archive, largest)
    except Exception as error:
        raise _damaged(path, f"its arrays cannot be read ({error})") from error
    if digest(arrays) != header.get("sha256"):
        raise _damaged(path, "its numbers do not match their checksum")
    return _mixture(header, structure, arrays, path)


def _arrays_of(structure: CovarianceType) -> tuple[str, ...]:
    return _FACTOR_ARRAYS if structure is CovarianceType.FACTOR else _ARRAYS


def _largest_shapes(
    header: dict[str, Any], structure: CovarianceType, path: str
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays by the sizes in the header; factors are D at most."""
    K, D = (header.get(name) for name in ("n_components", "n_features"))
    if type(K) is not int or type(D) is not int:
        raise _damaged(path, _OTHER_SIZES)
    shapes = {"weights": (K,), "means": (K, D), "noise_variances": (K, D), "loadings": (K, D, D)}
    return {
        name: shapes.get(name, covariance_shape(structure, K, D)) for name in _arrays_of(structure)
    }


def _checked_header(archive: zipfile.ZipFile, path: str) -> dict[str, Any]:
    """Read the header and accept it only when it is ours and not newer than we are."""
    try:
        header = read_header(archive)
    except KeyError:
        raise _foreign(path) from None
    except Exception as error:
        raise _damaged(path, f"its header cannot be read ({error})") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _foreign(path)
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise _damaged(path, f"its format version is {version!r}")
    if version > FORMAT_VERSION:
        raise _newer(header, path, f"has format version {version}")
    return header


def _newer(header: dict[str, Any], path: str, what: str) -> ModelFileError:
    return ModelFileError(
        f"{path!r} {what}, which this gaussmix does not know (it reads format versions up to "
        f"{FORMAT_VERSION}); it was written by gaussmix {header.get('gaussmix_version')}: "
        "upgrade gaussmix to load it"
    )


def _mixture(
    header: dict[str, Any],
    structure: CovarianceType,
    arrays: dict[str, NDArray[np.float64]],
    path: str,
) -> Mixture:
    names = header.get("feature_names")
    if names is not None and not (isinstance(names, list) and all(type(n) is str for n in names)):
        raise _damaged(path, f"its names of columns are {names!r}")
    others: dict[str, Any] = {}
    if structure is not CovarianceType.FACTOR:
        others["covariance_type"] = structure
    try:
        others["feature_names"] = None if names is None else tuple(names)
        mixture = mixture_class(structure)(**(others | arrays))
    except (GaussmixError, TypeError) as error:
        raise _damaged(path, f"what it holds is not a mixture ({error})") from error
    sizes = [header[name] for name in ("n_components", "n_features")]
    if sizes != [mixture.n_components, mixture.n_features]:
        raise _damaged(path, _OTHER_SIZES)
    return mixture


def _covariance_type(header: dict[str, Any], path: str) -> CovarianceType:
    name = header.get("covariance_type")
    if not isinstance(name, str):
        raise _damaged(path, f"its covariance type is {name!r}")
    try:
        return resolve_covariance_type(name)
    except GaussmixError as error:
        raise _newer(header, path, f"has covariance type {name!r}") from error
