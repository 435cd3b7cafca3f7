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
from strategies import three_near_groups, weights_with_zeros

Array = NDArray[np.float64]
FORMULAS = ["bic", "aic", "aicc", "icl", "icl_entropy"]
STRUCTURES = ("EII", "VVI", "EEE", "VEV")


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    return three_near_groups()


@pytest.fixture(scope="module")
def weight() -> Array:
    return weights_with_zeros(90)


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
    assert found.log_likelihood["EII"][2] == found.log_likelihood["EII"][1]
    assert found.criterion["EII"][2] == math.inf


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


@pytest.mark.parametrize("seed", range(3))
def test_whole_weights_are_as_many_rows_that_determine_a_covariance(seed: int):
    """Few rows hold most of the weight, so that Kish's number of them all is some 20."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3)) + 4 * (np.arange(300) < 150)[:, None] * [1, 0.25, 0]
    counts = 300 // (rng.permutation(300) + 1)
    what: tuple[Any, ...] = (range(1, 4), ["EII", "EEE", "VVI", "VVV"])
    weighted = gx.select(X, *what, sample_weight=counts.astype(float), random_state=0)
    repeated = gx.select(np.repeat(X, counts, axis=0), *what, random_state=0)
    assert weighted.spurious == repeated.spurious
    assert weighted.best_structure == repeated.best_structure
    assert weighted.best_n_components == repeated.best_n_components


@pytest.mark.parametrize("name", [*FORMULAS, "nec", "cv"])
@pytest.mark.parametrize("factor", [1e-300, 1e-18, 1e-15, 1e-6, 3.0, 1e9, 1e152, 1e300])
def test_a_common_factor_of_importances_changes_nothing(
    name: str, factor: float, X: Array, weight: Array
):
    options: dict[str, Any] = {"criterion": name, "sample_size": "effective", "random_state": 0}
    one, other = (
        gx.select(X, (1, 2), STRUCTURES, sample_weight=w, **options)
        for w in (weight, factor * weight)
    )
    for a, b in zip(one.cells, other.cells, strict=True):
        assert a.criterion == pytest.approx(b.criterion, rel=1e-9)


@pytest.mark.parametrize("factor", [1e-300, 1e-200, 1e152, 1e300])
def test_held_out_rows_count_as_often_as_their_weights_say(factor: float, X: Array, weight: Array):
    """Of fits of two passes, which is before any rule could end them."""
    options: dict[str, Any] = {"criterion": "cv", "max_iter": 2, "random_state": 0}
    one, other = (
        gx.select(X, (1, 2), STRUCTURES, sample_weight=w, **options)
        for w in (weight, factor * weight)
    )
    for a, b in zip(one.cells, other.cells, strict=True):
        assert factor * a.criterion == pytest.approx(b.criterion, rel=1e-9)
    assert other.best_structure == one.best_structure


@pytest.mark.parametrize("name", ["bic", "aic", "icl", "icl_entropy", "cv"])
def test_weights_beyond_all_sums_are_named_as_such(name: str, X: Array, weight: Array):
    weight = weight * (3e307 / weight.sum())  # a row has some -4 nats
    found = gx.select(X, 1, ["EII"], criterion=name, sample_weight=weight)
    with pytest.raises(gx.GaussmixError, match=f"{name} has a value for none of them: .*range"):
        _ = found.best
    assert (found.spurious, found.failures) == ({}, {})


@pytest.mark.parametrize(
    ("rows", "K", "name", "why"),
    [
        (10, 3, "aicc", "more rows than parameters"),
        (7, 4, "cv", "rows outside of each fold must carry"),
    ],
)
def test_models_without_a_value_are_not_called_spurious(
    rows: int, K: int, name: str, why: str, X: Array
):
    found = gx.select(X[:rows], K, ["EII"], criterion=name, n_folds=2)
    with pytest.raises(gx.GaussmixError, match=f"{name} has a value for none of them: .*{why}"):
        _ = found.best
