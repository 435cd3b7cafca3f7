"""Pictures of how a fit went, of a search and of a tree of merged components."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from gaussmix.datasets import load_iris
from pictures import Selection, Tree, png, texts

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("no_figure_is_left")

NAN = float("nan")


# --- traces ---


@pytest.fixture(scope="module")
def raced() -> gx.FitResult:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2)) + 3.0 * rng.integers(3, size=(150, 1))
    result = gx.fit(X, 4, n_init=8, random_state=0)
    assert {"raced_out", "converged"} <= {start.status for start in result.starts}
    return result


def test_traces_of_all_starts_the_best_in_front(raced: gx.FitResult, ax: Any) -> None:
    gx.plotting.traces(raced, ax)
    others = [start for k, start in enumerate(raced.starts) if k != raced.best_start]
    assert len(ax.lines) == len(raced.starts)
    for line, start in zip(ax.lines, [*others, raced.starts[raced.best_start]], strict=True):
        end = [] if start.status == "raced_out" else [start.log_likelihood]
        np.testing.assert_array_equal(line.get_ydata(), [*start.trace, *end])
        np.testing.assert_array_equal(line.get_xdata(), np.arange(len(start.trace) + len(end)))
        # Its mark stands at the last point alone.
        assert line.get_markevery() == [len(line.get_ydata()) - 1]
        assert (line.get_marker() == "x") == (start.status == "raced_out")
    best = ax.lines[-1]
    assert best.get_zorder() > max(line.get_zorder() for line in ax.lines[:-1])
    assert best.get_linewidth() > max(line.get_linewidth() for line in ax.lines[:-1])
    assert sorted(texts(ax.get_legend())) == ["best of 8 starts", "other starts", "raced out"]
    assert ax.get_ylabel() == "log-likelihood"
    assert png(ax.figure)


def test_a_trace_with_a_prior_says_so(ax: Any) -> None:
    X = np.random.default_rng(1).normal(size=(60, 2))
    result = gx.fit(X, 2, prior=gx.Prior(), random_state=0)
    gx.plotting.traces(result, ax)
    assert ax.get_ylabel() == "log-likelihood + log-prior"
    assert ax.lines[0].get_ydata()[-1] == result.log_likelihood + result.log_prior
    assert texts(ax.get_legend()) == ["the only start"]


def test_a_start_without_a_trace_is_no_obstacle(raced: gx.FitResult, ax: Any) -> None:
    starts = list(raced.starts)
    other = 0 if raced.best_start else 1
    starts[other] = dataclasses.replace(
        starts[other], status="degenerate", trace=np.empty(0), log_likelihood=NAN
    )
    gx.plotting.traces(dataclasses.replace(raced, starts=tuple(starts)), ax)
    assert "degenerate" in texts(ax.get_legend())
    assert png(ax.figure)


def test_the_marks_of_the_best_trace_are_where_the_caller_wants_them(
    raced: gx.FitResult, ax: Any
) -> None:
    gx.plotting.traces(raced, ax, markevery=2)
    assert ax.lines[-1].get_markevery() == 2


def test_traces_of_what_is_no_result() -> None:
    with pytest.raises(gx.GaussmixTypeError, match="result must be a FitResult"):
        gx.plotting.traces(gx.Mixture([1.0], [[0.0]], [[[1.0]]]))


# --- criterion ---

CELLS = {
    "VII": {1: 900.0, 2: 700.0, 3: 710.0},
    "EEE": {3: 650.0, 1: 800.0, 2: 640.0},
    "VVV": {1: 790.0, 2: NAN, 3: 660.0},
}


def test_criterion_has_a_line_for_each_structure_and_a_ring(ax: Any) -> None:
    assert gx.plotting.criterion(Selection(CELLS, "EEE", 2), ax) is ax
    *lines, ring = ax.lines
    for line, (code, cells) in zip(lines, CELLS.items(), strict=True):
        assert line.get_label() == code
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), [cells[K] for K in (1, 2, 3)])
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (2, 640.0)
    assert ring.get_markerfacecolor() == "none"
    assert texts(ax.get_legend()) == ["VII", "EEE", "VVV", "best: EEE, 2"]
    assert ax.get_ylabel() == "BIC (lower is better)"
    assert ax.get_xlabel() == "number of components"
    assert png(ax.figure)


def test_fourteen_structures_look_different(ax: Any) -> None:
    cells = {f"S{number:02}": {1: 1.0 + number, 2: 2.0} for number in range(14)}
    gx.plotting.criterion(Selection(cells, "S00", 1), ax)
    lines = ax.lines[:-1]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 14
    figure = ax.figure
    figure.canvas.draw()
    box, frame = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert frame.x0 <= box.x0 < box.x1 <= frame.x1
    assert frame.y0 <= box.y0 < box.y1 <= frame.y1


def test_criterion_leaves_spurious_cells_out(ax: Any) -> None:
    spurious = {("VII", 2): "a few rows"}
    gx.plotting.criterion(Selection(CELLS, "EEE", 2, spurious=spurious), ax)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [900.0, NAN, 710.0])


def test_criterion_shows_a_span_above_the_best(ax: Any) -> None:
    gx.plotting.criterion(Selection(CELLS, "EEE", 2), ax, span=50.0)
    low, high = ax.get_ylim()
    assert low < 640.0
    assert high == 690.0
    with pytest.raises(gx.GaussmixError, match="span must be a positive"):
        gx.plotting.criterion(Selection(CELLS, "EEE", 2), ax, span=0.0)


def test_criterion_of_a_search(ax: Any) -> None:
    found = gx.select(load_iris().data, range(1, 4), ["VVV", "EEE"], random_state=0)
    gx.plotting.criterion(found, ax)
    assert [line.get_label() for line in ax.lines[:-1]] == ["VVV", "EEE"]
    assert ax.lines[-1].get_ydata()[0] == found.best.bic


def test_criterion_draws_into_the_current_axes() -> None:
    first, second = plt.figure().subplots(2)
    plt.sca(first)
    assert gx.plotting.criterion(Selection(CELLS, "EEE", 2, "icl")) is first
    assert first.get_ylabel() == "ICL (lower is better)"
    assert not second.has_data()


@pytest.mark.parametrize("best", [("VVV", 2), ("EEE", 9), ("EVE", 2)])
def test_a_best_cell_without_a_value(best: tuple[str, int]) -> None:
    with pytest.raises(gx.GaussmixError, match="has no finite bic"):
        gx.plotting.criterion(Selection(CELLS, *best))
    assert plt.get_fignums() == []


# --- merge tree ---

# Of components 0 to 4: {1, 3}, then {0, 2}, then {1, 3, 4}, then all.
TREE = Tree(((1, 3), (0, 2), (1, 4), (0, 1)), np.array([0.0, 15.0, 20.0, 50.0, 90.0]))


def feet(line: Any) -> list[tuple[float, float]]:
    """Where the legs of a bracket stand: (place, level)."""
    points = line.get_xydata()
    assert points[1][1] == points[2][1], "the bar is level"
    return [tuple(points[0]), tuple(points[3])]


@pytest.mark.parametrize(
    ("height", "levels"),
    [("clusters", [5, 4, 3, 2, 1]), ("entropy", [90.0, 50.0, 20.0, 15.0, 0.0])],
)
def test_a_bracket_for_every_merge(ax: Any, height: str, levels: list[float]) -> None:
    assert gx.plotting.merge_tree(TREE, ax, height=height) is ax
    leaves = [label.get_text() for label in ax.get_xticklabels()]
    assert sorted(leaves) == ["0", "1", "2", "3", "4"]
    at = {int(name): float(place) for place, name in enumerate(leaves)}
    brackets = [line.get_xydata() for line in ax.lines]
    assert [bracket[1][1] for bracket in brackets] == levels[1:]
    tops = [(bracket[1][0] + bracket[2][0]) / 2 for bracket in brackets]
    low = levels[0]
    assert [sorted(feet(line)) for line in ax.lines] == [
        sorted([(at[1], low), (at[3], low)]),
        sorted([(at[0], low), (at[2], low)]),
        sorted([(tops[0], levels[1]), (at[4], low)]),
        sorted([(tops[1], levels[2]), (tops[2], levels[3])]),
    ]
    assert ax.yaxis_inverted()  # one cluster, and no entropy, on top
    assert png(ax.figure)


def test_no_lines_of_a_tree_cross(ax: Any) -> None:
    """Every cluster is a run of neighbours among the leaves."""
    merges = ((2, 5), (0, 4), (0, 2), (1, 3), (0, 1))
    gx.plotting.merge_tree(Tree(merges, np.arange(6.0)), ax)
    place = {int(label.get_text()): i for i, label in enumerate(ax.get_xticklabels())}
    clusters = {k: {k} for k in range(6)}
    for kept, merged in merges:
        clusters[kept] |= clusters.pop(merged)
        places = sorted(place[k] for k in clusters[kept])
        assert places == list(range(places[0], places[-1] + 1))


def test_entropies_stand_beside_the_steps(ax: Any) -> None:
    gx.plotting.merge_tree(TREE, ax)
    (beside,) = ax.child_axes
    assert [label.get_text() for label in beside.get_yticklabels()] == ["90", "50", "20", "15", "0"]
    np.testing.assert_array_equal(beside.get_yticks(), [5, 4, 3, 2, 1])


def test_the_tree_of_a_fit_has_the_entropy_of_each_number_of_clusters(ax: Any) -> None:
    """One cluster leaves no row in doubt. Far from the others, so do three, but for rounding."""
    mixture = gx.Mixture([0.25] * 4, [[0.0], [1.0], [50.0], [90.0]], [1.0] * 4, "spherical")
    X, _ = mixture.sample(400, random_state=0)
    shares = mixture.responsibilities(X)
    doubt = -np.sum(shares * np.log(np.where(shares > 0, shares, 1.0)))
    assert gx.plotting.merge_tree(gx.merge_components(mixture, X), ax) is ax
    (beside,) = ax.child_axes
    at = dict(zip(beside.get_yticks(), beside.get_yticklabels(), strict=True))
    assert {level: label.get_text() for level, label in at.items()} == {
        **dict.fromkeys((1, 2, 3), "0"),
        4: f"{doubt:.4g}",
    }


@pytest.mark.parametrize("size", [3e-15, 2.0, 253861.4, 3e9])
def test_entropies_and_the_name_of_their_axis_are_cut_off_by_nothing(size: float) -> None:
    """In a figure as pyplot makes it; nor does the tree run into them."""
    ax = gx.plotting.merge_tree(Tree(TREE.merges, size * TREE.entropy / 90.0))
    ax.figure.canvas.draw()
    (beside,) = ax.child_axes
    name = beside.yaxis.label.get_window_extent()
    assert name.x1 <= ax.figure.bbox.x1
    tree = max(ax.transData.transform(line.get_xydata())[:, 0].max() for line in ax.lines)
    for label in beside.get_yticklabels():
        box = label.get_window_extent()
        assert tree < box.x0 < box.x1 < ax.bbox.x1 < name.x0


@pytest.mark.parametrize("count", [12, 25, 60])
def test_labels_of_many_components_do_not_overlap(ax: Any, count: int) -> None:
    merges = tuple((0, k) for k in range(1, count))
    gx.plotting.merge_tree(Tree(merges, 1.5 * np.arange(count)), ax)
    ax.figure.canvas.draw()
    (beside,) = ax.child_axes
    assert [label.get_text() for label in ax.get_xticklabels()] == [*map(str, range(count))]
    for labels in (ax.get_xticklabels(), ax.get_yticklabels(), beside.get_yticklabels()):
        boxes = [label.get_window_extent() for label in labels]
        for one, other in itertools.pairwise(boxes):
            assert not one.overlaps(other)
    # Of steps those are told that leave few clusters, each with its own entropy.
    assert ax.get_yticks()[-1] == 1
    np.testing.assert_array_equal(beside.get_yticks(), ax.get_yticks())
    told = [float(label.get_text()) for label in beside.get_yticklabels()]
    assert told == [1.5 * (clusters - 1) for clusters in ax.get_yticks()]


def test_a_tree_of_one_component(ax: Any) -> None:
    gx.plotting.merge_tree(Tree((), np.array([0.0])), ax)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0"]
    assert png(ax.figure)


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        (((0, 1), (1, 2)), r"joins \(1, 2\)"),
        (((0, 0), (1, 2)), r"joins \(0, 0\)"),
        (((0, 7), (1, 2)), r"joins \(0, 7\)"),
        (((0, 1),), "one pair less than tree.entropy has values"),
    ],
)
def test_a_tree_that_does_not_fit_together(merges: Any, message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        gx.plotting.merge_tree(Tree(merges, np.zeros(3)))
    assert plt.get_fignums() == []


def test_an_unknown_height() -> None:
    with pytest.raises(gx.GaussmixError, match="Did you mean 'entropy'"):
        gx.plotting.merge_tree(TREE, height="entropie")


@pytest.mark.parametrize("wrong", [gx.Mixture([1.0], [[0.0]], [[[1.0]]]), None, {"entropy": 0.0}])
def test_what_is_no_tree_and_no_selection(wrong: Any) -> None:
    with pytest.raises(
        gx.GaussmixTypeError, match=r"^tree must be a MergeTree, .* has no 'merges', 'entropy'"
    ):
        gx.plotting.merge_tree(wrong)
    with pytest.raises(
        gx.GaussmixTypeError, match=rf"selection must be a SelectionResult.*{type(wrong).__name__}"
    ):
        gx.plotting.criterion(wrong)
    with pytest.raises(gx.GaussmixTypeError, match=r"got Tree, which has no 'criterion'"):
        gx.plotting.criterion(TREE)
    with pytest.raises(gx.NotFittedError, match="not fitted yet"):
        gx.plotting.criterion(gx.GaussianMixtureSelector())
    assert plt.get_fignums() == []


def test_fitted_estimators_serve_for_what_they_hold() -> None:
    from matplotlib.figure import Figure

    X = load_iris().data
    model = gx.GaussianMixture(3, random_state=0)
    with pytest.raises(gx.NotFittedError):
        gx.plotting.traces(model)
    lines = [
        gx.plotting.traces(held, Figure().subplots()).lines[0].get_ydata()
        for held in (model.fit(X), model.result_)
    ]
    np.testing.assert_array_equal(*lines)
    selector = gx.GaussianMixtureSelector([1, 2], covariance_types=["EEE"], random_state=0).fit(X)
    labels = [
        [line.get_label() for line in gx.plotting.criterion(held, Figure().subplots()).lines]
        for held in (selector, selector.selection_)
    ]
    assert labels[0] == labels[1]
