"""Data that a maximum of the likelihood does not exist for: finite mixtures, repairs reported."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import quiet
from sound import assert_sound
from strategies import clusters

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def constant_column() -> Float64:
    X = clusters(1, 200, 3, 2)
    X[:, 1] = 7.25
    return X


def zero_column() -> Float64:
    X = clusters(1, 200, 3, 2)
    X[:, 2] = 0.0
    return X


def copied_column() -> Float64:
    X = clusters(1, 200, 3, 2)
    X[:, 2] = X[:, 0] - 2 * X[:, 1]
    return X


@each_structure
@pytest.mark.parametrize("make", [constant_column, zero_column, copied_column])
@pytest.mark.parametrize("n_components", [1, 3])
def test_columns_without_variance_of_their_own(
    make: object, covariance_type: str, n_components: int
) -> None:
    X = make()  # type: ignore[operator]
    result = quiet(X, n_components, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)
    singular = covariance_type in ("full", "tied") or (
        covariance_type == "diag" and make is not copied_column
    )
    assert bool(result.repairs) == singular


@each_structure
@pytest.mark.parametrize("copies", [2, 50])
def test_duplicated_rows(covariance_type: str, copies: int) -> None:
    X = np.repeat(clusters(2, 40, 2, 2), copies, axis=0)
    result = quiet(X, 3, covariance_type=covariance_type, random_state=0, n_init=3)
    assert_sound(result, X)


@each_structure
def test_a_spike_of_equal_rows_among_others(covariance_type: str) -> None:
    X = np.concatenate([clusters(3, 100, 2, 1), np.full((100, 2), 0.3)])
    result = quiet(X, 2, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)


@each_structure
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_fewer_distinct_rows_than_components(covariance_type: str, init_params: str) -> None:
    X = np.repeat(np.array([[0.0, 1.0], [2.0, -1.0]]), 30, axis=0)
    result = quiet(X, 4, covariance_type=covariance_type, init_params=init_params, random_state=0)
    assert_sound(result, X)
    assert result.repairs
    assert result.mixture.n_components == 4


@each_structure
def test_fewer_rows_than_columns(covariance_type: str) -> None:
    X = np.random.default_rng(4).standard_normal((5, 12))
    result = quiet(X, 2, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)
    if covariance_type in ("full", "tied"):
        assert result.repairs


@each_structure
def test_as_many_components_as_rows(covariance_type: str) -> None:
    X = np.random.default_rng(5).standard_normal((6, 2))
    result = quiet(X, 6, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)
    assert result.repairs


@each_structure
@pytest.mark.parametrize("n_features", [1, 3, 40])
@pytest.mark.parametrize("value", [0.0, 1.5, -1e8])
def test_one_single_row(covariance_type: str, n_features: int, value: float) -> None:
    X = np.full((1, n_features), value)
    result = quiet(X, 1, covariance_type=covariance_type)
    assert_sound(result, X)
    assert result.repairs
    np.testing.assert_array_equal(result.mixture.means, X)


@each_structure
@pytest.mark.parametrize("n_components", [1, 2, 5])
@pytest.mark.parametrize("value", [0.0, 3.5, 1e-100, 1e100])
def test_all_rows_equal(covariance_type: str, n_components: int, value: float) -> None:
    X = np.full((20, 3), value)
    result = quiet(X, n_components, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)
    assert result.repairs


@each_structure
@pytest.mark.parametrize("magnitude", [1e-100, 1e100])
def test_extreme_units(covariance_type: str, magnitude: float) -> None:
    X = magnitude * clusters(6, 100, 3, 2)
    result = quiet(X, 2, covariance_type=covariance_type, random_state=0)
    assert_sound(result, X)
    assert not result.repairs


@each_structure
def test_one_far_outlier(covariance_type: str) -> None:
    X = clusters(7, 200, 2, 1)
    X[17] = 1e6
    result = quiet(X, 3, covariance_type=covariance_type, random_state=0, n_init=3)
    assert_sound(result, X)


@each_structure
def test_a_component_far_from_every_row(covariance_type: str) -> None:
    """Nobody belongs to it: it is reported as emptied, and the others go on."""
    X = clusters(8, 200, 2, 1)
    unit = {
        "full": np.array([np.eye(2)] * 2),
        "tied": np.eye(2),
        "diag": np.ones((2, 2)),
        "spherical": np.ones(2),
    }
    result = quiet(
        X,
        2,
        covariance_type=covariance_type,
        weights_init=[0.5, 0.5],
        means_init=[[0.0, 0.0], [1e4, 1e4]],
        covariances_init=unit[covariance_type],
    )
    assert_sound(result, X)
    assert result.repairs.emptied[0] == 0
    assert result.repairs.emptied[1] > 0
    assert result.mixture.weights[1] == 0


@each_structure
def test_determinants_below_the_smallest_double(covariance_type: str) -> None:
    """Only sums of logs survive this."""
    X = 1e-3 * np.random.default_rng(9).standard_normal((1500, 300))
    result = quiet(X, 2, covariance_type=covariance_type, random_state=0, max_iter=3)
    assert_sound(result, X)
    assert np.all(result.mixture.log_determinants < np.log(np.finfo(float).tiny))


@each_structure
def test_raise_is_the_other_policy(covariance_type: str) -> None:
    X = np.full((20, 3), 1.0)
    with pytest.raises(gx.DegenerateError):
        gx.fit(X, 2, covariance_type=covariance_type, on_degenerate="raise", random_state=0)


@each_structure
def test_raise_is_silent_where_nothing_is_degenerate(covariance_type: str) -> None:
    X = clusters(10, 300, 3, 2)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    strict, lenient = gx.fit(X, 2, on_degenerate="raise", **options), gx.fit(X, 2, **options)
    assert strict.mixture == lenient.mixture


@each_structure
def test_a_floored_mixture_keeps_the_likelihood_of_its_fit(
    covariance_type: str, tmp_path: Path
) -> None:
    # The smallest eigenvalue is 1e-8 of the largest: the covariance matrix alone would hold the
    # log-density to 1e-8 only.
    X = np.random.default_rng(4).standard_normal((5, 12))
    fitted = quiet(X, 2, covariance_type=covariance_type, random_state=0)
    there = fitted.mixture.log_density(X).sum()
    assert fitted.log_likelihood == pytest.approx(there, rel=1e-12)
    fitted.mixture.save(tmp_path / "model.npz")
    assert gx.load(tmp_path / "model.npz").log_density(X).sum() == there


@each_structure
@pytest.mark.parametrize("reg_covar", [0.0, 1e-6])
@pytest.mark.parametrize("scale", [1.0, 1e4, 1e5, 1e7])
def test_a_ridge_too_small_for_the_data(
    covariance_type: str, reg_covar: float, scale: float, tmp_path: Path
) -> None:
    """Components of two rows in three dimensions: singular to working precision but for the ridge.

    The covariance matrices hardly determine the densities then, and the factors of the fit do.
    """
    for seed in range(10):
        X = scale * np.random.default_rng(seed).standard_normal((20, 3))
        options: dict[str, Any] = {"covariance_type": covariance_type, "reg_covar": reg_covar}
        result = quiet(X, 8, random_state=seed, max_iter=200, **options)
        mixture = result.mixture
        density = mixture.log_density(X)
        assert result.log_likelihood == pytest.approx(density.sum(), abs=1e-12 * sum(abs(density)))
        np.testing.assert_allclose(mixture.responsibilities(X).sum(axis=1), 1, rtol=1e-13)
        assert np.all((mixture.reciprocal_conditions >= 0) & (mixture.reciprocal_conditions <= 1))
        assert pickle.loads(pickle.dumps(mixture)) == mixture
        mixture.save(tmp_path / "model.npz")
        assert gx.load(tmp_path / "model.npz") == mixture


def test_a_round_component_has_the_unit_of_a_column_that_varies() -> None:
    """The floor is relative to the scale that the result tells, of no constant column far out."""
    X = np.concatenate([clusters(11, 100, 2, 1), np.full((50, 2), 30.0)])
    X = np.column_stack([X, np.full(150, 1e12)])
    result = quiet(X, 2, covariance_type="spherical", random_state=0)
    assert result.repairs
    widest = X[:, :2].std(axis=0).max()
    np.testing.assert_allclose(result.column_scale.max(), widest, rtol=1e-12)
    assert result.mixture.covariances.min() == pytest.approx(1e-8 * widest**2, rel=1e-9)


def test_a_constant_column_makes_no_round_component_spurious() -> None:
    """Five rows suffice for one variance, if that is not small beside the columns that vary."""
    X = np.concatenate([clusters(12, 300, 2, 1), clusters(13, 5, 2, 1) + 60.0])
    with_constant = np.column_stack([X, np.full(305, 1e13)])
    for rows in (X, with_constant):
        result = quiet(rows, 2, covariance_type="spherical", random_state=0)
        assert result.mixture.weights.min() == pytest.approx(5 / 305, rel=1e-6)
        assert not any("spurious" in reason for reason in result.reasons)
