"""The caller's settings of matplotlib, wherever a picture says that it passes them on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from pictures import mixture, png, rows

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("no_figure_is_left")

RED = (1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["color", "c", "colors"])
def test_contours_take_one_colour_under_any_name(ax: Any, name: str) -> None:
    gx.plotting.density(mixture(n_features=2), ax=ax, levels=(0.5, 0.9), **{name: "red"})
    assert {tuple(map(float, colour)) for colour in ax.collections[-1].get_edgecolor()} == {RED}


@pytest.mark.parametrize("width", ["lw", "linewidth", "linewidths"])
@pytest.mark.parametrize("line", ["ls", "linestyle", "linestyles"])
def test_contours_take_lines_under_any_name(ax: Any, width: str, line: str) -> None:
    settings: dict[str, Any] = {width: 3.0, line: "dashed"}
    gx.plotting.density(mixture(n_features=2), ax=ax, levels=(0.5, 0.9), **settings)
    contours = ax.collections[-1]
    assert set(contours.get_linewidth()) == {3.0}
    assert all(pattern is not None for _, pattern in contours.get_linestyle())


def test_contours_take_a_map_of_colours(ax: Any) -> None:
    gx.plotting.density(mixture(n_features=2), ax=ax, levels=(0.5, 0.9), cmap="viridis")
    assert ax.collections[-1].get_cmap().name == "viridis"
    assert png(ax.figure)


@pytest.mark.parametrize("name", ["color", "colors"])
def test_the_curve_of_one_feature_takes_the_names_of_contours(ax: Any, name: str) -> None:
    gx.plotting.density(mixture(n_features=1), ax=ax, **{name: "red"})
    assert ax.lines[0].get_color() == "red"


@pytest.mark.parametrize("n_features", [1, 2])
def test_rows_take_a_label(ax: Any, n_features: int) -> None:
    gx.plotting.scatter(mixture(n_features=n_features), rows(n_features), ax, label="rows")
    assert [points.get_label() for points in ax.collections] == ["rows", "rows"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1"]


def test_rows_of_all_pairs_take_a_label() -> None:
    figure = gx.plotting.pairs(mixture(n_features=2), rows(2), label="rows")
    assert [points.get_label() for points in figure.axes[1].collections] == ["rows", "rows"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0", "1"]


@pytest.mark.parametrize("picture", [gx.plotting.scatter, gx.plotting.uncertainty])
@pytest.mark.parametrize("marker", ["x", "+", "1"])
def test_markers_without_an_inside_are_drawn_in_the_colour_of_the_rows(
    ax: Any, picture: Any, marker: str
) -> None:
    filled = picture(mixture(), rows(), plt.figure().subplots()).collections
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture(mixture(), rows(), ax, marker=marker)
        assert png(ax.figure)
    for points, usual in zip(ax.collections, filled, strict=True):
        np.testing.assert_array_equal(points.get_edgecolor(), usual.get_facecolor())
        assert points.get_linewidth()[0] >= 1  # a cross is nothing but its lines


def test_markers_with_an_inside_keep_their_white_edge(ax: Any) -> None:
    gx.plotting.scatter(mixture(), rows(), ax, marker="D")
    for points in ax.collections:
        np.testing.assert_array_equal(points.get_edgecolor(), [[1, 1, 1, 1]])


# --- a setting for each row ---

N = 80
VALUES = np.random.default_rng(0).permutation(N) / (N - 1.0)
SIZES = 5 + 40 * VALUES


def by_row(axes: Any, read: Any) -> Any:
    """What is drawn of each row, in the order of the rows, which differ in both features."""
    place = {tuple(row): number for number, row in enumerate(rows()[:, :2])}
    found: dict[int, Any] = {}
    for points in axes.collections:
        values = read(points)
        for number, offset in enumerate(points.get_offsets()):
            found[place[tuple(offset)]] = values[number if len(values) > 1 else 0]
    return np.array([found[number] for number in sorted(found)])


@pytest.mark.parametrize("picture", [gx.plotting.scatter, gx.plotting.uncertainty])
@pytest.mark.parametrize("listed", [np.asarray, list])
def test_each_row_takes_its_own_area_and_its_own_colour(ax: Any, picture: Any, listed: Any) -> None:
    picture(mixture(), rows(), ax, s=listed(SIZES), c=listed(VALUES), cmap="viridis", alpha=0.5)
    np.testing.assert_array_equal(by_row(ax, lambda points: points.get_sizes()), SIZES)
    wanted = matplotlib.colormaps["viridis"](VALUES) * [1, 1, 1, 0.5]
    np.testing.assert_allclose(by_row(ax, lambda points: points.get_facecolor()), wanted)
    assert png(ax.figure)


@pytest.mark.parametrize("name", ["c", "color", "facecolors"])
def test_each_row_takes_a_colour_under_any_name(ax: Any, name: str) -> None:
    colours = np.where(VALUES < 0.5, "red", "blue")
    gx.plotting.scatter(mixture(), rows(), ax, **{name: list(colours)})
    wanted = matplotlib.colors.to_rgba_array(colours)
    np.testing.assert_array_equal(by_row(ax, lambda points: points.get_facecolor()), wanted)


def test_values_of_colour_have_the_limits_of_the_caller(ax: Any) -> None:
    gx.plotting.scatter(mixture(), rows(), ax, c=10 * VALUES, vmin=-10, vmax=30)
    wanted = matplotlib.colormaps[matplotlib.rcParams["image.cmap"]]((10 * VALUES + 10) / 40)
    np.testing.assert_allclose(by_row(ax, lambda points: points.get_facecolor()), wanted)


def test_each_row_takes_its_own_settings_with_weights(ax: Any) -> None:
    weight = np.random.default_rng(1).integers(0, 3, N)
    kept = weight > 0
    gx.plotting.scatter(
        mixture(), rows(), ax, s=SIZES, alpha=VALUES, color="red", sample_weight=weight
    )
    areas = (SIZES * weight)[kept] / weight[kept].mean()
    np.testing.assert_allclose(by_row(ax, lambda points: points.get_sizes()), areas)
    alpha = by_row(ax, lambda points: points.get_facecolor()[:, 3])
    np.testing.assert_allclose(alpha, VALUES[kept])


def test_pairs_take_settings_for_each_row() -> None:
    figure = gx.plotting.pairs(mixture(n_features=2), rows(2), s=SIZES, c=VALUES)
    drawn = np.concatenate([points.get_sizes() for points in figure.axes[1].collections])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(SIZES))
    plt.close(figure)


def test_a_component_without_rows_is_no_obstacle_to_settings_for_each_row(ax: Any) -> None:
    far = gx.Mixture([0.5, 0.5], [[0.0] * 3, [900.0] * 3], [1.0, 1.0], "spherical")
    gx.plotting.scatter(far, rows(), ax, s=SIZES, c=VALUES, alpha=VALUES, lw=SIZES / 40)
    assert [len(points.get_offsets()) for points in ax.collections] == [N, 0]
    assert png(ax.figure)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"s": np.ones(79)}, r"s must be one value or one for each of the 80 rows of X, got 79"),
        ({"c": VALUES[1:]}, r"c must be one value or one for each of the 80 rows of X, got 79"),
        ({"alpha": [0.5, 0.6]}, r"alpha must be one value .* got 2"),
        ({"color": VALUES[1:]}, r"color must be one value .* got 79"),
    ],
)
def test_settings_for_another_number_of_rows(settings: dict[str, Any], message: str) -> None:
    for picture in (gx.plotting.scatter, gx.plotting.uncertainty, gx.plotting.pairs):
        with pytest.raises(gx.GaussmixError, match=message):
            picture(mixture(), rows(), **settings)
    assert plt.get_fignums() == []
