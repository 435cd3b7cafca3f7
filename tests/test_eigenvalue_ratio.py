"""The bound on the ratio of eigenvalues (Fritz, Garcia-Escudero & Mayo-Iscar 2013)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

import gaussmix as gx
import reference as ref
from fits import quiet
from strategies import clusters

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def in_units_of_the_columns(result: gx.FitResult) -> Float64:
    """All eigenvalues of a fit, in coordinates divided by the scale of each column."""
    mixture, scale = result.mixture, result.column_scale
    kind = mixture.covariance_type.value
    full = ref.matrices(kind, mixture.covariances, mixture.n_components, mixture.n_features)
    if kind == "spherical":
        return np.asarray(full[:, 0, 0].astype(float))
    return np.linalg.eigvalsh(full.astype(float) / scale[:, None] / scale[None, :])


@pytest.mark.parametrize("seed", [86, 130, 171, 206])
def test_what_is_maximised_does_not_fall_where_the_floor_acts_too(seed: int) -> None:
    """The upper bound once was a multiple of a lower bound far below the floor."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2, 4))[rng.integers(0, 2, 8)]
    weight = rng.gamma(1.0, size=8) * 1e5
    options: dict[str, Any] = {"max_eigenvalue_ratio": 50.0, "prior": gx.Prior(), "max_iter": 12}
    options |= {"covariance_type": "tied", "init_params": "random", "random_state": seed}
    result = quiet(X, 4, sample_weight=weight, **options)
    assert result.events
    objective = np.append(result.trace, result.starts[0].objective)
    assert np.max(-np.diff(objective)) <= 1e-10 * np.abs(objective[-1])
    eigenvalues = in_units_of_the_columns(result)
    assert eigenvalues.max() <= 50 * eigenvalues.min() * (1 + 1e-6)


@each_structure
@pytest.mark.parametrize("ratio", [1.0, 3.0, 50.0])
def test_no_two_eigenvalues_differ_by_more(covariance_type: str, ratio: float) -> None:
    X = clusters(0, 150, 3, 3) * [1.0, 10.0, 0.01]
    result = quiet(
        X, 3, covariance_type=covariance_type, max_eigenvalue_ratio=ratio, random_state=0
    )
    eigenvalues = in_units_of_the_columns(result)
    assert eigenvalues.max() <= ratio * eigenvalues.min() * (1 + 1e-9)
    assert not result.repairs


@each_structure
@pytest.mark.parametrize(
    ("constant", "ridge"), [(False, 0.0), (False, 1e-9), (False, 1e-3), (True, 1e-9), (True, 1e-3)]
)
def test_nor_beside_a_ridge(covariance_type: str, constant: bool, ridge: float) -> None:
    """Which was once added afterwards. It is part of the columns' scale."""
    X = clusters(1, 200, 2, 2) * [1e-2, 1.0]
    if constant:
        X[:, 0] = 3.0
    options = {"covariance_type": covariance_type, "reg_covar": ridge, "random_state": 0}
    result = quiet(X, 2, max_eigenvalue_ratio=2.0, **options)
    eigenvalues = in_units_of_the_columns(result)
    assert eigenvalues.max() <= 2 * eigenvalues.min() * (1 + 1e-9)
    if not constant and covariance_type != "spherical":
        np.testing.assert_allclose(result.column_scale, np.sqrt(X.var(axis=0) + ridge), rtol=1e-9)


@each_structure
@pytest.mark.parametrize("accelerate", [False, True])
def test_the_likelihood_never_falls(covariance_type: str, accelerate: bool) -> None:
    X = np.concatenate([clusters(1, 120, 2, 2), np.full((10, 2), 3.0)])
    for seed in range(5):
        result = quiet(
            X,
            4,
            covariance_type=covariance_type,
            max_eigenvalue_ratio=20.0,
            accelerate=accelerate,
            random_state=seed,
        )
        trace = np.append(result.trace, result.log_likelihood)
        assert np.all(np.diff(trace) >= -1e-10 * np.abs(trace[1:]))


