"""Weights of rows in pictures: a weight of 2 is the row twice, and 0 is the row left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from pictures import mixture, rows

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("no_figure_is_left")

OF_ROWS = ("scatter", "density", "uncertainty", "responsibilities", "pairs")
COUNTS = np.random.default_rng(3).integers(0, 4, 80)


def draw(name: str, *arguments: Any, **settings: Any) -> Any:
    return getattr(gx.plotting, name)(*arguments, **settings)


def bars(axes: Any) -> Any:
    return np.array([(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches])


def points(axes: Any) -> Any:
    return np.concatenate([drawn.get_offsets() for drawn in axes.collections])


@pytest.mark.parametrize("name", ["density", "scatter"])
def test_the_histogram_lies_under_the_density_of_the_weighted_rows(ax: Any, name: str) -> None:
    """Two groups of as many rows: the one with nine times the weight has nine tenths."""
    random = np.random.default_rng(0)
    X = np.concatenate([random.normal(-5, 1, 500), random.normal(5, 1, 500)])[:, None]
    weight = np.repeat([9.0, 1.0], 500)
    result = gx.fit(X, 2, sample_weight=weight, random_state=0)
    draw(name, result, X, ax, sample_weight=weight)
    left, width, height = bars(ax).T
    assert (width * height)[left + width / 2 < 0].sum() == pytest.approx(0.9)
    # 500 rows in bars: each tells of the density to some 5 standard errors.
    expected = np.exp(result.mixture.log_density((left + width / 2)[:, None]))
    assert np.abs(height - expected).max() < 0.1


def test_a_weight_is_how_often_the_row_is_there_in_the_histogram(ax: Any) -> None:
    X = rows(1)
    X[COUNTS == 0] = 1e3  # would stretch the axis
    gx.plotting.density(mixture(n_features=1), X, ax, sample_weight=COUNTS)
    left, width, height = bars(ax).T
    edges = np.append(left, left[-1] + width[-1])
    repeated, _ = np.histogram(np.repeat(X, COUNTS, axis=0), edges, density=True)
    np.testing.assert_allclose(height, repeated, rtol=1e-12, atol=1e-15)
    assert ax.get_xlim()[1] < 100


@pytest.mark.parametrize("name", ["scatter", "density", "uncertainty"])
def test_rows_without_weight_are_not_drawn(ax: Any, name: str) -> None:
    X = rows()
    draw(name, mixture(), X, ax, sample_weight=COUNTS)
    drawn = points(ax) if name != "density" else ax.collections[0].get_offsets()
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, X[COUNTS > 0, :2]))


def test_pairs_leave_rows_without_weight_out_everywhere() -> None:
    X = rows(2)
    X[COUNTS == 0] = 1e3
    figure = gx.plotting.pairs(mixture(n_features=2), X, sample_weight=COUNTS)
    for axes in figure.axes:
        assert max(*axes.get_xlim(), *axes.get_ylim()) < 100
    _, width, height = bars(figure.axes[0]).T
    assert (width * height).sum() == pytest.approx(1)


def test_responsibilities_leave_rows_without_weight_out(ax: Any) -> None:
    X = rows()
    gx.plotting.responsibilities(mixture(), X, ax, sample_weight=COUNTS)
    alone = gx.plotting.responsibilities(mixture(), X[COUNTS > 0], plt.figure().subplots())
    np.testing.assert_array_equal(ax.images[0].get_array(), alone.images[0].get_array())


@pytest.mark.parametrize(("settings", "usual"), [({}, 22.0), ({"s": 40}, 40.0)])
def test_areas_are_as_the_weights_and_are_the_usual_ones_on_average(
    ax: Any, settings: dict[str, Any], usual: float
) -> None:
    model, X, weight = mixture(), rows(), COUNTS * 0.3
    gx.plotting.scatter(model, X, ax, sample_weight=weight, **settings)
    kept, areas = X[COUNTS > 0], weight[COUNTS > 0]
    labels = model.assign(kept)
    for k, drawn in enumerate(ax.collections):
        wanted = usual * areas[labels == k] / areas.mean()
        np.testing.assert_allclose(drawn.get_sizes(), wanted, rtol=1e-12)


def test_the_unit_of_the_weights_does_not_matter(ax: Any) -> None:
    other = plt.figure().subplots()
    gx.plotting.scatter(mixture(), rows(), ax, s=300, sample_weight=COUNTS)
    gx.plotting.scatter(mixture(), rows(), other, s=300, sample_weight=COUNTS * 2.0**1016)
    for once, large in zip(ax.collections, other.collections, strict=True):
        np.testing.assert_allclose(large.get_sizes(), once.get_sizes(), rtol=1e-12)


def test_areas_below_contours_are_as_the_weights(ax: Any) -> None:
    gx.plotting.density(mixture(n_features=2), rows(2), ax, sample_weight=COUNTS)
    areas = ax.collections[0].get_sizes()
    np.testing.assert_allclose(areas / areas.sum(), COUNTS[COUNTS > 0] / COUNTS.sum())


def test_classes_of_uncertainty_are_those_of_the_repeated_rows(ax: Any) -> None:
    X = rows()
    gx.plotting.uncertainty(mixture(), X, ax, sample_weight=COUNTS)
    other = plt.figure().subplots()
    gx.plotting.uncertainty(mixture(), np.repeat(X, COUNTS, axis=0), other)
    for weighted, repeated in zip(ax.collections, other.collections, strict=True):
        assert set(map(tuple, weighted.get_offsets())) == set(map(tuple, repeated.get_offsets()))
    # Not those of each row once.
    once = plt.figure().subplots()
    gx.plotting.uncertainty(mixture(), X[COUNTS > 0], once)
    lengths = [[len(drawn.get_offsets()) for drawn in a.collections] for a in (ax, once)]
    assert lengths[0] != lengths[1]


@pytest.mark.parametrize("name", OF_ROWS)
def test_equal_weights_change_nothing(name: str) -> None:
    plain = draw(name, mixture(), rows())
    weighted = draw(name, mixture(), rows(), sample_weight=np.full(80, 0.1), **new_place(name))
    first, second = (image(picture) for picture in (plain, weighted))
    np.testing.assert_array_equal(first, second)


def new_place(name: str) -> dict[str, Any]:
    return {} if name == "pairs" else {"ax": plt.figure().subplots()}


def image(picture: Any) -> Any:
    canvas = picture.canvas if hasattr(picture, "canvas") else picture.figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("name", OF_ROWS)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(79), r"one weight per row, shape \(80,\)"),
        (-np.ones(80), "finite and not negative"),
        (np.zeros(80), "zero in every row"),
    ],
)
def test_bad_weights_are_refused_before_anything_is_drawn(
    name: str, weight: Any, message: str
) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        draw(name, mixture(), rows(), sample_weight=weight)
    assert plt.get_fignums() == []


def test_weights_need_rows() -> None:
    with pytest.raises(gx.GaussmixError, match=r"sample_weight .* rows of X, .* no X"):
        gx.plotting.density(mixture(), sample_weight=np.ones(80))
    assert plt.get_fignums() == []
