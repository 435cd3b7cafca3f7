"""Saving a mixture to a file and loading it back, to the bit."""

from __future__ import annotations

import os
from typing import Any

from gaussmix.exceptions import GaussmixTypeError
from gaussmix.mixture import Mixture

__all__ = ["load", "save"]


def save(mixture: Mixture, path: str | os.PathLike[str]) -> None:
    """Write a mixture to a file.

    The file is a NumPy ``npz`` archive of ``weights``, ``means``, ``covariances`` and
    ``precisions_cholesky``, or of a `FactorMixture` of ``weights``, ``means``, ``loadings`` and
    ``noise_variances``, in float64, with a header in JSON (``header.json``): format and its
    version, gaussmix version, covariance type, sizes, feature names, and the SHA-256 of the
    arrays. It is written beside `path` and then renamed, so that a crash at any moment leaves
    the old file or the new one. The same mixture gives the same bytes.

    Parameters
    ----------
    mixture : Mixture
        What to save.
    path : str or path-like
        Where to; no suffix is added. An existing file is replaced.

    Raises
    ------
    GaussmixTypeError
        `mixture` is not a Mixture, or `path` is not a path.
    OSError
        The file cannot be written; an old file is then still there.

    Examples
    --------
    >>> import os, tempfile
    >>> from gaussmix import Mixture, load
    >>> from gaussmix.persistence import save
    >>> mixture = Mixture([0.25, 0.75], [[0.0], [5.0]], [1.0, 2.0], covariance_type="spherical")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     save(mixture, path)
    ...     load(path) == mixture
    True
    """
    if not isinstance(mixture, Mixture):
        raise GaussmixTypeError(
            f"save() wants a gaussmix.Mixture, got {type(mixture).__name__}; "
            "a fitted model has one: result.mixture, or estimator.result_.mixture"
        )
    from gaussmix import _model_file  # zipfile, json and hashlib take longer than all the rest

    _model_file.write(mixture, _path(path))


def load(path: str | os.PathLike[str]) -> Mixture:
    """Read a mixture that `save` (or ``Mixture.save``) wrote.

    Parameters
    ----------
    path : str or path-like
        A model file. Nothing in it is executed or unpickled.

    Returns
    -------
    Mixture
        Equal to the saved one in every bit of its parameters.

    Raises
    ------
    ModelFileError
        The file is not a model file, is truncated or damaged, or was written by a newer
        gaussmix in a format that this one does not know.
    GaussmixTypeError
        `path` is not a path.
    OSError
        The file cannot be opened; FileNotFoundError when there is none.

    See Also
    --------
    save : writes the file; an example is there.
    """
    from gaussmix import _model_file

    return _model_file.read(_path(path))


def _path(path: Any) -> str:
    try:
        return os.fsdecode(path)
    except TypeError:
        raise GaussmixTypeError(
            f"the file must be named by a str or a path object, got {type(path).__name__}"
        ) from None
