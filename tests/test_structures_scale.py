"""Columns of very different spread, and noise wider than them, under every covariance structure."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import quiet
from gaussmix._agreement import adjusted_rand_index
from strategies import clusters
from structures import CODES, COMPARING, NEW, matrices, random_scatter, statistics

FLOOR = 1e-8
each_comparing = pytest.mark.parametrize("code", COMPARING)


@pytest.mark.parametrize("code", [*COMPARING, "VEE", "EVV"])
def test_one_component_takes_its_scatter_in_any_units(code: str) -> None:
    """Whatever is equal between components, one has its own: to the rounding of each entry."""
    units = np.array([1e-3, 1e3, 1.0, 2e-4])
    scatter = random_scatter(np.random.default_rng(1), 1, 4, 0.2)[0] * np.outer(units, units)
    stats = statistics(code, np.array([60.0]), np.zeros((1, 4)), scatter[None])
    found = matrices(gx.m_step(stats, covariance_type=code))[0]
    deviations = np.sqrt(np.diag(scatter / 60))
    error = (found - scatter / 60) / np.outer(deviations, deviations)
    np.testing.assert_allclose(error, 0, atol=1e-13)


@pytest.mark.parametrize("code", [*COMPARING, "VEE", "EVV"])
@pytest.mark.parametrize("unit", [1e-100, 1e-85, 1e100])
def test_what_was_fitted_in_any_units_can_be_read_back(code: str, unit: float) -> None:
    """Whether covariances are of their structure is asked in units whose squares are numbers."""
    mixture = quiet(clusters(3, 100, 3, 3) * unit, 3, covariance_type=code, random_state=0).mixture
    assert pickle.loads(pickle.dumps(mixture)) == mixture


@pytest.mark.parametrize("code", ["VEE", "EEV"])
@pytest.mark.parametrize("unit", [1e-100, 1.0, 1e80])
def test_covariances_of_no_such_structure_are_refused_in_any_units(code: str, unit: float) -> None:
    covariances = np.array([np.eye(2), np.diag([1.0, 3.0])]) * unit**2
    with pytest.raises(gx.GaussmixError, match="must be of covariance_type"):
        gx.Mixture([0.5, 0.5], [[0.0, 0.0], [unit, unit]], covariances, code)


@each_comparing
def test_clusters_are_found_in_unlike_units(code: str) -> None:
    X = clusters(2, 400, 3, 3, 8.0) * [1e-3, 1.0, 1e3]
    result = quiet(X, 3, covariance_type=code, random_state=0)
    assert not result.repairs
    trace = np.append(result.trace, result.log_likelihood)
    assert np.all(np.diff(trace) >= -1e-12 * np.abs(trace[1:]))
    again = quiet(X, 3, covariance_type="full", random_state=0)
    labels = (result.mixture.assign(X), again.mixture.assign(X))
    assert adjusted_rand_index(*labels) > 0.99


@each_comparing
@pytest.mark.parametrize("accelerate", [False, True])
def test_what_is_singular_across_wide_columns_is_repaired_or_refused(
    code: str, accelerate: bool
) -> None:
    """As the rounding of the wide ones is less or more than the floor of the narrowest."""
    X = clusters(3, 90, 5, 2)
    X[:, 3] = X[:, 1] + X[:, 2]
    refused = []
    for wide in 10.0 ** np.arange(0, 9):
        units = [1.0, wide, wide, wide, 1.0]
        try:
            result = quiet(
                X * units, 2, covariance_type=code, random_state=0, accelerate=accelerate
            )
        except gx.DegenerateError as error:
            refused.append((wide, str(error)))
            continue
        assert result.repairs
        assert result.converged
        trace = np.append(result.trace, result.log_likelihood)
        assert np.all(np.diff(trace) >= -1e-2 * len(X))
    assert [wide for wide, _ in refused] == list(10.0 ** np.arange(9 - len(refused), 9))
    assert 4 <= len(refused) <= 7
    assert all(f"covariance_type='{code}'" in told for _, told in refused)
    assert all("standardise" in told for _, told in refused)


@each_comparing
def test_wine_as_it_comes_is_fitted(code: str) -> None:
    """Columns from 0.12 to 315 wide, and components of fewer rows than columns."""
    X = pytest.importorskip("sklearn.datasets").load_wine().data
    for K in (3, 9, 16):
        result = quiet(X, K, covariance_type=code, random_state=0, max_iter=60)
        assert result.converged or K > 3
        trace = np.append(result.trace, result.log_likelihood)
        assert np.all(np.diff(trace) >= -1e-9 * np.abs(trace[1:]))


@each_comparing
def test_a_collapse_in_a_narrow_column_is_repaired(code: str) -> None:
    X = clusters(3, 90, 3, 2, 8.0)
    X[:, 0] = quiet(X, 2, random_state=0).mixture.assign(X)
    result = quiet(X * [1e-3, 1.0, 1e3], 2, covariance_type=code, random_state=0)
    assert result.repairs
    assert result.converged


@pytest.mark.parametrize(("code", "seed"), [("EVE", 8), ("VVE", 7)])
def test_a_new_seed_that_fails_leaves_the_fit_as_it_was(code: str, seed: int) -> None:
    """Seeded anew, a component has rows that are singular across the wide columns."""
    X = clusters(seed, 40, 3, 2, 6.0)
    X[:8, 0] = X[0, 0]
    X[:, 0] = np.round(X[:, 0] * 2) / 2
    X = X * [1.0, 1e6, 1e6]
    options: dict[str, Any] = {"covariance_type": code, "random_state": seed}
    repaired = quiet(X, 5, max_iter=100, **options)
    result = quiet(X, 5, max_iter=300, on_degenerate="restart", **options)
    assert any(event.action == "restart_rejected" for event in result.events)
    assert result.log_likelihood >= repaired.log_likelihood - 1e-9 * len(X)


def test_a_constant_column_hides_no_collapse() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(60, 1)), np.full((8, 1), 9.0)])
    n_left = [
        quiet(
            np.column_stack([rows, np.full(len(rows), constant)]),
            3,
            covariance_type="spherical",
            on_degenerate="drop",
            random_state=0,
        ).n_components
        for constant in (0.1, 1.7e18)
    ]
    assert n_left[0] == n_left[1] < 3


@pytest.mark.parametrize("code", CODES)
def test_a_ridge_wider_than_the_data_is_their_covariance(code: str) -> None:
    X = clusters(4, 80, 3, 2) * [1e-14, 1e-3, 1e-9]
    result = quiet(X, 2, covariance_type=code, reg_covar=1e4, random_state=0)
    covariances = matrices(result.mixture)
    np.testing.assert_allclose(covariances, [1e4 * np.eye(3)] * 2, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("constant", [0.1, 1.7e18])
@pytest.mark.parametrize("code", [*COMPARING, "EII", "VII"])
def test_a_constant_column_is_no_unit(code: str, constant: float) -> None:
    """Neither the rounding of its mean nor its size is a spread that others are measured in."""
    X = clusters(5, 90, 3, 2)
    X[:, 1] = constant
    weight = np.random.default_rng(0).uniform(0, 1, len(X))
    result = quiet(X, 2, covariance_type=code, sample_weight=weight, random_state=0)
    eigenvalues = np.linalg.eigvalsh(matrices(result.mixture))
    if code in COMPARING:
        smallest = np.sqrt(np.cov(X.T, aweights=weight, bias=True).diagonal()[[0, 2]].min())
        assert eigenvalues.min() == pytest.approx(FLOOR * smallest**2, rel=1e-5)
    else:
        other = quiet(X * [1, 0, 1], 2, covariance_type=code, sample_weight=weight, random_state=0)
        assert not result.repairs
        np.testing.assert_allclose(eigenvalues, np.linalg.eigvalsh(matrices(other.mixture)))


@pytest.mark.parametrize("third", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("code", [code for code in NEW if code[2] != "I"])
def test_factors_next_to_a_singularity_belong_to_their_covariances(code: str, third: float) -> None:
    """The constructor refuses those that do not: a model that was saved could not be read."""
    compared = 0
    for seed in range(20):
        rows = np.random.default_rng(seed).standard_normal((3, 1, 4)) * [1.0, 1.0, 1e-2, 1e-1]
        rows[2] *= third
        stats = statistics(
            code, np.array([7.0, 6.0, 3.0]), np.zeros((3, 4)), rows.swapaxes(1, 2) @ rows
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gx.RepairWarning)
            try:
                mixture = gx.m_step(stats, covariance_type=code, reg_covar=0.0)
            except gx.DegenerateError:
                continue
        again = gx.Mixture(
            mixture.weights,
            mixture.means,
            mixture.covariances,
            covariance_type=code,
            precisions_cholesky=mixture.precisions_cholesky,
        )
        assert again == mixture
        compared += 1
    assert compared >= 15
