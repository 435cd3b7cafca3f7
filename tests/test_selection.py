"""`gaussmix.select`: what it accepts, returns and refuses, and how it is carried on."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import image
from nesting import violations

Array = NDArray[np.float64]
STRUCTURES = ("EII", "VVI", "EEE", "VVV")


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 6.0]])
    return np.asarray(centres[rng.integers(3, size=200)] + rng.normal(size=(200, 2)))


@pytest.fixture(scope="module")
def found(X: Array) -> gx.SelectionResult:
    return gx.select(X, range(1, 5), STRUCTURES)


@pytest.fixture(scope="module")
def spoilt() -> gx.SelectionResult:
    """Five equal rows among a hundred: a component of their own would have no maximum."""
    rng = np.random.default_rng(1)
    rows = np.vstack([rng.normal(size=(100, 2)), np.full((5, 2), 9.0)])
    return gx.select(rows, (1, 2, 3), ["VII", "VVV", "EEE"])


def bits(found: gx.SelectionResult) -> list[Any]:
    """Everything in a selection but the clock."""
    return [
        (*replace(cell, result=None, seconds=0.0)._values(), cell.result and image(cell.result))
        for cell in found.cells
    ]


# --- what is found ------------------------------------------------------------------------------


def test_the_truth_is_found(found: gx.SelectionResult, X: Array):
    assert (found.best_structure, found.best_n_components) == ("EII", 3)
    assert found.best is found.cell("EII", 3).result
    assert found.best.mixture.n_components == 3
    assert found.covariance_types == STRUCTURES
    assert found.n_components == (1, 2, 3, 4)
    assert found.best.log_likelihood == pytest.approx(found.best.mixture.log_density(X).sum())


def test_fourteen_structures_by_default_and_two_for_one_column(X: Array):
    assert len(gx.select(X, 1).covariance_types) == 14
    assert gx.select(X[:, :1], 1).covariance_types == ("E", "V")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3, (3,)),
        (np.int64(2), (2,)),
        (np.arange(1, 4), (1, 2, 3)),
        ([3, 1, 3, 2, 1], (1, 2, 3)),
        ((n for n in (2, 1)), (1, 2)),
        ({2, 1}, (1, 2)),
    ],
)
def test_numbers_of_components(given: Any, expected: tuple[int, ...], X: Array):
    found = gx.select(X, given, ["EII"])
    assert found.n_components == expected
    assert all(type(cell.n_components) is int for cell in found.cells)


@pytest.mark.parametrize("given", ["full", ["full"], ["VVV"], ("full", "VVV"), "vvv"])
def test_names_of_structures(given: Any, X: Array):
    found = gx.select(X, 2, given)
    assert found.covariance_types == ("VVV",)
    assert found.log_likelihood["full"][2] == found.log_likelihood["VVV"][2]
    assert found.cell("full", 2) is found.cell("VVV", 2)


def test_ranking_is_by_criterion_then_parameters(found: gx.SelectionResult):
    keys = [(cell.criterion, cell.n_parameters) for cell in found.ranking]
    assert keys == sorted(keys)
    assert set(map(id, found.ranking)) == {id(cell) for cell in found.cells if cell.eligible}
    assert found.ranking[0].result is found.best


def test_a_cell_that_is_not_there(found: gx.SelectionResult):
    with pytest.raises(gx.GaussmixError, match=r"no cell VVV with 9 .* EII, VVI, EEE, VVV with 1"):
        found.cell("VVV", 9)
    with pytest.raises(KeyError):
        found.criterion["nonsense"]
    with pytest.raises(KeyError):
        found.criterion["VEV"]


# --- what is not to be believed -----------------------------------------------------------------


def test_a_few_equal_rows_are_spurious_and_never_the_best(spoilt: gx.SelectionResult):
    """Nothing bounds the likelihood of a component on equal rows but the bound on eigenvalues."""
    assert set(spoilt.spurious) >= {("VII", 3), ("VVV", 3)}
    likeliest = min(spoilt.cells, key=lambda cell: cell.criterion)
    assert likeliest.spurious  # so that the choice would have been another one
    assert not likeliest.eligible
    assert spoilt.ranking
    assert not any(cell.spurious for cell in spoilt.ranking)
    assert spoilt.ranking[0].result is spoilt.best
    assert all(reason and "component" in reason for reason in spoilt.spurious.values())
    assert violations(spoilt) == []


@pytest.mark.parametrize("structure", ["VII", "VVI", "VVV", "EEE"])
def test_many_equal_rows_are_spurious(structure: str):
    """However many they are, their likelihood has no bound; EEE is singular with no others."""
    rng = np.random.default_rng(1)
    rows = np.vstack([rng.normal(size=(60, 2)), np.full((40, 2), 9.0)])
    if structure == "EEE":
        rows = np.repeat(rows[:2], 20, axis=0)
    found = gx.select(rows, (1, 2), [structure])
    assert "bound on eigenvalues" in found.spurious[structure, 2]
    assert found.cell(structure, 2).criterion < found.cell(structure, 1).criterion
    assert (structure, 2) not in [(c.covariance_type.code, c.n_components) for c in found.ranking]


def test_a_tight_cluster_of_many_rows_is_believed():
    rng = np.random.default_rng(2)
    rows = np.vstack([rng.normal(size=(100, 2)), 9 + 1e-3 * rng.normal(size=(40, 2))])
    found = gx.select(rows, (1, 2), ["VII", "VVV"])
    assert found.spurious == {}
    assert found.best_n_components == 2
    assert found.best.mixture.weights.min() == pytest.approx(40 / 140, rel=1e-3)


def test_nothing_to_recommend_is_said():
    """All rows equal: every covariance is at the bound."""
    found = gx.select(np.ones((30, 2)), (1, 2), ["EII", "VVV"])
    assert len(found.spurious) == 4
    assert found.ranking == ()
    assert "none to recommend" in repr(found)
    for text in (found.summary(), found._repr_html_()):
        assert "none of which can be recommended" in text
    for read in ("best", "best_structure", "best_n_components"):
        with pytest.raises(gx.GaussmixError, match="every one failed or is spurious"):
            getattr(found, read)
    with pytest.raises(gx.GaussmixError, match="every one failed or is spurious"):
        found.refit(np.ones((30, 2)))


def test_more_components_than_distinct_rows_are_fitted_all_the_same():
    """Four places: the likelihood of five and six components is that of four, or more."""
    rows = np.repeat([[0.0, 0.0], [0.0, 1.0], [2.0, 0.0], [3.0, 5.0]], 5, axis=0)
    for n_components in ((6,), (1, 4, 5, 6)):
        found = gx.select(rows, n_components, ["EII", "VVI", "EEE", "VVV"])
        assert found.failures == {}
        assert violations(found) == []


def test_more_components_than_rows_is_a_failure_with_a_reason(X: Array):
    found = gx.select(X[:3], (1, 2, 4), ["EII", "VVV"])
    assert set(found.failures) == {("EII", 4), ("VVV", 4)}
    assert all("3 rows" in reason for reason in found.failures.values())
    cell = found.cell("EII", 4)
    assert cell.result is None
    assert math.isnan(cell.criterion)
    assert math.isnan(cell.log_likelihood)
    assert "- no fit" in found.summary()


# --- forms of it --------------------------------------------------------------------------------


def test_frame(spoilt: gx.SelectionResult):
    pytest.importorskip("pandas")
    frame = spoilt.to_frame()
    assert len(frame) == len(spoilt.cells)
    for row, cell in zip(frame.itertuples(), spoilt.cells, strict=True):
        assert (row.covariance_type, row.n_components) == (
            cell.covariance_type.code,
            cell.n_components,
        )
        assert (row.bic, row.eligible) == (cell.criterion, cell.eligible)
        assert bool(row.spurious) is bool(cell.spurious)


def test_summary_marks_what_is_spurious(spoilt: gx.SelectionResult):
    lines = spoilt.summary().splitlines()
    best = spoilt.ranking[0]
    assert f"{best.covariance_type.code} with {best.n_components} components" in lines[0]
    row = next(line for line in lines if line.startswith("VVV")).split()[1:]
    assert [text.endswith("*") for text in row] == [
        bool(spoilt.cell("VVV", K).spurious) for K in spoilt.n_components
    ]
    assert any(line.startswith("* not to be believed") for line in lines)


def test_html_has_the_best_in_bold(found: gx.SelectionResult):
    html = found._repr_html_()
    assert html.count("<tr>") == html.count("</tr>") == 1 + len(STRUCTURES)
    assert html.count("<b>") == 1
    assert f"<b>{found.ranking[0].criterion:.2f}" in html


def test_pickle_and_equality(found: gx.SelectionResult, spoilt: gx.SelectionResult, X: Array):
    assert found.best_structure in repr(found)
    found.criterion  # noqa: B018 - what is cached must not be in the way
    copy = pickle.loads(pickle.dumps(found))
    assert copy == found
    assert copy.best.mixture == found.best.mixture
    assert found != spoilt
    with pytest.raises(TypeError):
        hash(found)


def test_picture_of_a_search(found: gx.SelectionResult):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = gx.plotting.criterion(found, figure.subplots())
    labels = [line.get_label() for line in axes.lines]
    assert labels == [*STRUCTURES, "best: EII, 3"]
    assert list(axes.lines[0].get_ydata()) == list(found.criterion["EII"].values())


def test_picture_of_a_search_without_a_best():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    found = gx.select(np.ones((30, 2)), (1, 2), ["EII"])
    with pytest.raises(gx.GaussmixError, match="every one failed or is spurious"):
        gx.plotting.criterion(found, figure.subplots())


def test_structures_that_are_the_same_for_one_column(X: Array):
    found = gx.select(X[:, :1], range(1, 4), ["VII", "E", "EII", "V"], random_state=0)
    for K in (1, 2, 3):
        rows = found.log_likelihood
        assert rows["E"][K] == pytest.approx(rows["EII"][K], abs=0.05)
        assert rows["V"][K] == pytest.approx(rows["VII"][K], abs=0.05)
        assert rows["V"][K] >= rows["E"][K] - 1e-6


def test_the_bound_that_holds_a_common_covariance_is_said_in_words():
    X = np.random.default_rng(0).normal(size=(50, 2))
    found = gx.select(np.column_stack([X, X.sum(axis=1)]), [1, 2], ["EEE", "VVV"])
    assert "bound on eigenvalues holds the covariance of all" in found.spurious["EEE", 2]
    assert "holds the covariance of components 0, 1" in found.spurious["VVV", 2]
    assert "holds the covariance of component 0" in found.spurious["VVV", 1]


# --- again --------------------------------------------------------------------------------------


def test_refit_is_no_worse(found: gx.SelectionResult, X: Array):
    again = found.refit(X, n_init=3, random_state=0, tol=1e-10)
    assert again.log_likelihood >= found.best.log_likelihood
    assert again.mixture.covariance_type is found.best.mixture.covariance_type
    assert again.mixture.n_components == 3
    weighted = found.refit(X, sample_weight=np.r_[np.ones(100), np.zeros(100)], random_state=0)
    assert weighted.total_weight == 100
    smoothed = found.refit(X, prior=gx.Prior(), random_state=0)
    assert smoothed.log_prior != 0


def test_one_seed_one_result():
    """Of more than 2,000 rows the tree is of a random part."""
    rows = np.random.default_rng(0).standard_t(3, size=(2300, 2))
    one, same, other = (gx.select(rows, (3,), ["VVI"], random_state=seed) for seed in (1, 1, 2))
    assert bits(one) == bits(same)
    assert bits(one) != bits(other)


@pytest.mark.parametrize("rows", [200, 2300])
def test_any_number_of_threads_gives_the_same_bits(rows: int):
    X = np.random.default_rng(0).standard_t(3, size=(rows, 3))
    options: dict[str, Any] = {"random_state": 0}
    one, *others = (
        gx.select(X, range(1, 4), ("EII", "VVI", "EVE", "VVV"), n_threads=threads, **options)
        for threads in (1, 2, 5)
    )
    for other in others:
        assert bits(other) == bits(one)


def test_a_table_is_extended(found: gx.SelectionResult, X: Array):
    longer = gx.select(X, range(1, 7), (*STRUCTURES, "VEV"), resume=found)
    assert violations(longer) == []
    assert len(longer.cells) == 6 * 5
    for cell in found.cells:
        now = longer.cell(cell.covariance_type.code, cell.n_components)
        assert now.result is cell.result or now.log_likelihood > cell.log_likelihood


def test_nothing_is_fitted_again(found: gx.SelectionResult, X: Array):
    again = gx.select(X, range(1, 5), STRUCTURES, criterion="aic", resume=found)
    for a, b in zip(again.cells, found.cells, strict=True):
        assert a.result is b.result
        assert a.criterion == pytest.approx(b.result.aic if b.result else math.nan)
    part = gx.select(X, (2, 3), ["VVV"], resume=found)
    assert [cell.result for cell in part.cells] == [found.cell("VVV", K).result for K in (2, 3)]


def test_a_done_cell_is_done_again_where_one_inside_is_likelier(X: Array):
    """A table whose large model is that of a start cut short, completed by a smaller model."""
    found = gx.select(X, (1, 3), ["VVV"])
    poor = gx.fit(X, 3, max_iter=0, init_params="random", random_state=0)
    cells = tuple(
        cell if cell.n_components == 1 else replace(cell, result=poor) for cell in found.cells
    )
    spoilt = gx.SelectionResult(cells, "bic", found.fingerprint, 0.0)
    assert spoilt.log_likelihood["VVV"][3] < found.log_likelihood["VVV"][3]
    longer = gx.select(X, (1, 2, 3), ["EII", "VVV"], resume=spoilt)
    assert violations(longer) == []
    assert longer.log_likelihood["VVV"][3] == pytest.approx(found.log_likelihood["VVV"][3], abs=0.1)


@pytest.mark.parametrize("changed", ["data", "weights", "max_iter", "dtype"])
def test_other_data_cannot_carry_on(changed: str, found: gx.SelectionResult, X: Array):
    data: Any = X
    options: dict[str, Any] = {}
    if changed == "data":
        data = X.copy()
        data[7, 1] = np.nextafter(data[7, 1], np.inf)
    elif changed == "dtype":
        data = X.astype(np.float32)
    elif changed == "weights":
        options["sample_weight"] = np.ones(len(X)) + (np.arange(len(X)) == 3)
    else:
        options["max_iter"] = 1999
    with pytest.raises(gx.GaussmixError, match="resume is a search of other data"):
        gx.select(data, range(1, 5), STRUCTURES, resume=found, **options)


def test_the_layout_of_the_data_is_no_matter(found: gx.SelectionResult, X: Array):
    again = gx.select(np.asfortranarray(X), range(1, 5), STRUCTURES, resume=found)
    assert again.best is found.best


def test_names_of_columns_belong_to_a_search(found: gx.SelectionResult, X: Array):
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["a", "b"])
    with pytest.raises(gx.GaussmixError, match="other data, column names"):
        gx.select(frame, range(1, 5), STRUCTURES, resume=found)
    named = gx.select(frame, 2, ["EII"])
    assert gx.select(frame, [2], ["EII"], resume=named).best is named.best


def test_refit_keeps_model_and_start(found: gx.SelectionResult, X: Array):
    for name in ("n_components", "covariance_type", "means_init", "precisions_init"):
        with pytest.raises(gx.GaussmixError, match=f"from the search: leave out {name}, or call"):
            found.refit(X, **{name: 2})
    with pytest.raises(gx.GaussmixError, match="X has 3 features, but the search is expecting 2"):
        found.refit(np.column_stack([X, X[:, 0]]))


# --- weights ------------------------------------------------------------------------------------


def test_weights_that_are_shares_are_refused_or_counted(X: Array):
    """Under a sum of 1, log n is 0: nothing would stand against more components."""
    shares = np.full(len(X), 1 / len(X))
    with pytest.raises(gx.GaussmixError, match=r"sums to 1, .* each of 4 .* sample_size='effect"):
        gx.select(X, range(1, 5), STRUCTURES, sample_weight=shares)
    options: dict[str, Any] = {"sample_weight": shares, "sample_size": "effective"}
    counted = gx.select(X, range(1, 5), STRUCTURES, **options)
    assert (counted.best_structure, counted.best_n_components) == ("EII", 3)
    for free in ("cv", "nec"):  # of no penalty
        again = gx.select(X, [3], ["EII"], criterion=free, sample_weight=shares)
        assert again.best_n_components == 3
    few = gx.select(X[:3], range(1, 5), ["EII"], sample_weight=np.ones(3))
    assert few.n_components == (1, 2, 3, 4)


def test_a_search_says_what_size_it_counted(found: gx.SelectionResult, X: Array):
    weights = np.arange(len(X)) % 3
    options: dict[str, Any] = {"sample_weight": weights, "sample_size": "effective"}
    counted = gx.select(X, range(1, 4), ["EII"], **options)
    assert (found.sample_size, counted.sample_size) == ("weight", "effective")
    kish = weights.sum() ** 2 / (weights**2).sum()
    with pytest.raises(gx.GaussmixError, match="weights, sample_size or max_iter"):
        gx.select(X, range(1, 4), ["EII"], sample_weight=weights, resume=counted)
    assert f"for {kish:.6g} effective rows, lower is better" in counted.summary()
    assert "effective" not in found.summary()


def test_held_out_rows_count_as_the_criterion_says(X: Array):
    options: dict[str, Any] = {"criterion": "cv", "random_state": 0}
    plain = gx.select(X, [2, 3], ["EII"], **options)
    shares = gx.select(
        X, [2, 3], ["EII"], sample_weight=np.full(len(X), 1 / len(X)), sample_size="effective",
        **options,
    )  # fmt: skip
    for K in (2, 3):
        assert shares.criterion["EII"][K] == pytest.approx(plain.criterion["EII"][K], rel=1e-6)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("n_components", [], "at least one number of components, got none"),
        ("n_components", [0, 1], "n_components .* 1"),
        ("n_components", -3, "n_components .* 1"),
        ("n_components", [1.5], "n_components"),
        ("n_components", None, r"such as range\(1, 10\), got None"),
        ("n_components", "12", r"such as range\(1, 10\), got '12'"),
        ("n_components", True, "n_components"),
        ("covariance_types", [], "at least one structure, got none"),
        ("covariance_types", ["VVX"], "VVX"),
        ("covariance_types", [3], "3"),
        ("covariance_types", 3, r"such as \['EEE', 'VVV'\], got 3"),
        ("covariance_types", ["E"], "column"),
        ("criterion", "bci", "bic"),
        ("criterion", None, "criterion"),
        ("sample_size", "rows", "sample_size"),
        ("n_folds", 1, "n_folds"),
        ("n_folds", 2.5, "n_folds"),
        ("max_iter", 0, "max_iter"),
        ("n_threads", 0, "n_threads"),
        ("random_state", "x", "random_state"),
        ("sample_weight", [1.0], "sample_weight"),
        ("sample_weight", -np.ones(200), "sample_weight"),
        ("sample_weight", np.zeros(200), "sample_weight"),
        ("resume", {}, "resume must be a SelectionResult, .* got dict"),
    ],
)
def test_bad_input_is_named(argument: str, value: Any, message: str, X: Array):
    with pytest.raises(gx.GaussmixError, match=message):
        gx.select(X, **{argument: value})


@pytest.mark.parametrize("data", [np.full((9, 2), np.nan), np.ones(9), np.empty((0, 2)), "abc"])
def test_bad_data_are_refused(data: Any):
    with pytest.raises(gx.GaussmixError, match=r"X|rows|data"):
        gx.select(data)


def test_what_the_engine_refuses_is_our_error(X: Array):
    with pytest.raises(gx.GaussmixError, match=r"column 1 .* rescale it"):
        gx.select(X * [1.0, 1e150], 1, ["EII"])
