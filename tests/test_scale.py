"""The same data in other units, or far from the origin, are the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

import gaussmix as gx
from fits import quiet
from strategies import clusters, examples
from units import (
    Float64,
    assert_same_fit,
    each_start,
    each_structure,
    each_unit,
    in_units,
    powers_of_two,
    units_for,
)

seeds = st.integers(0, 2**32 - 1)


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
    """Nothing is rounded differently but the constants of the densities."""
    X = clusters(2, 300, 4, 3)
    factors = powers_of_two(units_for(covariance_type, units))
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    options |= {"accelerate": False, "tol": 1e-8}  # the last gains are no rounding of those
    plain = gx.fit(X, 3, random_state=0, **options)
    ours = gx.fit(X * factors, 3, random_state=0, **options)
    assert_same_fit(ours, plain, X, factors)
    assert ours.n_iter == plain.n_iter
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
