"""Components that are all but flat: what EM finds must not depend on the coordinates.

A shear by a power of two of data on a coarse grid is exact in float64 and has determinant one, so
that the sheared fit has the same optimum, labels and likelihood; its covariances are
ill-conditioned by the square of the shear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from strategies import clusters

Float64 = NDArray[np.float64]

each_matrix = pytest.mark.parametrize("covariance_type", ["full", "tied"])


def on_a_grid(seed: int, n_rows: int, n_features: int, separation: float = 3.0) -> Float64:
    X = clusters(seed, n_rows, n_features, 3, separation)
    return np.asarray(np.round(X * 2.0**16) / 2.0**16)


def sheared(X: Float64, exponent: int) -> Float64:
    """Each column but the last with 2^exponent times the next one added."""
    Y = X.copy()
    Y[:, :-1] += 2.0**exponent * X[:, 1:]
    np.testing.assert_array_equal(Y[:, -1], X[:, -1])
    np.testing.assert_array_equal(Y[:, :-1] - 2.0**exponent * X[:, 1:], X[:, :-1])  # exact
    return Y


def shares(X: Float64) -> Float64:
    """The same rough assignment for any coordinates."""
    distance = ((X[:, None, :] - X[None, :3, :]) ** 2).sum(axis=2)
    return np.asarray(np.eye(3)[distance.argmin(axis=1)] * 0.8 + 0.2 / 3)


@each_matrix
@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize(("exponent", "reg_covar"), [(10, None), (15, 0.0), (20, 0.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_shear_changes_nothing(
    covariance_type: str, accelerate: bool, exponent: int, reg_covar: float | None, seed: int
) -> None:
    X = on_a_grid(seed, 500, 2, 5.0)
    options: dict[str, Any] = {
        "covariance_type": covariance_type,
        "responsibilities_init": shares(X),
        "accelerate": accelerate,
        "tol": 1e-12,
        "max_iter": 5000,
    }
    plain = gx.fit(X, 3, **options)
    flat = gx.fit(sheared(X, exponent), 3, reg_covar=reg_covar, **options)
    assert flat.converged
    assert plain.converged
    assert not flat.events
    assert flat.log_likelihood / 500 == pytest.approx(plain.log_likelihood / 500, rel=0, abs=1e-9)
    np.testing.assert_array_equal(
        flat.mixture.assign(sheared(X, exponent)), plain.mixture.assign(X)
    )
    np.testing.assert_allclose(
        flat.mixture.log_determinants, plain.mixture.log_determinants, rtol=0, atol=1e-4
    )


@each_matrix
@pytest.mark.parametrize(("n_features", "exponent"), [(3, 10), (5, 5)])
def test_the_trace_of_a_flat_mixture_does_not_fall(
    covariance_type: str, n_features: int, exponent: int
) -> None:
    """Several thin directions, and components that overlap: many small steps."""
    X = on_a_grid(7, 2000, n_features, 1.0)
    options: dict[str, Any] = {"covariance_type": covariance_type, "accelerate": False}
    result = quiet(
        sheared(X, exponent),
        3,
        reg_covar=0.0,
        responsibilities_init=shares(X),
        max_iter=500,
        **options,
    )
    assert not result.events
    assert np.max(np.linalg.cond(result.mixture.covariances)) > 1e7
    falls = -np.diff(result.trace)
    assert np.max(falls) <= 1e-11 * np.abs(result.trace[-1])
