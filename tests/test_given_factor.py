"""A factor of the precisions that is given to a mixture beside its covariances."""

from __future__ import annotations

import numpy as np
import pytest

import gaussmix as gx
import reference as ref


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_a_given_factor_is_kept_to_the_bit(covariance_type: str) -> None:
    derived = gx.fit(
        np.random.default_rng(0).normal(size=(50, 2)),
        2,
        covariance_type=covariance_type,
        random_state=0,
    ).mixture
    factor = derived.precisions_cholesky * (1 + 1e-9)
    given = gx.Mixture(
        derived.weights,
        derived.means,
        derived.covariances,
        covariance_type,
        precisions_cholesky=factor,
    )
    np.testing.assert_array_equal(given.precisions_cholesky, factor)
    assert given != derived
    np.testing.assert_allclose(given.log_determinants, derived.log_determinants, atol=1e-8)


@pytest.mark.parametrize(
    "wrong",
    [
        [[[2.0, 0.0], [0.0, 1.0]]],  # of another covariance
        [[[-1.0, 0.0], [0.0, 1.0]]],  # negative diagonal
        [[[0.0, 1.0], [1.0, 0.0]]],  # a square root of the inverse, but not triangular
    ],
)
def test_a_factor_of_something_else_is_refused(wrong: list[list[list[float]]]) -> None:
    with pytest.raises(gx.GaussmixError, match="do not belong to the covariances"):
        gx.Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], precisions_cholesky=wrong)


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_a_factor_of_a_covariance_near_by_is_refused(covariance_type: str) -> None:
    """A hundredth off; rounding of a well-conditioned matrix is far below a thousandth."""
    X = np.random.default_rng(0).normal(size=(50, 2))
    good = gx.fit(X, 2, covariance_type=covariance_type, random_state=0).mixture
    given = good.weights, good.means, good.covariances, covariance_type
    for factor in (1.01, 0.99):
        with pytest.raises(gx.GaussmixError, match="do not belong to the covariances"):
            gx.Mixture(*given, precisions_cholesky=factor * good.precisions_cholesky)


@pytest.mark.parametrize("covariance", [[[1.0, 2.0], [2.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]])
def test_no_factor_belongs_to_what_is_no_covariance(covariance: list[list[float]]) -> None:
    for scale in (1.0, 1e9):
        with pytest.raises(gx.GaussmixError, match="do not belong to the covariances"):
            gx.Mixture([1.0], [[0.0, 0.0]], [covariance], precisions_cholesky=[scale * np.eye(2)])


@pytest.mark.parametrize("covariance_type", ["EEI", "VEI", "VEE", "EVE", "EEV", "EVV"])
def test_a_factor_does_not_excuse_matrices_of_another_structure(covariance_type: str) -> None:
    """They are neither diagonal, nor alike in determinant, in shape or in orientation."""
    matrices = np.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 3.0]]])
    of_any = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], matrices)
    given = of_any.weights, of_any.means, matrices, covariance_type
    for factor in (None, of_any.precisions_cholesky):
        with pytest.raises(
            gx.GaussmixError, match=f"must be of covariance_type='{covariance_type}"
        ):
            gx.Mixture(*given, precisions_cholesky=factor)


def test_rounding_next_to_a_singularity_is_no_other_structure() -> None:
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rows = np.concatenate([rng.normal(size=(60, 3)), rng.normal(size=(60, 3)) + 5])
    thin = rows * [1, 1e-3, 1e-6] @ turn
    fitted = gx.fit(thin, 2, covariance_type="VEV", reg_covar=0.0, random_state=0).mixture
    given = fitted.weights, fitted.means, fitted.covariances, "VEV"
    assert gx.Mixture(*given, precisions_cholesky=fitted.precisions_cholesky) == fitted


def test_a_factor_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(gx.GaussmixError, match=r"precisions_cholesky must have shape \(1, 2, 2\)"):
        gx.Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], precisions_cholesky=np.eye(2))
