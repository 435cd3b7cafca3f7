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
