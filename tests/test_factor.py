"""Factors of covariances against the rounding bounds of Cholesky's method, at extra precision."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx

Extended = NDArray[np.longdouble]
EPSILON = np.finfo(np.float64).eps


def covariance_of(n_features: int, condition: float) -> NDArray[np.float64]:
    """Random orientation, eigenvalues from 1 / condition to 1, columns in very different units."""
    rng = np.random.default_rng(n_features)
    basis, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
    eigenvalues = np.geomspace(1 / condition, 1, n_features)
    units = 10.0 ** rng.uniform(-6, 6, n_features)
    matrix = (basis * eigenvalues) @ basis.T * units * units[:, None]
    return np.asarray((matrix + matrix.T) / 2)


def cholesky(matrix: NDArray[np.float64]) -> Extended:
    left = matrix.astype(np.longdouble)
    lower = np.zeros_like(left)
    for j in range(len(left)):
        lower[j:, j] = left[j:, j] / np.sqrt(left[j, j])
        left -= np.outer(lower[:, j], lower[:, j])
    return lower


# Either side of where the rows of the inverse are taken together, and of where pivoting sets in.
@pytest.mark.parametrize("n_features", [1, 2, 3, 47, 48, 49, 96, 97, 130])
@pytest.mark.parametrize("condition", [1e1, 1e6, 1e9, 1e12])
def test_inverse_factor_is_as_exact_as_rounding_allows(n_features: int, condition: float) -> None:
    """Higham, Accuracy and Stability of Numerical Algorithms (2002), theorems 10.3 and 8.5."""
    matrix = covariance_of(n_features, condition)
    mixture = gx.Mixture([1.0], np.zeros((1, n_features)), [matrix])
    lower = cholesky(matrix)
    inverse = mixture.precisions_cholesky[0].T.astype(np.longdouble)
    assert np.array_equal(inverse, np.tril(inverse))
    assert (np.diagonal(inverse) > 0).all()

    # M C M^T = I, where C is known to rounding and M inverts its factor row by row.
    product = inverse @ matrix.astype(np.longdouble) @ inverse.T
    reach = np.abs(inverse) @ np.abs(lower)
    bound = 4 * (n_features + 4) * EPSILON * (reach @ reach.T + reach + reach.T)
    assert (np.abs(product - np.eye(n_features)) <= bound).all()

    exact = 2 * np.log(np.diagonal(lower)).sum()
    allowed = np.diagonal(bound).sum() + EPSILON * np.abs(np.log(np.diagonal(lower))).sum() * 4
    assert abs(mixture.log_determinants[0] - exact) <= allowed


@pytest.mark.parametrize("n_features", [2, 50, 100])
def test_a_matrix_with_a_negative_eigenvalue_is_refused(n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    basis, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
    eigenvalues = np.r_[-1e-6, np.ones(n_features - 1)]
    matrix = (basis * eigenvalues) @ basis.T
    with pytest.raises(gx.GaussmixError, match="not positive definite"):
        gx.Mixture([1.0], np.zeros((1, n_features)), [(matrix + matrix.T) / 2])
