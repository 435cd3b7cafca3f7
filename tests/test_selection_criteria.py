"""Criteria of a model search against their formulas, written out on the responsibilities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import given, quiet
from gaussmix import _criteria
from gaussmix._random import seed_from

Array = NDArray[np.float64]
FORMULAS = ["bic", "aic", "aicc", "icl", "icl_entropy"]
STRUCTURES = ("EII", "VVI", "EEE", "VEV")


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    rng = np.random.default_rng(3)
    centres = np.array([[0.0, 0.0], [2.5, 0.0], [0.0, 3.0]])
    return np.asarray(centres[rng.integers(3, size=90)] + rng.normal(size=(90, 2)))


@pytest.fixture(scope="module")
def weight() -> Array:
    return np.random.default_rng(4).exponential(size=90) * (np.arange(90) % 7 > 0)


def log_terms(cell: gx.SelectionCell, X: Array) -> tuple[Array, Array]:
    """log p(x_i), and the responsibilities, of the fit of a cell."""
    assert cell.result is not None
    mixture = cell.result.mixture
    return mixture.log_density(X), mixture.responsibilities(X)


def by_formula(name: str, cell: gx.SelectionCell, X: Array, w: Array, n: float) -> float:
    """The docstring's formulas; the weights `w` add up to the sample size `n`."""
    densities, shares = log_terms(cell, X)
    total, p = float(w @ densities), cell.n_parameters
    logs = np.log(np.where(shares > 0, shares, 1))
    aic, bic = -2 * total + 2 * p, -2 * total + p * math.log(n)
    return {
        "bic": bic,
        "aic": aic,
        "aicc": aic + 2 * p * (p + 1) / (n - p - 1) if n > p + 1 else math.inf,
        "icl": bic - 2 * float(w @ logs.max(axis=1, where=shares > 0, initial=-np.inf)),
        "icl_entropy": bic - 2 * float(w @ (shares * logs).sum(axis=1)),
    }[name]


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("sample_size", ["none", "weight", "effective"])
def test_criteria_are_their_formulas(name: str, sample_size: str, X: Array, weight: Array):
    options: dict[str, Any] = {}
    w, n = np.ones(len(X)), float(len(X))
    if sample_size != "none":
        options = {"sample_weight": weight, "sample_size": sample_size}
        w, n = weight, float(weight.sum())
    if sample_size == "effective":
        n = weight.sum() ** 2 / (weight**2).sum()
        w = weight * (n / weight.sum())
    found = gx.select(X, range(1, 4), STRUCTURES, criterion=name, **options)
    assert found.criterion_name == name
    for cell in found.cells:
        assert cell.criterion == pytest.approx(by_formula(name, cell, X, w, n), rel=1e-9)


def test_aicc_is_infinite_where_parameters_are_as_many_as_rows(X: Array):
    """p = 6 K - 1 of VVV in two columns: 11 rows have n > p + 1 only for one component."""
    found = gx.select(X[:11], (1, 2), ["VVV"], criterion="aicc")
    assert math.isfinite(found.criterion["VVV"][1])
    assert found.criterion["VVV"][2] == math.inf
    assert found.best_n_components == 1
    # n = p + 2 is the first that is finite: 7 rows for p = 5.
    assert gx.select(X[:6], 1, ["VVV"], criterion="aicc").criterion["VVV"][1] == math.inf
    assert math.isfinite(gx.select(X[:7], 1, ["VVV"], criterion="aicc").criterion["VVV"][1])


def test_the_entropy_of_single_precision_is_that_of_the_same_rows_in_double(X: Array):
    rows = X.astype(np.float32)
    mixture = gx.fit(rows, 3, random_state=0).mixture
    single, double = (
        _criteria.entropy(one, None, mixture, None) for one in (rows, rows.astype(np.float64))
    )
    assert single == double


@pytest.mark.parametrize("n_components", [range(1, 4), (2, 3)])
def test_nec_is_entropy_over_the_gain_on_one_component(n_components: Any, X: Array):
    """The likelihood of one component is needed whether the search includes it or not."""
    found = gx.select(X, n_components, STRUCTURES, criterion="nec")
    for cell in found.cells:
        if cell.n_components == 1:
            assert cell.criterion == 1.0
            continue
        _, shares = log_terms(cell, X)
        entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum()
        one = gx.fit(X, 1, covariance_type=cell.covariance_type).log_likelihood
        assert cell.criterion == pytest.approx(entropy / (cell.log_likelihood - one), rel=1e-6)


def test_nec_of_equal_likelihoods_is_infinite():
    """Two rows that differ in nothing: further components gain nothing, so 1 is the choice."""
    found = gx.select(np.ones((20, 2)), (1, 2), ["EII"], criterion="nec")
    assert found.criterion["EII"][1] == 1.0
    assert found.criterion["EII"][2] == math.inf or found.criterion["EII"][2] > 1


