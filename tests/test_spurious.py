"""Components of a few rows that happen to lie close, and small groups that do not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix._spurious import log_sets_by_chance

Float64 = NDArray[np.float64]

_DRAWS = 400_000


def flagged(result: gx.FitResult) -> list[int]:
    """Return the components that a reason calls spurious."""
    reasons = [reason for reason in result.reasons if "spurious" in reason]
    names = [f"component {k} " for k in range(result.n_components)]
    return [k for k, name in enumerate(names) if any(name in reason for reason in reasons)]


def scatters_of_triples(n_features: int) -> Float64:
    """Return the variances of three uniform rows of a unit box without an edge, many times."""
    X = np.random.default_rng(n_features).random((_DRAWS, 3, n_features))
    X -= np.round(X - X[:, :1])
    return X.var(axis=1)


@pytest.mark.parametrize("n_features", [1, 2])
def test_round_sets_by_chance_are_as_many_as_among_uniform_rows(n_features: int) -> None:
    variance = 0.002
    share = (scatters_of_triples(n_features).mean(axis=1) <= variance).mean()
    log_determinant = n_features * math.log(variance)
    found = log_sets_by_chance(3, 50, 0.0, log_determinant, 0.0, n_features, 1)
    assert math.exp(found) == pytest.approx(50**3 / 6 * share, rel=0.05)


@pytest.mark.parametrize("widest", [0.004, 0.008])
def test_sets_by_chance_of_any_shape_are_as_many_as_among_uniform_rows(widest: float) -> None:
    variances = scatters_of_triples(2)
    determinant = 1e-5
    near = (variances <= widest).all(axis=1) & (variances.prod(axis=1) <= determinant)
    found = log_sets_by_chance(3, 50, 0.0, math.log(determinant), 2 * math.log(widest), 2, 2)
    assert math.exp(found) == pytest.approx(50**3 / 6 * near.mean(), rel=0.05)


def near_the_closest(n_features: int, seed: int, covariance_type: str) -> gx.FitResult:
    """Fit one Gaussian's rows from a start at the three of them that lie closest."""
    X = np.random.default_rng(seed).normal(size=(40 * n_features + 60, n_features))
    apart = ((X[:, None] - X) ** 2).sum(axis=2)
    centre = np.partition(apart, 2, axis=1)[:, 2].argmin()
    labels = np.zeros(len(X), np.int64)
    labels[np.argsort(apart[centre])[:3]] = 1
    return quiet(X, 2, covariance_type=covariance_type, responsibilities_init=labels)


@pytest.mark.parametrize("covariance_type", ["spherical", "diag", "VEI", "VEE", "VVE"])
@pytest.mark.parametrize("n_features", [3, 5])
def test_three_rows_that_lie_closest_of_one_gaussian_are_spurious(
    n_features: int, covariance_type: str
) -> None:
    tiny = 0
    for seed in range(12):
        result = near_the_closest(n_features, seed, covariance_type)
        rows = result.mixture.weights[1] * result.n_effective
        wide, own = result.mixture.log_determinants
        if rows <= 10 and own < wide - math.log(1e6):
            tiny += 1
            assert flagged(result) == [1], (seed, rows)
    assert tiny >= 4


@pytest.mark.parametrize("covariance_type", ["spherical", "diag", "VEI", "VVE", "full"])
@pytest.mark.parametrize("spread", [1.0, 0.1])
@pytest.mark.parametrize("n_features", [2, 5])
def test_a_small_group_apart_from_the_others_is_not_spurious(
    n_features: int, spread: float, covariance_type: str
) -> None:
    for seed, n_rows in enumerate([5, 7, 10, 20]):
        if n_rows <= n_features and covariance_type in ("VVE", "full"):
            continue  # they lie in one plane
        rng = np.random.default_rng(seed)
        small = 7 / math.sqrt(n_features) + spread * rng.normal(size=(n_rows, n_features))
        X = np.concatenate([rng.normal(size=(200, n_features)), small])
        labels = np.repeat([0, 1], [200, n_rows])
        options: dict[str, Any] = {"responsibilities_init": labels}
        result = quiet(X, 2, covariance_type=covariance_type, **options)
        assert result.mixture.weights[1] * len(X) == pytest.approx(n_rows, abs=0.5)
        assert flagged(result) == []


def test_what_is_spurious_does_not_depend_on_units_nor_on_how_rows_are_counted() -> None:
    X = np.random.default_rng(3).normal(size=(160, 3))
    X[:3] = X[0] + 0.2 * X[:3]
    labels = np.repeat([1, 0], [3, 157])
    options: dict[str, Any] = {"covariance_type": "diag", "responsibilities_init": labels}
    assert flagged(quiet(X, 2, **options)) == [1]
    units = X * [1e-90, 1.0, 1e90]
    assert flagged(quiet(units, 2, **options)) == [1]
    assert flagged(quiet(X, 2, sample_weight=np.full(160, 1e-200), **options)) == [1]
