"""Pictures of mixtures and rows: what is drawn is what the mixture says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gaussmix as gx
from pictures import CHI_SQUARE, MEANS, matrices, mixture, png, rows, squared_distances, texts

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("no_figure_is_left")

STRUCTURES = ("full", "tied", "diag", "spherical")
NAMES = ("length", "width", "depth")


def outlines(axes: Any) -> list[Any]:
    """The closed curves; marks of means are single points."""
    return [line.get_xydata() for line in axes.lines if len(line.get_xydata()) > 1]


# --- ellipses ---


@pytest.mark.parametrize("draw", [gx.plotting.ellipses, gx.plotting.density])
def test_a_level_that_is_given_twice_is_drawn_once(draw: Any) -> None:
    figure = plt.figure()
    once, twice = figure.subplots(1, 2)
    draw(mixture(n_features=2), ax=once, levels=[0.5, 0.9])
    draw(mixture(n_features=2), ax=twice, levels=[0.9, 0.5, 0.9])
    shapes = [[artist.get_paths() for artist in ax.collections] for ax in (once, twice)]
    assert [*map(len, shapes[1])] == [*map(len, shapes[0])]
    for theirs, ours in zip(outlines(once), outlines(twice), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    plt.close(figure)


@pytest.mark.parametrize("features", [(0, 1), (2, 0)])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_ellipses_hold_their_share(ax: Any, structure: str, features: tuple[int, int]) -> None:
    gx.plotting.ellipses(mixture(structure), ax, features, levels=list(CHI_SQUARE))
    drawn = iter(outlines(ax))
    for mean, covariance in zip(MEANS, matrices(structure), strict=True):
        centre, block = mean[list(features)], covariance[np.ix_(features, features)]
        for wanted in CHI_SQUARE.values():
            curve = next(drawn)
            np.testing.assert_allclose(squared_distances(curve, centre, block), wanted, rtol=1e-10)
            # All the way round, and closed: the polygon has nearly the area of the ellipse.
            x, y = (curve - centre).T
            area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
            full = np.pi * wanted * np.sqrt(np.linalg.det(block))
            assert 0.999 < area / full < 1
    assert not list(drawn)


def test_means_are_marked(ax: Any) -> None:
    gx.plotting.ellipses(mixture(), ax, features=(1, 2))
    marks = [line.get_xydata()[0] for line in ax.lines if len(line.get_xydata()) == 1]
    np.testing.assert_array_equal(marks, MEANS[:, 1:])
    assert texts(ax.legend()) == ["component 0", "component 1"]


@pytest.mark.parametrize("name", ["color", "c"])
def test_the_style_of_the_caller_wins_under_any_name(ax: Any, name: str) -> None:
    gx.plotting.ellipses(mixture(), ax, lw=5, **{name: "red"})
    curves = [line for line in ax.lines if len(line.get_xydata()) > 1]
    assert {line.get_color() for line in ax.lines} == {"red"}
    assert {line.get_linewidth() for line in curves} == {5}


# --- scatter ---


def test_rows_are_drawn_by_their_label_with_colours_and_markers_apart(ax: Any) -> None:
    X = rows()
    gx.plotting.scatter(mixture(), X, ax, features=(2, 1))
    labels = np.argmax(mixture().responsibilities(X), axis=1)
    for k, points in enumerate(ax.collections):
        np.testing.assert_array_equal(points.get_offsets(), X[labels == k][:, [2, 1]])
    first, second = ax.collections
    assert not np.array_equal(first.get_facecolor(), second.get_facecolor())
    paths = [points.get_paths()[0].vertices for points in ax.collections]
    assert paths[0].shape != paths[1].shape
    assert texts(ax.get_legend()) == ["0", "1"]
    assert len(outlines(ax)) == 4


def test_the_legend_of_many_components_leaves_room_for_the_rows(ax: Any) -> None:
    means = np.random.default_rng(0).normal(size=(30, 2)) * 6
    many = gx.Mixture([1 / 30] * 30, means, [1.0] * 30, "spherical")
    gx.plotting.scatter(many, many.sample(300, random_state=0)[0], ax)
    ax.figure.canvas.draw()
    legend, frame = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert texts(ax.get_legend()) == [str(k) for k in range(30)]
    assert legend.width * legend.height < 0.1 * frame.width * frame.height


def test_scatter_passes_the_style_on(ax: Any) -> None:
    gx.plotting.scatter(mixture(), rows(), ax, legend=False, color="red", s=7)
    assert {tuple(map(tuple, p.get_facecolor())) for p in ax.collections} == {((1, 0, 0, 1),)}
    assert {float(p.get_sizes()[0]) for p in ax.collections} == {7.0}
    assert ax.get_legend() is None


def test_scatter_of_one_feature_is_a_curve_over_the_rows(ax: Any) -> None:
    model, X = mixture(n_features=1), rows(1)
    gx.plotting.scatter(model, X, ax)
    total, *parts = [line.get_xydata() for line in ax.lines]
    np.testing.assert_allclose(total[:, 1], np.exp(model.log_density(total[:, :1])), rtol=1e-10)
    np.testing.assert_allclose(sum(part[:, 1] for part in parts), total[:, 1], rtol=1e-10)
    below = np.concatenate([points.get_offsets() for points in ax.collections])
    np.testing.assert_array_equal(np.sort(below[:, 0]), np.sort(X[:, 0]))
    assert (below[:, 1] < 0).all()
    assert ax.get_ylim()[0] < below[:, 1].min()
    assert ax.get_ylabel() == "density"


# --- pairs, uncertainty, responsibilities ---


def test_pairs_of_all_features() -> None:
    X = rows()
    figure = gx.plotting.pairs(mixture(names=NAMES), X)
    grid = np.array(figure.axes).reshape(3, 3)
    for i in range(3):
        for j in range(3):
            if i == j:
                curve = grid[i, i].lines[0].get_xydata()
                alone = gx.Mixture([0.3, 0.7], MEANS[:, [i]], matrices("full")[:, [[i]], [[i]]])
                density = np.exp(alone.log_density(curve[:, :1]))
                np.testing.assert_allclose(curve[:, 1], density, rtol=1e-10)
            else:
                drawn = np.concatenate([p.get_offsets() for p in grid[i, j].collections])
                wanted = X[:, [j, i]]
                assert sorted(map(tuple, drawn)) == sorted(map(tuple, wanted))
    assert [axes.get_xlabel() for axes in grid[-1]] == list(NAMES)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == list(NAMES)
    assert grid[0, 1].get_xlim() == grid[1, 1].get_xlim() == grid[2, 1].get_xlim()
    assert grid[1, 0].get_ylim() == grid[1, 2].get_ylim()
    assert png(figure)


def test_pairs_fill_a_given_figure_with_chosen_features() -> None:
    mine = plt.figure(layout="constrained")
    assert gx.plotting.pairs(mixture(), rows(), mine, features=(2, 0)) is mine
    assert len(mine.axes) == 4
    assert plt.get_fignums() == [mine.number]


def test_uncertainty_puts_the_rows_in_classes_by_quantiles(ax: Any) -> None:
    X = rows(count=200)
    gx.plotting.uncertainty(mixture(), X, ax)
    doubt = mixture().responsibilities(X).min(axis=1)  # of two
    classes = [points.get_offsets().data for points in ax.collections]
    order = np.argsort(doubt, kind="stable")
    assert [len(points) for points in classes] == [150, 40, 10]
    for points, members in zip(classes, np.split(order, [150, 190]), strict=True):
        assert sorted(map(tuple, points)) == sorted(map(tuple, X[members, :2]))
    greys = [points.get_facecolor()[0, 0] for points in ax.collections]
    assert greys == sorted(greys, reverse=True)
    sizes = [points.get_sizes()[0] for points in ax.collections]
    assert sizes == sorted(sizes)


def test_rows_of_clusters_far_apart_keep_their_order_of_uncertainty(ax: Any) -> None:
    """1 - r is 0 for all of them; the other responsibility is exp(-a) with a linear in x."""
    model = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [12.0, 0.0]], [1.0, 1.0], "spherical")
    X = np.column_stack([np.arange(80) * -0.02, np.zeros(80)])
    gx.plotting.uncertainty(model, X, ax)
    classes = [points.get_offsets().data for points in ax.collections]
    for points, wanted in zip(classes, (X[20:], X[4:20], X[:4]), strict=True):
        np.testing.assert_array_equal(points, wanted)
    first = ax.get_legend().get_texts()[0].get_text()
    assert first == f"to {np.exp(-72 - 12 * 0.4):.2g} (75 %)"  # the row at x = -0.4 ends the class


def test_uncertainty_of_one_feature_is_the_height(ax: Any) -> None:
    model, X = mixture(n_features=1), rows(1)
    gx.plotting.uncertainty(model, X, ax)
    drawn = np.concatenate([points.get_offsets() for points in ax.collections])
    doubt = 1 - model.responsibilities(drawn[:, :1]).max(axis=1)
    np.testing.assert_allclose(drawn[:, 1], doubt, atol=1e-15)


def test_without_doubt_all_rows_are_in_the_first_class(ax: Any) -> None:
    gx.plotting.uncertainty(gx.Mixture([1.0], [[0.0, 0.0]], [1.0], "spherical"), rows(2), ax)
    assert [len(points.get_offsets()) for points in ax.collections] == [80, 0, 0]


def test_responsibilities_are_sorted_by_label_and_certainty(ax: Any) -> None:
    X = rows()
    gx.plotting.responsibilities(mixture(), X, ax)
    drawn = np.asarray(ax.images[0].get_array())
    given = mixture().responsibilities(X)
    assert sorted(map(tuple, drawn.T)) == sorted(map(tuple, given))
    labels, surest = drawn.argmax(axis=0), drawn.max(axis=0)
    assert (np.diff(labels) >= 0).all()
    for k in (0, 1):
        assert (np.diff(surest[labels == k]) <= 0).all()
    assert len(ax.figure.axes) == 2  # the scale beside it
    (border,) = ax.lines
    assert border.get_xdata()[0] == (labels == 0).sum() - 0.5


# --- what all of them share ---

OF_ROWS = ("scatter", "density", "uncertainty", "responsibilities")
PLANES = ("scatter", "density", "uncertainty", "ellipses")


def draw(name: str, model: Any, X: Any, **settings: Any) -> Any:
    arguments = (model,) if name == "ellipses" else (model, X)
    return getattr(gx.plotting, name)(*arguments, **settings)


@pytest.mark.parametrize("name", [*OF_ROWS, "ellipses"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_picture_of_every_structure_renders(name: str, structure: str) -> None:
    axes = draw(name, mixture(structure), rows())
    assert axes is axes.figure.axes[0]
    assert png(axes.figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", [*OF_ROWS, "ellipses"])
def test_given_axes_are_used_and_otherwise_the_current_ones(name: str) -> None:
    first, second = plt.figure().subplots(2)
    assert plt.gca() is second
    assert draw(name, mixture(), rows(), ax=first) is first
    assert not second.has_data()
    assert draw(name, mixture(), rows()) is second


@pytest.mark.parametrize("name", PLANES)
def test_names_of_features_stand_at_the_axes(name: str) -> None:
    frame = pd.DataFrame(rows(), columns=list(NAMES))
    named = draw(name, mixture(names=NAMES), rows(), features=("depth", "length"))
    assert (named.get_xlabel(), named.get_ylabel()) == ("depth", "length")
    unnamed = draw(name, mixture(), rows(), ax=plt.figure().subplots())
    assert (unnamed.get_xlabel(), unnamed.get_ylabel()) == ("x0", "x1")
    if name != "ellipses":
        framed = draw(name, mixture(), frame, features=(1, "depth"), ax=plt.figure().subplots())
        assert (framed.get_xlabel(), framed.get_ylabel()) == ("width", "depth")


def test_features_without_names_are_called_as_in_the_summary(ax: Any) -> None:
    result = gx.fit(rows(2), 2, random_state=0)
    gx.plotting.scatter(result, rows(2), ax)
    for label in (ax.get_xlabel(), ax.get_ylabel()):
        assert f"{label}: mean (sd)" in result.summary()


def test_results_and_estimators_stand_for_their_mixture() -> None:
    X = rows(2)
    estimator = gx.GaussianMixture(2, random_state=0).fit(X)
    pictures = [
        png(gx.plotting.scatter(model, X, ax=plt.figure().subplots()).figure)
        for model in (estimator, estimator.result_, estimator.result_.mixture)
    ]
    assert pictures[0] == pictures[1] == pictures[2]
    with pytest.raises(gx.NotFittedError):
        gx.plotting.scatter(gx.GaussianMixture(2), X)


def test_no_settings_change_and_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("a window was shown"))
    before = dict(matplotlib.rcParams)
    for name in [*OF_ROWS, "ellipses", "pairs"]:
        draw(name, mixture(), rows())
    assert dict(matplotlib.rcParams) == before


# --- refusals, before anything is drawn ---


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("scatter", {"features": (0, 3)}, "must be an integer <= 2, got 3"),
        ("scatter", {"features": (0, -1)}, "must be an integer >= 0"),
        ("ellipses", {"features": (1, 1)}, "different from one another"),
        ("ellipses", {"features": 0}, "ellipses need two features"),
        ("density", {"features": (0, 1, 2)}, "one or two features, got 3.*pairs"),
        ("density", {"features": ()}, "one or two features, got 0"),
        ("scatter", {"features": ("length", "widht")}, "Did you mean 'width'"),
        ("uncertainty", {"features": (0.5, 1)}, "must be an integer"),
        ("uncertainty", {"quantiles": (0.5, 1.0)}, "quantiles must be shares"),
        ("ellipses", {"levels": 95}, "levels must be shares"),
        ("density", {"levels": []}, "levels must be shares"),
        ("density", {"levels": [0.5, 0.999999]}, "levels .* from 1e-05 to 0.99999, but 0.999999 "),
        ("density", {"levels": [1e-6, 0.5]}, "levels .* from 1e-05 to 0.99999, but 1e-06 "),
        ("pairs", {"features": []}, "at least one feature"),
        ("scatter", {"legend": 1}, "legend must be True or False"),
        ("scatter", {"ax": "here"}, "ax must be None .* or matplotlib Axes"),
        ("pairs", {"figure": "here"}, "figure must be None .* or a matplotlib Figure"),
    ],
)
def test_bad_settings(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        draw(name, mixture(names=NAMES), rows(), **settings)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", [*OF_ROWS, "pairs"])
def test_bad_rows(name: str) -> None:
    with pytest.raises(gx.GaussmixError, match="has 2 features, but the mixture is expecting 3"):
        draw(name, mixture(), rows(2))
    with pytest.raises(gx.GaussmixError, match="contains NaN"):
        draw(name, mixture(), np.full((4, 3), np.nan))
    with pytest.raises(gx.GaussmixError, match="feature names should match"):
        draw(name, mixture(names=NAMES), pd.DataFrame(rows(), columns=["a", "b", "c"]))
    assert plt.get_fignums() == []


def test_a_name_where_there_are_none() -> None:
    with pytest.raises(gx.GaussmixError, match="give positions, 0 to 2"):
        gx.plotting.scatter(mixture(), rows(), features=("length", "width"))


def test_one_feature_where_two_are_needed() -> None:
    with pytest.raises(gx.GaussmixError, match=r"ellipses need two features.*plotting\.density"):
        gx.plotting.ellipses(mixture(n_features=1))
    with pytest.raises(gx.GaussmixError, match="must be an integer <= 0, got 1"):
        gx.plotting.scatter(mixture(n_features=1), rows(1), features=(0, 1))


def test_no_mixture() -> None:
    with pytest.raises(
        gx.GaussmixTypeError, match=r"mixture must be a FitResult, .* a Mixture or a fitted"
    ):
        gx.plotting.ellipses(np.zeros((2, 2)))


def test_too_many_pairs_are_not_drawn_unasked() -> None:
    wide = gx.Mixture([1.0], np.zeros((1, 11)), [1.0], "spherical")
    with pytest.raises(gx.GaussmixError, match="11 features make 121 pictures"):
        gx.plotting.pairs(wide, np.zeros((3, 11)))


# --- the dependency ---


def test_matplotlib_is_loaded_when_a_picture_is_drawn_and_not_before() -> None:
    code = (
        "import sys, gaussmix as gx\n"
        "assert 'gaussmix.plotting' not in sys.modules\n"
        "assert gx.plotting.__name__ == 'gaussmix.plotting'\n"
        "assert 'matplotlib' not in sys.modules\n"
        "sys.modules['matplotlib'] = None\n"
        "try:\n"
        "    gx.plotting.ellipses(gx.Mixture([1.0], [[0.0, 0.0]], [1.0], 'spherical'))\n"
        "except gx.MissingDependencyError as error:\n"
        "    assert 'gaussmix[plot]' in str(error)\n"
        "else:\n"
        "    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_attribute_of_the_package_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'plots'"):
        gx.plots  # noqa: B018


def test_given_axes_need_no_pyplot() -> None:
    """An application that embeds figures of its own must not get pyplot's windows."""
    code = (
        "import sys, gaussmix as gx\n"
        "from matplotlib.figure import Figure\n"
        "model = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [3.0, 3.0]], [1.0, 1.0], 'spherical')\n"
        "X, _ = model.sample(50, random_state=0)\n"
        "for name in ('scatter', 'density', 'uncertainty', 'responsibilities'):\n"
        "    getattr(gx.plotting, name)(model, X, ax=Figure().subplots())\n"
        "gx.plotting.pairs(model, X, Figure())\n"
        "gx.plotting.traces(gx.fit(X, 2, random_state=0), Figure().subplots())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
