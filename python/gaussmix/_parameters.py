"""Checks of the parameters of a mixture, given as a distribution or as the start of a fit.

What is a parameter up to rounding is accepted and made exact: weights are normalised and matrices
symmetrised when they are off by at most 1e-6, relative. A parameter that is exact already is
returned bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gaussmix._conversion import as_numbers, place
from gaussmix._runtime import core
from gaussmix._typing import AnyArray, ArrayLike, Float64Array
from gaussmix.covariance import (
    CovarianceType,
    check_columns,
    covariance_shape,
    in_short_form,
    scatter_kind,
)
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

_RELATIVE_ERROR = 1e-6
_TELLING = 1e-8  # ratio of eigenvalues below which rounding hides what matrices have in common
_MISMATCH = 1e-3  # of a factor and its matrix, beside the rounding of the matrix


def shape_of_means(means: ArrayLike) -> tuple[int, int]:
    """Return (K, D), which the other parameters must fit."""
    shape = as_numbers(means, "means").shape
    if len(shape) != 2 or 0 in shape:
        raise GaussmixError(
            "means must have shape (n_components, n_features), at least one of each, but has "
            f"shape {shape}."
        )
    return int(shape[0]), int(shape[1])


def checked_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...] | None:
    """Return names of the columns; None for none."""
    if names is None:
        return None
    are_text = isinstance(names, Collection) and all(isinstance(name, str) for name in names)
    if isinstance(names, str) or not are_text:
        raise GaussmixTypeError(
            f"feature_names must be None or a sequence of {n_features} strings, got {names!r}."
        )
    if len(names) != n_features:
        raise GaussmixError(
            f"feature_names must hold {n_features} names, one per column of means, got "
            f"{len(names)}."
        )
    return tuple(str(name) for name in names)


def check_weights(values: ArrayLike, n_components: int, name: str = "weights") -> Float64Array:
    """Check mixture weights: shape (K,), none negative, sum 1."""
    weights = check_array(values, (n_components,), name)
    if (weights < 0).any():
        k = int(np.argmax(weights < 0))
        raise GaussmixError(
            f"{name} must not be negative, but {name}[{k}] is {weights[k]!s}: a weight is the "
            "share of its component."
        )
    total = float(weights.sum())
    if abs(total - 1) > _RELATIVE_ERROR:
        raise GaussmixError(
            f"{name} must sum to 1, but sum to {total:.9g}: divide them by their sum."
        )
    return weights / total if abs(total - 1) > n_components * np.finfo(float).eps else weights


def check_means(
    values: ArrayLike, n_components: int, n_features: int, name: str = "means"
) -> Float64Array:
    """Check means: shape (K, D)."""
    return check_array(values, (n_components, n_features), name)


def check_covariances(
    values: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
    name: str = "covariances",
) -> Float64Array:
    """Check covariances: the shape of their structure, symmetric, positive definite."""
    return factorised(values, covariance_type, n_components, n_features, name)[0]


def check_precisions(
    values: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
    name: str = "precisions",
) -> Float64Array:
    """Check precisions and return their inverses, the covariances."""
    _, factor = factorised(values, covariance_type, n_components, n_features, name)
    if in_short_form(covariance_type) in ("diag", "spherical"):
        return np.asarray(np.square(factor), dtype=np.float64)
    return _symmetrised(factor @ np.swapaxes(factor, -1, -2))


def with_given_factors(
    covariances: ArrayLike,
    precisions_cholesky: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
) -> tuple[Float64Array, Float64Array]:
    """Check covariances and the factors of their inverses; return both.

    Next to a singularity the covariance holds fewer digits than its factor does, down to none. So
    the factor is believed as far as the digits of the covariance do not contradict it.
    """
    sizes = (covariance_type, n_components, n_features)
    matrices = _symmetric_array(covariances, *sizes, "covariances")
    factors = _covariance_array(precisions_cholesky, *sizes, "precisions_cholesky")
    if not _belong(factors, matrices, covariance_type):
        raise GaussmixError(
            "precisions_cholesky must be the upper triangular factors of the inverse covariances, "
            "but they do not belong to the covariances that were given: leave them out to have "
            "them computed."
        )
    _check_structure(matrices, *sizes)
    return matrices, factors


def _check_structure(
    matrices: Float64Array, covariance_type: CovarianceType, n_components: int, n_features: int
) -> None:
    """Check that covariances have in common what their structure says, if their digits can tell."""
    if in_short_form(covariance_type) != "full" or covariance_type is CovarianceType.FULL:
        return  # the shape of the array says it
    if scatter_kind(covariance_type) == "full" and _condition(matrices) < _TELLING:
        return
    try:
        core.factorise(covariance_type.value, matrices, n_components, n_features)
    except ValueError as error:
        if not _says_singular(error):
            raise _of_another_structure("covariances", covariance_type, error) from error


def _condition(matrices: Float64Array) -> float:
    """Return the least ratio of eigenvalues of a matrix, as they are and in common units."""
    unit = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2).min(axis=0))
    scaled = matrices / unit[:, None] / unit
    eigenvalues = np.linalg.eigvalsh(np.concatenate([matrices, scaled]))
    return float((eigenvalues[:, 0] / eigenvalues[:, -1]).min())


def _belong(factors: Float64Array, matrices: Float64Array, covariance_type: CovarianceType) -> bool:
    """Whether U is triangular and U^T C U is the identity, to the rounding of C."""
    if in_short_form(covariance_type) in ("diag", "spherical"):
        return bool((factors > 0).all() and np.allclose(factors**2 * matrices, 1, atol=_MISMATCH))
    transposed = np.swapaxes(factors, -1, -2)
    deviations = np.sqrt(np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)))
    reach = (np.abs(transposed) @ deviations[..., None])[..., 0]
    n_features = matrices.shape[-1]
    rounding = 8 * n_features * np.finfo(float).eps * reach[..., :, None] * reach[..., None, :]
    error = np.abs(transposed @ matrices @ factors - np.eye(n_features))
    return bool(
        np.array_equal(factors, np.triu(factors))
        and (np.diagonal(factors, axis1=-2, axis2=-1) > 0).all()
        and (error <= _MISMATCH + rounding).all()
    )


def reciprocal_conditions(
    matrices: Float64Array, covariance_type: CovarianceType, n_components: int, n_features: int
) -> Float64Array:
    """Return how far each covariance is from singular; 0 is singular to working precision."""
    # Of each matrix by itself: whether it is of its structure, next to a singularity, is not asked.
    covariance_type = CovarianceType(in_short_form(covariance_type))
    try:
        _, found = core.factorise(covariance_type.value, matrices, n_components, n_features)
        return np.broadcast_to(found, n_components)
    except ValueError:
        if covariance_type is not CovarianceType.FULL or n_components == 1:
            return np.zeros(n_components)
        each = (
            reciprocal_conditions(one[None], covariance_type, 1, n_features) for one in matrices
        )
        return np.concatenate(list(each))


def check_responsibilities(
    values: ArrayLike, n_rows: int, n_components: int, name: str = "responsibilities_init"
) -> Float64Array:
    """Check responsibilities: shape (n, K), none negative, each row of sum 1; or n labels."""
    numbers = as_numbers(values, name)
    if numbers.ndim == 1:
        return _of_labels(check_array(numbers, (n_rows,), name), n_components, name)
    responsibilities = check_array(numbers, (n_rows, n_components), name, ", or (n,) of labels")
    if (responsibilities < 0).any():
        index = _first(responsibilities < 0)
        raise GaussmixError(
            f"{name} must not be negative, but is {responsibilities[index]!s} at {place(index)}."
        )
    sums = responsibilities.sum(axis=1)
    wrong = np.abs(sums - 1) > _RELATIVE_ERROR
    if wrong.any():
        row = int(np.argmax(wrong))
        raise GaussmixError(
            f"every row of {name} must sum to 1, but row {row} sums to {sums[row]:.9g}: divide "
            "each row by its sum."
        )
    return np.asarray(responsibilities / sums[:, None], dtype=np.float64)


def _of_labels(labels: Float64Array, n_components: int, name: str) -> Float64Array:
    """Return the responsibilities of rows that belong each to one component."""
    stray = (labels != np.floor(labels)) | (labels < 0) | (labels >= n_components)
    if stray.any():
        row = int(np.argmax(stray))
        raise GaussmixError(
            f"labels of components must be whole numbers from 0 to {n_components - 1}, but "
            f"{name}[{row}] is {labels[row]:g}: numpy.unique(labels, return_inverse=True)[1] "
            "numbers any labels so."
        )
    numbers = labels.astype(np.int64)
    idle = np.flatnonzero(np.bincount(numbers, minlength=n_components) == 0)
    if len(idle):
        raise GaussmixError(
            f"{name} labels no row {idle[0]}, and every component needs one to start from: "
            "numpy.unique(labels, return_inverse=True)[1] leaves no number out."
        )
    responsibilities = np.zeros((len(labels), n_components))
    responsibilities[np.arange(len(labels)), numbers] = 1.0
    return responsibilities


def check_array(
    values: ArrayLike, shape: tuple[int, ...], name: str, reason: str = ""
) -> Float64Array:
    """Check an array of finite numbers of this shape."""
    array = as_numbers(values, name).astype(np.float64, copy=False)
    if array.shape != shape:
        raise GaussmixError(f"{name} must have shape {shape}{reason}, but has shape {array.shape}.")
    if not np.isfinite(array).all():
        index = _first(~np.isfinite(array))
        raise GaussmixError(
            f"{name} must be finite, but {name}[{', '.join(map(str, index))}] is {array[index]!s}."
        )
    return array


def factorised(
    values: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
    name: str,
) -> tuple[Float64Array, Float64Array]:
    """Return the checked matrices, and the factors of their inverses."""
    matrices = _symmetric_array(values, covariance_type, n_components, n_features, name)
    try:
        factor, _ = core.factorise(covariance_type.value, matrices, n_components, n_features)
    except ValueError as error:
        if not _says_singular(error):
            raise _of_another_structure(name, covariance_type, error) from error
        raise GaussmixError(
            f"{name} must be positive definite: {error}. Check for columns that are constant or "
            "copies of one another, or add a small number to the diagonal."
        ) from error
    return matrices, factor


def _says_singular(error: ValueError) -> bool:
    """Whether the engine names a matrix that is not positive definite, or one of no structure."""
    return "positive definite" in str(error)


def _of_another_structure(
    name: str, covariance_type: CovarianceType, error: ValueError
) -> GaussmixError:
    return GaussmixError(
        f"{name} must be of covariance_type={covariance_type.value!r}: {error}. "
        "covariance_type='full' takes any."
    )


def _covariance_array(
    values: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
    name: str,
) -> Float64Array:
    check_columns(covariance_type, n_features)
    shape = covariance_shape(covariance_type, n_components, n_features)
    return check_array(values, shape, name, f" for covariance_type={covariance_type.value!r}")


def _symmetric_array(
    values: ArrayLike,
    covariance_type: CovarianceType,
    n_components: int,
    n_features: int,
    name: str,
) -> Float64Array:
    matrices = _covariance_array(values, covariance_type, n_components, n_features, name)
    if in_short_form(covariance_type) in ("diag", "spherical"):
        return matrices
    return symmetric(matrices, name)


def symmetric(matrices: Float64Array, name: str) -> Float64Array:
    """Return matrices that are symmetric up to rounding as symmetric ones; refuse others."""
    # Measured against the standard deviations of the two columns, so that units do not matter.
    deviations = np.sqrt(np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)))
    transposed = np.swapaxes(matrices, -1, -2)
    scale = np.maximum(deviations[..., :, None] * deviations[..., None, :], np.abs(matrices))
    wrong = np.abs(matrices - transposed) > _RELATIVE_ERROR * np.maximum(
        scale, np.swapaxes(scale, -1, -2)
    )
    if wrong.any():
        index = _first(wrong)
        raise GaussmixError(
            f"{name} must be symmetric, but {name}[{', '.join(map(str, index))}] is "
            f"{matrices[index]!s} and its mirror entry {transposed[index]!s}."
        )
    return _symmetrised(matrices)


def _symmetrised(matrices: Float64Array) -> Float64Array:
    return np.ascontiguousarray((matrices + np.swapaxes(matrices, -1, -2)) / 2)


def _first(mask: AnyArray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])
