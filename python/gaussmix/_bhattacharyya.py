"""The Bhattacharyya distance between components."""

from __future__ import annotations

import numpy as np

from gaussmix._matrices import as_matrices
from gaussmix._typing import Float64Array, Int64Array
from gaussmix.mixture import Mixture

_THIN = 1e6  # trace of the inverse of the correlations above which a matrix has lost digits


def distances(mixture: Mixture) -> Float64Array:
    """Return them, shape (K, K).

    The correlations of a mean of two covariances have no smaller eigenvalue than those of both. So
    there is a factor of it if neither is next to a singularity; of others it is had from theirs.
    """
    K, D = mixture.n_components, mixture.n_features
    matrices, factors = (
        as_matrices(values, mixture.covariance_type, K, D)
        for values in (mixture.covariances, mixture.precisions_cholesky)
    )
    logs, means = mixture.log_determinants, mixture.means
    inflation = np.diagonal(matrices, axis1=1, axis2=2) * (factors**2).sum(axis=2)
    regular = inflation.sum(axis=1) < _THIN * D
    found = np.zeros((K, K))
    for i in range(K - 1):
        later = np.arange(i + 1, K)
        plain = regular[later] & regular[i]
        for which, of_means in ((later[plain], _of_matrices), (later[~plain], _of_factors)):
            if len(which):
                steps = (means[which] - means[i])[:, :, None]
                squares, between = of_means(matrices, factors, steps, i, which)
                found[i, which] = squares / 8 + (between - (logs[i] + logs[which]) / 2) / 2
    return np.maximum(found + found.T, 0.0)


def _of_matrices(
    matrices: Float64Array, factors: Float64Array, steps: Float64Array, i: int, others: Int64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the square of each step, in the mean of both covariances, and its log-determinant."""
    triangles = np.linalg.cholesky((matrices[i] + matrices[others]) / 2)
    return _square(triangles, steps), _log_determinant(triangles)


def _of_factors(
    matrices: Float64Array, factors: Float64Array, steps: Float64Array, i: int, others: Int64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the same where the mean of both is, as a matrix, singular to working precision.

    Where component i has the covariance I, that of the other is A A^T, and R^T R = I + A A^T.
    """
    transposed = np.linalg.solve(factors[others], factors[i])  # A^T
    unit = np.broadcast_to(np.eye(steps.shape[1]), transposed.shape)
    roots = np.asarray(np.linalg.qr(np.concatenate([unit, transposed], axis=1), mode="r"))
    triangles = roots.swapaxes(1, 2) / np.sqrt(2)
    of_own = -2 * np.log(np.diagonal(factors[i])).sum()
    return _square(triangles, factors[i].T @ steps), _log_determinant(triangles) + of_own


def _square(triangles: Float64Array, steps: Float64Array) -> Float64Array:
    squares: Float64Array = (np.linalg.solve(triangles, steps) ** 2).sum(axis=(1, 2))
    return squares


def _log_determinant(triangles: Float64Array) -> Float64Array:
    diagonals = np.diagonal(triangles, axis1=1, axis2=2)
    logs: Float64Array = 2 * np.log(np.abs(diagonals)).sum(axis=1)
    return logs
