"""Data that do not determine a mixture, in any units: a finite one, or a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import quiet
from sound import assert_sound
from strategies import clusters, random_covariance
from units import (
    Float64,
    assert_same_fit,
    each_start,
    each_structure,
    each_unit,
    powers_of_two,
    units_for,
)


def constant_column(seed: int) -> Float64:
    X = clusters(seed, 120, 4, 2)
    X[:, 1] = 7.25
    return X


def zero_column(seed: int) -> Float64:
    X = clusters(seed, 120, 4, 2)
    X[:, 3] = 0
    return X


def duplicated_column(seed: int) -> Float64:
    X = clusters(seed, 120, 4, 2)
    X[:, 2] = X[:, 0]
    return X


def collinear_columns(seed: int) -> Float64:
    X = clusters(seed, 120, 4, 2)
    X[:, 0] = X[:, 1] + 2 * X[:, 2] - X[:, 3]
    return X


def fewer_rows_than_columns(seed: int) -> Float64:
    return np.asarray(np.random.default_rng(seed).standard_normal((3, 4)))


def equal_rows(seed: int) -> Float64:
    return np.tile(np.random.default_rng(seed).standard_normal(4), (30, 1))


def half_duplicates(seed: int) -> Float64:
    X = clusters(seed, 160, 4, 2)
    X[::2] = X[0]
    return X


def every_row_twice(seed: int) -> Float64:
    return np.repeat(clusters(seed, 80, 4, 2), 2, axis=0)


def one_row_far_out(seed: int) -> Float64:
    X = clusters(seed, 150, 4, 2)
    X[17] = 1e6 * X.std(axis=0)
    return X


DEGENERATE = [
    constant_column,
    zero_column,
    duplicated_column,
    collinear_columns,
    fewer_rows_than_columns,
    equal_rows,
    half_duplicates,
    every_row_twice,
    one_row_far_out,
]
each_degenerate = pytest.mark.parametrize("make", DEGENERATE, ids=lambda make: make.__name__)


@each_structure
@each_start
@each_degenerate
def test_degenerate_data_give_a_finite_mixture(
    covariance_type: str, init_params: str, make: Any
) -> None:
    X = make(8)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    for n_components in (1, 3):
        result = quiet(X, n_components, random_state=0, n_init=2, max_iter=200, **options)
        assert_sound(result, X)


@each_structure
@each_degenerate
@each_unit
def test_degenerate_data_in_other_units(covariance_type: str, make: Any, units: Any) -> None:
    """The floor is relative to each column's own scale, so its repairs are the same ones."""
    X, factors = make(9), powers_of_two(units_for(covariance_type, units))
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    plain = quiet(X, 2, max_iter=100, **options)
    ours = quiet(X * factors, 2, max_iter=100, **options)
    assert_sound(ours, X * factors)
    if make is zero_column and covariance_type != "spherical":
        factors[3] = 1  # zero has no unit
    assert_same_fit(ours, plain, X, factors)
    assert ours.repairs == plain.repairs


@each_structure
@pytest.mark.parametrize("log10_condition", [2, 4, 6, 8, 10, 12, 14])
@pytest.mark.parametrize("reg_covar", [None, 0.0])
def test_ill_conditioned_data_give_a_finite_mixture(
    covariance_type: str, log10_condition: int, reg_covar: float | None
) -> None:
    rng = np.random.default_rng(log10_condition)
    rotation, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    spread = 10 ** (-0.5 * log10_condition * np.arange(4) / 3)
    X = clusters(10, 400, 4, 2) * spread @ rotation.T
    result = quiet(X, 2, covariance_type=covariance_type, reg_covar=reg_covar, random_state=0)
    assert_sound(result, X)