def test_icl_at_the_parameters_that_mclust_published(faithful: Array):
    """EEE with three components on faithful: -2357.824 in mclust's sign.

    Its likelihood and responsibilities are those before the last M-step, a pass behind the
    parameters: 0.004 nats. A pass later ICL moves by 0.05, and less with every further one.
    """
    mixture = gx.Mixture(
        np.array([0.1656784, 0.3563696, 0.4779520]),
        [[3.793066, 77.521051], [2.037596, 54.491158], [4.463245, 80.833439]],
        [[0.07825448, 0.4801979], [0.4801979, 33.7671464]],
        covariance_type="EEE",
    )
    sure = np.log(mixture.responsibilities(faithful).max(axis=1)).sum()
    log_likelihood = mixture.log_density(faithful).sum()
    assert log_likelihood == pytest.approx(-1126.326, abs=0.005)
    icl = -2 * log_likelihood + 11 * math.log(272) - 2 * sure
    assert icl == pytest.approx(2357.824, abs=0.1)
    # The search ends a hundredth of a nat from the maximum, where ICL still moves.
    cell = gx.select(faithful, 3, ["EEE"], criterion="icl").cells[0]
    assert cell.criterion == pytest.approx(
        by_formula("icl", cell, faithful, np.ones(272), 272.0), rel=1e-10
    )
    assert cell.result is not None
    carried_on = quiet(faithful, 3, covariance_type="EEE", tol=1e-9, **given(mixture))
    assert cell.criterion == pytest.approx(carried_on.icl, abs=0.3)


@pytest.mark.parametrize("name", [*FORMULAS, "nec"])
def test_whole_weights_are_rows_that_many_times(name: str, X: Array):
    counts = np.random.default_rng(5).integers(0, 4, size=len(X))
    weighted = gx.select(
        X, range(1, 4), STRUCTURES, criterion=name, sample_weight=counts.astype(float)
    )
    repeated = gx.select(np.repeat(X, counts, axis=0), range(1, 4), STRUCTURES, criterion=name)
    for a, b in zip(weighted.cells, repeated.cells, strict=True):
        assert a.criterion == pytest.approx(b.criterion, rel=1e-7)


@pytest.mark.parametrize("name", [*FORMULAS, "nec"])
@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e9])
def test_a_common_factor_of_importances_changes_nothing(
    name: str, factor: float, X: Array, weight: Array
):
    one, other = (
        gx.select(X, (1, 2), STRUCTURES, criterion=name, sample_weight=w, sample_size="effective")
        for w in (weight, factor * weight)
    )
    for a, b in zip(one.cells, other.cells, strict=True):
        assert a.criterion == pytest.approx(b.criterion, rel=1e-9)


def held_out(cell: gx.SelectionCell, X: Array, w: Array, n_folds: int, **options: Any) -> float:
    """-2 log L of each fold under the fit of the other rows, which are all that it is given."""
    rows = np.random.default_rng(seed_from(0)).permutation(np.flatnonzero(w > 0))
    assert cell.result is not None
    total = 0.0
    for fold in range(n_folds):
        out = rows[fold::n_folds]
        seen = np.setdiff1d(rows, out)
        mixture = quiet(
            X[seen],
            cell.n_components,
            covariance_type=cell.covariance_type,
            sample_weight=w[seen],
            **given(cell.result.mixture),
            **options,
        ).mixture
        total += float(w[out] @ mixture.log_density(X[out]))
    return -2 * total


@pytest.mark.parametrize("n_folds", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_validation_is_the_loop_over_folds(
    n_folds: int, weighted: bool, X: Array, weight: Array
):
    """Of two passes, which is before any rule could end a fit."""
    w = weight if weighted else np.ones(len(X))
    found = gx.select(
        X,
        (1, 2, 3),
        STRUCTURES,
        criterion="cv",
        n_folds=n_folds,
        max_iter=2,
        random_state=0,
        sample_weight=weight if weighted else None,
    )
    for cell in found.cells:
        expected = held_out(cell, X, w, n_folds, max_iter=2, tol=0.0, accelerate=False)
        assert cell.criterion == pytest.approx(expected, rel=1e-9)


def test_cross_validation_of_converged_fits(X: Array):
    """Fits may stop a hundredth of a nat before the maximum, which moves what is held out."""
    found = gx.select(X, (1, 2, 3), STRUCTURES, criterion="cv", random_state=0)
    for cell in found.cells:
        expected = held_out(cell, X, np.ones(len(X)), 5, tol=1e-9, max_iter=5000)
        assert cell.criterion == pytest.approx(expected, abs=0.5)


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
