"""What a search recommends and what it does not, where more than the criterion decides."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import given, quiet

Array = NDArray[np.float64]


def with_far_rows(*far: tuple[float, float]) -> Array:
    return np.vstack([np.random.default_rng(0).normal(size=(100, 2)), far])


def on_a_slice(n_rows: int) -> Array:
    """Far rows along the diagonal, 0.002 beside it on one side or the other."""
    along = np.linspace(20, 22, n_rows)
    beside = 0.002 * np.where(np.arange(n_rows) % 4 < 2, 1, -1)
    return with_far_rows(*zip(along + beside, along - beside, strict=True))


# --- not the likelihood of a few rows -----------------------------------------------------------


@pytest.mark.parametrize("structure", ["VII", "VVI", "VEI"])
def test_two_rows_are_no_component(structure: str) -> None:
    """They are not so close that the bound on eigenvalues would hold."""
    found = gx.select(with_far_rows((20, 20), (20.5, 20.5)), [1, 2], [structure], random_state=0)
    (why,) = found.spurious.values()
    assert why.startswith("too few rows determine the covariance of component ")
    assert found.cell(structure, 2).criterion < found.cell(structure, 1).criterion
    assert found.best_n_components == 1


def test_a_thin_slice_of_a_handful_of_rows_is_no_component() -> None:
    """Two more than the columns, but their smallest variance is some 1e-6 of a column's."""
    found = gx.select(on_a_slice(4), [1, 2], ["VVV"], random_state=0)
    (why,) = found.spurious.values()
    assert why.startswith("too few rows determine the covariance of component ")
    assert found.best_n_components == 1


def test_a_thin_slice_of_more_rows_is_a_component() -> None:
    found = gx.select(on_a_slice(12), [1, 2], ["VVV"], random_state=0)
    assert found.spurious == {}
    assert found.best_n_components == 2


# --- the likelier of several fits ---------------------------------------------------------------


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    """Four overlapping groups, two components: EM has several maxima with a common covariance."""
    rng = np.random.default_rng([0, 2])
    centres = rng.normal(size=(4, 2)) * rng.uniform(1, 6)
    noise = rng.normal(size=(150, 2)) * rng.uniform(0.3, 2, size=2)
    return np.asarray(centres[rng.integers(4, size=150)] + noise)


@pytest.fixture(scope="module")
def alone(X: Array) -> gx.SelectionResult:
    """From the partition only: there is no other model that it could begin from."""
    return gx.select(X, [2], ["EEE"])


@pytest.fixture(scope="module")
def nested(X: Array) -> gx.SelectionResult:
    return gx.select(X, [2], ["EII", "EEE"])


def test_the_fit_of_a_structure_within_leads_to_a_better_maximum(
    X: Array, alone: gx.SelectionResult, nested: gx.SelectionResult
) -> None:
    """One that is no matter of nesting: from the partition EM ends above what is within, too."""
    within = nested.cell("EII", 2).result
    assert within is not None
    start = given(within.mixture) | {"covariances_init": within.mixture.covariances[0]}
    from_there = quiet(X, 2, covariance_type="tied", **start).log_likelihood
    assert from_there > alone.best.log_likelihood + 10 > within.log_likelihood + 10
    assert nested.cell("EEE", 2).log_likelihood == pytest.approx(from_there, abs=0.05)


def test_refit_keeps_the_fit_of_the_search_where_its_own_start_ends_lower(
    X: Array, nested: gx.SelectionResult
) -> None:
    anew = quiet(X, 2, covariance_type="tied", init_params="hierarchical")
    assert anew.log_likelihood < nested.best.log_likelihood - 10
    assert nested.best_structure == "EEE"
    again = nested.refit(X, init_params="hierarchical")
    assert again.log_likelihood >= nested.best.log_likelihood - 1e-9  # which is rounding


def test_refit_keeps_a_start_of_its_own_that_ends_higher(
    X: Array, alone: gx.SelectionResult, nested: gx.SelectionResult
) -> None:
    again = alone.refit(X, n_init=20, random_state=0)
    assert again.log_likelihood > alone.best.log_likelihood + 10
    assert again.log_likelihood == pytest.approx(nested.best.log_likelihood, abs=0.05)


# --- of equals the smaller model ----------------------------------------------------------------


def test_of_models_with_one_criterion_the_one_with_fewer_parameters_is_the_best(
    nested: gx.SelectionResult,
) -> None:
    cells = [replace(cell, criterion=1.0) for cell in nested.cells]
    assert [cell.n_parameters for cell in cells] == [6, 8]  # 1, 2 x 2 means, and 1 or 3
    for order in (cells, cells[::-1]):
        tied = replace(nested, cells=tuple(order))
        assert [cell.covariance_type.code for cell in tied.ranking] == ["EII", "EEE"]
        assert tied.best_structure == "EII"


def test_rows_tell_what_each_model_that_may_be_the_best_lacks() -> None:
    found = gx.select(with_far_rows((20, 20), (20.5, 20.5)), [1, 2], ["EEE", "VII"])
    rows = {(row["covariance_type"], row["n_components"]): row for row in found.rows()}
    assert list(rows["EEE", 1])[4:6] == ["bic", "behind_best"]
    lowest = min(row["bic"] for row in rows.values() if row["eligible"])
    assert found.spurious.keys() == {("VII", 2)}
    assert math.isnan(rows["VII", 2]["behind_best"])
    for key in rows.keys() - found.spurious.keys():
        assert rows[key]["behind_best"] == rows[key]["bic"] - lowest
    best = rows[found.best_structure, found.best_n_components]
    assert best["behind_best"] == 0


def test_where_nothing_is_recommended_nothing_is_behind_it() -> None:
    found = gx.select(np.ones((30, 2)), [1, 2], ["EII"])
    assert all(math.isnan(row["behind_best"]) for row in found.rows())