@each_structure
@pytest.mark.parametrize("log10_condition", [8, 12, 14])
def test_densities_of_ill_conditioned_covariances(
    covariance_type: str, log10_condition: int
) -> None:
    """Given covariances, up to where a double can tell them from singular ones."""
    rng = np.random.default_rng(log10_condition)
    covariance = random_covariance(rng, 3, log10_condition)
    by_structure: dict[str, Any] = {
        "full": [covariance, np.eye(3)],
        "tied": covariance,
        "diag": [np.diag(covariance), [1.0, 1e-7, 1e7]],
        "spherical": [10.0**-log10_condition, 10.0**log10_condition],
    }
    means = rng.standard_normal((2, 3))
    mixture = gx.Mixture([0.4, 0.6], means, by_structure[covariance_type], covariance_type)
    X = np.concatenate([rng.standard_normal((100, 3)), mixture.sample(100, random_state=0)[0]])
    statistics = gx.e_step(X, mixture)
    assert np.all(np.isfinite(statistics.scatter))
    assert np.all(np.isfinite(mixture.log_density(X)))
    np.testing.assert_allclose(mixture.responsibilities(X).sum(axis=1), 1, rtol=1e-13)


@each_structure
@each_start
def test_determinants_far_below_the_smallest_double(covariance_type: str, init_params: str) -> None:
    """500 columns with a standard deviation of 1e-3."""
    X = 1e-3 * np.random.default_rng(11).standard_normal((700, 500))
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    result = quiet(X, 2, random_state=0, max_iter=2, **options)
    assert np.all(np.isfinite(result.mixture.precisions_cholesky))
    assert np.isfinite(result.log_likelihood)
    assert np.all(result.mixture.log_determinants < np.log(np.finfo(float).tiny))
    np.testing.assert_allclose(result.mixture.responsibilities(X).sum(axis=1), 1, rtol=1e-13)


# ---- beyond ----------------------------------------------------------------------------------


@each_structure
@pytest.mark.parametrize("unit", [1e-300, 1e-170, 1e150, 1e170, 1e300])
def test_what_leaves_the_range_of_float64_is_refused(covariance_type: str, unit: float) -> None:
    X = clusters(12, 60, 3, 2)
    X[:, 1] *= unit
    with pytest.raises(gx.GaussmixError, match=r"column 1 of X .*float64; rescale it"):
        gx.fit(X, 2, covariance_type=covariance_type, random_state=0)
    results = gx.fit_many([X, X[:, :1]], 2, on_error="keep", random_state=0)
    assert "rescale it" in str(results.errors[0])
    assert results.ok.tolist() == [False, True]


def beyond_in_factors() -> dict[str, Any]:
    rng = np.random.default_rng(18)
    X = rng.normal(1, 0.01, size=(26, 7)) * 10.0 ** rng.uniform(-100, 100, 7)
    factor = {"covariance_type": "factor", "n_factors": 1, "reg_covar": 1e-6}
    return {"X": X, "n_components": 6, **factor}


def beyond_in_weights() -> dict[str, Any]:
    rng = np.random.default_rng(16)
    X = rng.normal(size=(20, 3))
    weight = 10.0 ** rng.uniform(-290, 270, 20)
    restart = {"reg_covar": 0.0, "on_degenerate": "restart", "max_iter": 20}
    return {"X": X, "n_components": 2, "sample_weight": weight, **restart}


def test_a_fit_that_leaves_the_range_of_float64_says_what_to_do() -> None:
    """Which ones do is a matter of rounding, of factors above all."""
    said = []
    for arguments in (beyond_in_factors(), beyond_in_weights()):
        for seed in range(20):
            try:
                assert np.isfinite(quiet(**arguments, random_state=seed).log_likelihood)
            except gx.GaussmixError as error:
                said.append(str(error))
    assert any("float64 cannot hold" in message for message in said)
    assert not any("nan" in message or "statistics" in message for message in said)


def test_an_outcome_that_its_mixture_cannot_hold_is_not_laid_to_arguments() -> None:
    outcome = {
        "weights": np.ones(1),
        "means": np.zeros((1, 2)),
        "covariances": np.array([1e-290 * np.eye(2)]),
        "precisions_cholesky": np.array([[[1e145, 0.0], [1e145, 1e145]]]),
    }
    with pytest.raises(gx.GaussmixError, match=r"float64 cannot hold.*common scale") as caught:
        gx.Mixture._of_engine(outcome, gx.CovarianceType.FULL, None)
    assert "precisions_cholesky" not in str(caught.value)
