"""The covariances of a mixture as matrices whatever their structure, and its marginals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from gaussmix._matrices import as_matrices
from gaussmix._typing import Float64Array
from gaussmix._validation import check_integer, nearest
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture

Features: TypeAlias = int | str | Sequence[int | str]
"""Positions or names of features; a single one need not be in a list."""


def covariance_matrices(mixture: Mixture) -> Float64Array:
    """Return the covariance matrix of each component, shape (K, D, D), a new array."""
    return _as_matrices(mixture.covariances, mixture)


def marginal(mixture: Mixture, columns: Sequence[int]) -> Mixture:
    r"""Return the distribution of some of the features, in the order of `columns`.

    With :math:`\Sigma^{-1} = U U^T` and :math:`A = U^{-1}` is :math:`\Sigma = A^T A`, and so

    .. math:: A_{\cdot, c} = Q R \quad\Rightarrow\quad \Sigma_{c, c} = R^T R :

    the factor of the marginal comes from the factor of the whole, and keeps the digits that a
    nearly singular covariance has lost.

    Parameters
    ----------
    mixture : Mixture
    columns : sequence of int
        Different features, d of them.

    Returns
    -------
    Mixture
        Of d features and structure ``full``.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([1.0], [[5.0, 7.0]], [[1.0, 4.0]], "diag", ["height", "weight"])
    >>> marginal(mixture, [1])
    Mixture(full (VVV), 1 component, 1 feature)
    >>> marginal(mixture, [1]).covariances, marginal(mixture, [1]).feature_names
    (array([[[4.]]]), ('weight',))
    """
    chosen = list(columns)
    roots = np.linalg.inv(_as_matrices(mixture.precisions_cholesky, mixture))
    factors = np.linalg.qr(roots[:, :, chosen], mode="r")
    signs = np.where(np.diagonal(factors, axis1=1, axis2=2) < 0, -1.0, 1.0)
    inverses = np.triu(np.linalg.inv(signs[:, :, None] * factors))
    names = mixture.feature_names
    return Mixture(
        mixture.weights,
        mixture.means[:, chosen],
        covariance_matrices(mixture)[:, chosen][:, :, chosen],
        CovarianceType.FULL,
        None if names is None else [names[column] for column in chosen],
        inverses,
    )


def listed(features: Features) -> Sequence[Any]:
    """Return positions and names in a list, a single one too."""
    return [features] if isinstance(features, str) or np.ndim(features) == 0 else list(features)  # type: ignore[arg-type]


def columns_of(
    features: Features, names: tuple[str, ...] | None, n_features: int
) -> tuple[int, ...]:
    """Return the positions of different features, of which there must be at least one."""
    columns = tuple(_column(feature, names, n_features) for feature in listed(features))
    if not columns:
        raise GaussmixError(f"features must name at least one feature, got 0: {features!r}.")
    if len(set(columns)) < len(columns):
        raise GaussmixError(f"features must be different from one another, got {features!r}.")
    return columns


def _column(feature: Any, names: tuple[str, ...] | None, n_features: int) -> int:
    if not isinstance(feature, str):
        return check_integer(feature, "a feature", minimum=0, maximum=n_features - 1)
    if names is None:
        raise GaussmixError(
            f"features holds the name {feature!r}, but there are no names of features: give "
            f"positions, 0 to {n_features - 1}."
        )
    if feature not in names:
        raise GaussmixError(
            f"features holds {feature!r}, which is none of the features "
            f"{', '.join(map(repr, names))}.{nearest(feature, names)}"
        )
    columns = [column for column, name in enumerate(names) if name == feature]
    if len(columns) > 1:
        raise GaussmixError(
            f"features holds the ambiguous name {feature!r}, which features "
            f"{', '.join(map(str, columns))} have in common: give positions."
        )
    return columns[0]


def _as_matrices(values: Float64Array, mixture: Mixture) -> Float64Array:
    """Write covariances or their factors, in the shape of their structure, as K matrices."""
    K, D = mixture.n_components, mixture.n_features
    return np.array(as_matrices(values, mixture.covariance_type, K, D))