def m_step_of(X: Float64, shares: Float64, **options: Any) -> gx.FitResult:
    return quiet(X, shares.shape[1], responsibilities_init=shares, max_iter=0, **options)


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 10.0, 1000.0])
def test_the_bound_is_the_best_one(covariance_type: str, ratio: float) -> None:
    """Against a search over the lower bound m, in steps and then by golden section."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(200, 3)) * [0.2, 1.0, 5.0]
    shares = rng.dirichlet([0.3] * 4, size=200)
    options: dict[str, Any] = {"covariance_type": covariance_type}
    free, bound = (
        m_step_of(X, shares, **options),
        m_step_of(X, shares, max_eigenvalue_ratio=ratio, **options),
    )
    eigenvalues = np.atleast_2d(in_units_of_the_columns(free).T).T
    n = shares.sum(axis=0)[:, None]

    def deviance(log_low: float) -> float:
        low = np.exp(log_low)
        kept = np.clip(eigenvalues, low, ratio * low)
        return float((n * (np.log(kept) + eigenvalues / kept)).sum())

    grid = np.linspace(np.log(eigenvalues.min() / ratio) - 1, np.log(eigenvalues.max()) + 1, 4001)
    best = grid[np.argmin([deviance(log_low) for log_low in grid])]
    step = grid[1] - grid[0]
    found = minimize_scalar(
        deviance, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-12}
    )
    kept = np.atleast_2d(in_units_of_the_columns(bound).T).T
    assert float((n * (np.log(kept) + eigenvalues / kept)).sum()) == pytest.approx(
        min(found.fun, deviance(best)), rel=1e-9
    )


@each_structure
def test_a_component_that_loses_its_rows_keeps_to_the_bound(covariance_type: str) -> None:
    """Its covariance is kept, but the others may leave it no room where it was."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 0.01, (200, 2)), rng.normal(1, 0.01, (200, 2))])
    given = {
        "full": [0.25 * np.eye(2)] * 3,
        "tied": 0.25 * np.eye(2),
        "diag": np.full((3, 2), 0.25),
        "spherical": np.full(3, 0.25),
    }
    result = quiet(
        X,
        3,
        covariance_type=covariance_type,
        max_eigenvalue_ratio=2.0,
        weights_init=[0.4, 0.4, 0.2],
        means_init=[[0, 0], [1, 1], [90, 90]],
        covariances_init=given[covariance_type],
    )
    assert any(event.action == "emptied" for event in result.events)
    eigenvalues = in_units_of_the_columns(result)
    assert eigenvalues.max() <= 2 * eigenvalues.min() * (1 + 1e-9)


@pytest.mark.parametrize("max_iter", [0, 1, 50])
def test_a_fit_without_the_bound_is_carried_on_within_it(max_iter: int) -> None:
    X = clusters(0, 200, 2, 2) * [1.0, 30.0]
    free = gx.fit(X, 2, random_state=0)
    assert in_units_of_the_columns(free).max() > 2 * in_units_of_the_columns(free).min()
    bounded = quiet(X, 2, start=free, max_eigenvalue_ratio=2.0, max_iter=max_iter)
    eigenvalues = in_units_of_the_columns(bounded)
    assert eigenvalues.max() <= 2 * eigenvalues.min() * (1 + 1e-9)
    assert np.diff(bounded.trace).min(initial=0) >= -1e-9 * abs(bounded.log_likelihood)


def test_ratio_one_makes_all_components_equal_spheres() -> None:
    """Their variance is the mean of all: sum of traces over n D, in units of the columns."""
    X = clusters(3, 100, 2, 2)
    shares = np.random.default_rng(0).dirichlet([1, 1, 1], size=100)
    result = m_step_of(X, shares, max_eigenvalue_ratio=1.0)
    scale = result.column_scale
    total = 0.0
    for k in range(3):
        z = (X - result.mixture.means[k]) / scale
        total += float((shares[:, k, None] * z**2).sum())
    expected = total / (100 * 2) * np.diag(scale**2)
    for covariance in result.mixture.covariances:
        np.testing.assert_allclose(covariance, expected, rtol=1e-10, atol=1e-12)


def test_a_wide_bound_changes_nothing() -> None:
    X = clusters(4, 200, 3, 2)
    free = quiet(X, 2, random_state=0)
    wide = quiet(X, 2, max_eigenvalue_ratio=1e7, random_state=0)
    assert wide.mixture == free.mixture
    assert wide.reasons == free.reasons


def test_an_active_bound_is_told() -> None:
    X = clusters(4, 200, 3, 2)
    result = quiet(X, 2, max_eigenvalue_ratio=1.01, random_state=0)
    assert any("ratio of eigenvalues" in reason for reason in result.reasons)
    assert result.max_eigenvalue_ratio == 1.01


@pytest.mark.parametrize("value", [0.5, 0.0, -1.0, np.inf, np.nan, "3", True])
def test_a_ratio_is_at_least_one(value: Any) -> None:
    with pytest.raises(gx.GaussmixError, match="max_eigenvalue_ratio must be a"):
        gx.fit(clusters(0, 20, 2, 1), 2, max_eigenvalue_ratio=value)
