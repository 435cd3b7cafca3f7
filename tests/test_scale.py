"""The same data in other units, or far from the origin, are the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import quiet
from sound import assert_sound
from strategies import clusters, examples, random_covariance

Float64 = NDArray[np.float64]

INIT_PARAMS = ("kmeans", "k-means++", "random_from_data", "random", "hierarchical")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_start = pytest.mark.parametrize("init_params", INIT_PARAMS)
seeds = st.integers(0, 2**32 - 1)

# Of four columns; spherical models know the first one alone.
UNITS = [
    [1e-100, 1e100, 1e-3, 3e40],
    [1e100, 1e100, 1e-100, 1e-100],
    [7e-100, 1.0, 1e-50, 2.5],
    [9e99, 1.0, 1e30, 1e-30],
]
each_unit = pytest.mark.parametrize("units", UNITS, ids=lambda units: "_".join(map(str, units)))


def units_for(covariance_type: str, units: Any) -> Float64:
    """One for each column; a spherical model is invariant to a common one only."""
    values = np.asarray(units, dtype=float)
    return np.full_like(values, values[0]) if covariance_type == "spherical" else values


def powers_of_two(units: Float64) -> Float64:
    return np.asarray(2.0 ** np.round(np.log2(units)))


def in_units(mixture: gx.Mixture, units: Float64) -> gx.Mixture:
    """The mixture of the same variables in other units."""
    kind = mixture.covariance_type.value
    by_structure = {
        "full": units[:, None] * units,
        "tied": units[:, None] * units,
        "diag": units**2,
        "spherical": units[0] ** 2,
    }
    return gx.Mixture(
        mixture.weights, units * mixture.means, by_structure[kind] * mixture.covariances, kind
    )


def repaired(result: gx.FitResult) -> NDArray[np.bool_]:
    """Which components were: how often depends on the way."""
    return np.array([result.repairs.floored, result.repairs.emptied]) > 0


def assert_same_fit(ours: gx.FitResult, plain: gx.FitResult, X: Float64, units: Float64) -> None:
    """The same labels, and per row a log-likelihood shifted by the Jacobian, to 1e-9."""
    jacobian = float(np.sum(np.log(units)))
    per_row = ours.log_likelihood / ours.total_weight + jacobian
    assert per_row == pytest.approx(plain.log_likelihood / plain.total_weight, rel=0, abs=1e-9)
    np.testing.assert_array_equal(ours.mixture.assign(X * units), plain.mixture.assign(X))
    assert np.array_equal(repaired(ours), repaired(plain))


# ---- fits ------------------------------------------------------------------------------------


@each_structure
@each_start
@each_unit
def test_units_of_the_columns_do_not_matter(
    covariance_type: str, init_params: str, units: Any
) -> None:
    X, factors = clusters(1, 300, 4, 3), units_for(covariance_type, units)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    plain = gx.fit(X, 3, random_state=0, **options)
    assert_same_fit(gx.fit(X * factors, 3, random_state=0, **options), plain, X, factors)


# Not from random shares: all components then begin at one point, a saddle, which EM leaves by gains
# that may be below the rounding of the log-likelihood; and that depends on the units.
@each_structure
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random_from_data"])
@for_all(
    seed=seeds,
    n_features=st.integers(1, 6),
    n_components=st.integers(1, 4),
    separation=st.sampled_from([1.0, 3.0]),
)
@settings(max_examples=examples(0.1))
def test_units_drawn_at_random_do_not_matter(
    covariance_type: str,
    init_params: str,
    seed: int,
    n_features: int,
    n_components: int,
    separation: float,
) -> None:
    X = clusters(seed, 60 * n_components + 40, n_features, n_components, separation)
    drawn = 10.0 ** np.random.default_rng(seed).uniform(-100, 100, size=n_features)
    options: dict[str, Any] = {
        "covariance_type": covariance_type,
        "init_params": init_params,
        "max_iter": 10_000,
    }
    plain = quiet(X, n_components, random_state=seed, **options)
    for units in (drawn, powers_of_two(drawn)):
        factors = units_for(covariance_type, units)
        ours = quiet(X * factors, n_components, random_state=seed, **options)
        assert_same_fit(ours, plain, X, factors)


def questionnaire(seed: int) -> Float64:
    """Answers from 1 to 5: many rows are half way between centres, many merges cost the same."""
    return np.random.default_rng(seed).integers(1, 6, size=(300, 3)).astype(float)


@each_structure
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random_from_data", "hierarchical"])
@pytest.mark.parametrize("seed", range(5))
def test_ties_are_broken_alike_in_any_units(
    covariance_type: str, init_params: str, seed: int
) -> None:
    """And at an offset, and with the rows in another order."""
    X, rng = questionnaire(seed), np.random.default_rng(seed)
    drawn = units_for(covariance_type, 10.0 ** rng.uniform(-100, 100, size=3))
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    options |= {"random_state": seed, "max_iter": 3}
    plain = quiet(X, 4, **options)
    for units in (drawn, np.full(3, 0.1)):
        assert_same_fit(quiet(X * units, 4, **options), plain, X, units)
    for other in (X + 1e5, X[rng.permutation(len(X))]):
        again = quiet(other, 4, **options)
        assert again.log_likelihood == pytest.approx(plain.log_likelihood, rel=0, abs=1e-7)


@each_structure
@each_start
@each_unit
def test_powers_of_two_change_nothing_but_exponents(
    covariance_type: str, init_params: str, units: Any
) -> None:
    """Nothing is rounded differently but the constants of the densities.

    By the last cycle the likelihood gains so little that these may tell whether there is one more.
    """
    X = clusters(2, 300, 4, 3)
    factors = powers_of_two(units_for(covariance_type, units))
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    plain = gx.fit(X, 3, random_state=0, **options)
    ours = gx.fit(X * factors, 3, random_state=0, **options)
    assert_same_fit(ours, plain, X, factors)
    assert abs(ours.n_iter - plain.n_iter) <= 2
    assert ours.repairs == plain.repairs
    expected = in_units(plain.mixture, factors)
    np.testing.assert_allclose(ours.mixture.weights, expected.weights, rtol=1e-8)
    shift = np.abs(ours.mixture.means - expected.means) / factors
    assert np.max(shift) <= 1e-8
    np.testing.assert_array_equal(ours.column_scale, factors * plain.column_scale)


# Extrapolations multiply the rounding of the data: after a hundred passes 1e-16 may have become
# 1e-6 nats per row. So long accelerated fits take other ways in other units, to the same maximum.
each_run = pytest.mark.parametrize(
    "run", [{"accelerate": value, "max_iter": 10_000} for value in ("auto", False, True)]
)


@each_structure
@each_run
@pytest.mark.parametrize("seed", range(10))
def test_accelerated_fits_in_other_units_end_at_the_same_maximum(
    covariance_type: str, run: dict[str, Any], seed: int
) -> None:
    X, drawn = clusters(seed, 200, 2, 2), np.random.default_rng(seed).uniform(-100, 100, size=2)
    factors = units_for(covariance_type, 10.0**drawn)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": seed, **run}
    plain = quiet(X, 2, **options)
    assert_same_fit(quiet(X * factors, 2, **options), plain, X, factors)


@each_structure
@each_start
@each_run
@pytest.mark.parametrize("seed", range(5))
def test_an_offset_does_not_matter(
    covariance_type: str, init_params: str, run: dict[str, Any], seed: int
) -> None:
    """Compared with the data as they are rounded out there."""
    far = clusters(seed, 400, 3, 3) + 1e8
    near = far - 1e8
    options: dict[str, Any] = {
        "covariance_type": covariance_type,
        "init_params": init_params,
        **run,
    }
    here, there = (gx.fit(X, 3, random_state=seed, **options) for X in (near, far))
    assert there.log_likelihood / 400 == pytest.approx(here.log_likelihood / 400, rel=0, abs=1e-9)
    np.testing.assert_array_equal(there.mixture.assign(far), here.mixture.assign(near))


@each_structure
def test_a_row_of_next_to_no_weight_does_not_hide_the_offset(covariance_type: str) -> None:
    """To what the rounding of the returned means costs out there: (1e-5 sd)^2 of each."""
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    for seed in range(4, 8):
        far = clusters(seed, 400, 3, 3) + 1e11
        near, weights = far - 1e11, np.ones(400)
        far[0], near[0], weights[0] = 0.0, -1e11, 1e-100
        options |= {"sample_weight": weights, "accelerate": False}
        here, there = (gx.fit(X, 3, **options) for X in (near, far))
        difference = (there.log_likelihood - here.log_likelihood) / 399
        assert difference == pytest.approx(0, abs=1e-8)


@each_structure
@each_unit
def test_an_offset_in_other_units_does_not_matter(covariance_type: str, units: Any) -> None:
    factors = powers_of_two(units_for(covariance_type, units))
    far = clusters(3, 400, 4, 3) + 1e8
    near = far - 1e8
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    here, there = gx.fit(near, 3, **options), gx.fit(far * factors, 3, **options)
    per_row = there.log_likelihood / 400 + float(np.sum(np.log(factors)))
    assert per_row == pytest.approx(here.log_likelihood / 400, rel=0, abs=1e-9)
    np.testing.assert_array_equal(there.mixture.assign(far * factors), here.mixture.assign(near))


# ---- what a fitted mixture is used for -------------------------------------------------------


@each_structure
@each_unit
def test_densities_and_scores_in_other_units(covariance_type: str, units: Any) -> None:
    X, factors = clusters(4, 300, 4, 3), units_for(covariance_type, units)
    plain = gx.fit(X, 3, covariance_type=covariance_type, random_state=0).mixture
    ours, jacobian = in_units(plain, factors), float(np.sum(np.log(factors)))
    density = ours.log_density(X * factors) + jacobian
    np.testing.assert_allclose(density, plain.log_density(X), rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        ours.responsibilities(X * factors), plain.responsibilities(X), rtol=0, atol=1e-11
    )
    np.testing.assert_array_equal(ours.assign(X * factors), plain.assign(X))
    component = ours.component_log_density(X * factors) + jacobian
    np.testing.assert_allclose(component, plain.component_log_density(X), rtol=1e-12, atol=1e-11)


@each_structure
@each_unit
def test_an_estimator_in_other_units(covariance_type: str, units: Any) -> None:
    X, factors = clusters(5, 200, 4, 2), units_for(covariance_type, units)
    ours = gx.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X * factors)
    plain = gx.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    jacobian = float(np.sum(np.log(factors)))
    assert ours.score(X * factors) + jacobian == pytest.approx(plain.score(X), rel=0, abs=1e-9)
    assert ours.bic(X * factors) == pytest.approx(plain.bic(X) + 400 * jacobian, rel=1e-11)
    np.testing.assert_array_equal(ours.predict(X * factors), plain.predict(X))
    drawn, _ = ours.sample(50)
    assert np.all(np.isfinite(drawn))
    np.testing.assert_allclose(
        drawn / factors, plain.sample(50)[0], rtol=1e-5, atol=1e-5 * np.abs(X).max()
    )


@each_structure
@each_unit
def test_the_two_steps_in_other_units(covariance_type: str, units: Any) -> None:
    X, factors = clusters(6, 300, 4, 3), units_for(covariance_type, units)
    plain = quiet(X, 3, covariance_type=covariance_type, random_state=0, max_iter=2).mixture
    ours = in_units(plain, factors)
    statistics, expected = gx.e_step(X * factors, ours), gx.e_step(X, plain)
    np.testing.assert_allclose(statistics.weight, expected.weight, rtol=1e-11)
    jacobian = float(np.sum(np.log(factors)))
    shifted = statistics.log_likelihood + 300 * jacobian
    assert shifted == pytest.approx(expected.log_likelihood, rel=0, abs=1e-9)
    halves = gx.e_step(X[:99] * factors, ours) + gx.e_step(X[99:] * factors, ours)
    after = gx.m_step(expected, covariance_type=covariance_type)
    for one in (statistics, halves):
        mixture = gx.m_step(one, covariance_type=covariance_type)
        np.testing.assert_allclose(mixture.weights, after.weights, rtol=1e-11)
        np.testing.assert_allclose(mixture.means / factors, after.means, rtol=1e-9, atol=1e-11)
        volumes = mixture.log_determinants - 2 * jacobian
        np.testing.assert_allclose(volumes, after.log_determinants, rtol=0, atol=1e-9)


@each_structure
@each_unit
def test_a_model_file_in_other_units(covariance_type: str, units: Any, tmp_path: Path) -> None:
    X, factors = clusters(7, 200, 4, 2), units_for(covariance_type, units)
    mixture = gx.fit(X * factors, 2, covariance_type=covariance_type, random_state=0).mixture
    mixture.save(tmp_path / "model.npz")
    loaded = gx.load(tmp_path / "model.npz")
    assert loaded == mixture
    np.testing.assert_array_equal(loaded.log_density(X * factors), mixture.log_density(X * factors))
    given: dict[str, Any] = {"weights_init": mixture.weights, "means_init": mixture.means}
    for name in ("covariances", "precisions"):
        start = {f"{name}_init": getattr(mixture, name)}
        again = gx.fit(X * factors, 2, covariance_type=covariance_type, **given, **start)
        assert again.n_iter <= 10


# ---- data that do not determine a mixture ----------------------------------------------------


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
