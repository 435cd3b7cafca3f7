"""`criterion="cv"`: every fold is scored by fits that have seen nothing of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import image
from gaussmix._random import seed_from
from gaussmix._search import Search
from strategies import three_near_groups, weights_with_zeros

Array = NDArray[np.float64]
STRUCTURES = ("EII", "VVI", "EEE", "VEV")


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    return three_near_groups()


@pytest.fixture(scope="module")
def weight() -> Array:
    return weights_with_zeros(90)


def folds_of(w: Array, n_folds: int) -> list[tuple[Any, Any]]:
    """The rows of each fold, and those of the others, for a seed of 0."""
    rows = np.random.default_rng(seed_from(0)).permutation(np.flatnonzero(w > 0))
    return [(rows[i::n_folds], np.setdiff1d(rows, rows[i::n_folds])) for i in range(n_folds)]


@pytest.mark.parametrize("n_folds", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_one_component_is_the_normal_distribution_of_the_other_rows(
    n_folds: int, weighted: bool, X: Array, weight: Array
):
    w = weight if weighted else np.ones(len(X))
    total = 0.0
    for out, seen in folds_of(w, n_folds):
        mean = np.average(X[seen], axis=0, weights=w[seen])
        covariance = np.cov(X[seen].T, aweights=w[seen], bias=True)
        deviations = X[out] - mean
        squares = (deviations @ np.linalg.inv(covariance) * deviations).sum(axis=1)
        total += w[out] @ (squares + np.linalg.slogdet(2 * np.pi * covariance)[1])
    options: dict[str, Any] = {"sample_weight": weight if weighted else None, "random_state": 0}
    found = gx.select(X, 1, ["VVV"], criterion="cv", n_folds=n_folds, **options)
    assert found.criterion["VVV"][1] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("n_folds", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_validation_is_a_loop_of_searches(
    n_folds: int, weighted: bool, X: Array, weight: Array
):
    """Of fits of two passes, which is before any rule could end them."""
    w = weight if weighted else np.ones(len(X))
    what: tuple[Any, ...] = ((1, 2, 3), STRUCTURES)
    options: dict[str, Any] = {"max_iter": 2, "random_state": 0}
    totals = dict.fromkeys(((s, K) for s in STRUCTURES for K in what[0]), 0.0)
    for out, seen in folds_of(w, n_folds):
        others = gx.select(X[seen], *what, sample_weight=w[seen] if weighted else None, **options)
        for structure, K in totals:
            result = others.cell(structure, K).result
            assert result is not None
            totals[structure, K] -= 2 * float(w[out] @ result.mixture.log_density(X[out]))
    options |= {"sample_weight": weight if weighted else None}
    found = gx.select(X, *what, criterion="cv", n_folds=n_folds, **options)
    for (structure, K), total in totals.items():
        assert found.criterion[structure][K] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_row_that_is_held_out_has_no_part_in_the_fits(
    weighted: bool, X: Array, weight: Array, monkeypatch: pytest.MonkeyPatch
):
    """Whatever a fold holds, the fits that score it are the same to the bit."""
    run, searches = Search.run, []

    def watched(search: Search) -> None:
        run(search)
        searches.append(
            {key: found.result and image(found.result) for key, found in search.done.items()}
        )

    monkeypatch.setattr(Search, "run", watched)
    options: dict[str, Any] = {"sample_weight": weight if weighted else None, "random_state": 0}
    for number, (out, _) in enumerate(folds_of(weight if weighted else np.ones(len(X)), 3), 1):
        searches.clear()
        wild = X.copy()
        wild[out] = 1e6 * np.random.default_rng(number).standard_cauchy(size=wild[out].shape)
        for rows in (X, wild):
            gx.select(rows, (1, 2, 3), STRUCTURES, criterion="cv", n_folds=3, **options)
        plain, changed = searches[:4], searches[4:]
        assert plain[number] == changed[number]
        assert plain[0] != changed[0]  # among all rows


def test_one_normal_distribution_is_one_component():
    """Fits that began where those to all rows had ended chose more in nine of these samples."""
    samples = [np.random.default_rng(seed).normal(size=(300, 2)) for seed in range(40)]
    chosen = [
        gx.select(rows, (1, 2, 3), ["VVV"], criterion="cv", random_state=0).best_n_components
        for rows in samples
    ]
    assert chosen.count(1) >= 37


def test_cross_validation_needs_rows_for_every_component(X: Array):
    found = gx.select(X[:6], (1, 3, 4), ["EII"], criterion="cv", n_folds=2)
    assert math.isnan(found.criterion["EII"][4])  # three rows are left of two folds
    assert math.isfinite(found.criterion["EII"][3])
    assert not found.cell("EII", 4).eligible


def test_cross_validation_of_folds_that_the_engine_refuses(X: Array):
    """Without its one row of another size a column has values whose squares are 0 in float64."""
    rows = X[:40].copy()
    rows[:, 1] = 1e-138
    rows[7, 1] = 1e-131
    found = gx.select(rows, (1, 2), ["EII", "VVI"], criterion="cv", random_state=0)
    assert all(math.isnan(cell.criterion) and not cell.failure for cell in found.cells)


def test_there_are_no_more_folds_than_rows_of_positive_weight(X: Array):
    some = (np.arange(20) % 2).astype(float)
    for weight, most in ((None, 20), (some, 10)):
        options: dict[str, Any] = {"criterion": "cv", "sample_weight": weight, "random_state": 0}
        each = gx.select(X[:20], 1, ["EII"], n_folds=most, **options)
        with pytest.raises(gx.GaussmixError, match=f"n_folds={most + 1} is more than .*{most}:"):
            gx.select(X[:20], 1, ["EII"], n_folds=most + 1, **options)
        assert math.isfinite(each.criterion["EII"][1])
    gx.select(X[:20], 1, ["EII"], n_folds=1000)  # of which BIC has none


def test_one_row_cannot_be_held_out_and_fitted(X: Array):
    """No number of folds would do, so none is advised."""
    for rows, weight in ((X[:1], None), (X[:3], [0.0, 1.0, 0.0])):
        with pytest.raises(gx.GaussmixError, match=r"only 1 sample of positive weight: pass more"):
            gx.select(rows, 1, ["EII"], criterion="cv", sample_weight=weight)
