"""Contours of a density: lines of equal density around the share of the probability they name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from pictures import CHI_SQUARE, MEANS, matrices, mixture, png, rows, squared_distances

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("no_figure_is_left")

STRUCTURES = ("full", "tied", "diag", "spherical")
NAMES = ("length", "width", "depth")


@pytest.mark.parametrize("structure", STRUCTURES)
def test_contours_are_lines_of_equal_density(ax: Any, structure: str) -> None:
    model = mixture(structure, n_features=2)
    gx.plotting.density(model, ax=ax, levels=[0.5, 0.9])
    contours = ax.collections[-1]
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        # Contours are linear between the points of the grid: a few thousandths of a nat.
        np.testing.assert_allclose(model.log_density(path.vertices), level, atol=5e-3)


def test_contours_of_two_features_of_three_are_those_of_the_marginal(ax: Any) -> None:
    gx.plotting.density(mixture(), ax=ax, features=(0, 2), levels=0.8)
    chosen = np.ix_([0, 1], [0, 2], [0, 2])
    other = gx.Mixture([0.3, 0.7], MEANS[:, [0, 2]], matrices("full")[chosen])
    (path,), (level,) = ax.collections[-1].get_paths(), ax.collections[-1].levels
    np.testing.assert_allclose(other.log_density(path.vertices), level, atol=5e-3)


def test_a_contour_holds_its_share(ax: Any) -> None:
    """Of one Gaussian it is the ellipse of that share; 40,000 draws place it to half a percent."""
    model = gx.Mixture([1.0], [[1.0, 2.0]], [[[2.0, 0.6], [0.6, 1.0]]])
    gx.plotting.density(model, ax=ax, levels=list(CHI_SQUARE))
    paths = reversed(ax.collections[-1].get_paths())
    for share, path in zip(CHI_SQUARE, paths, strict=True):
        within = squared_distances(path.vertices, [1.0, 2.0], model.covariances[0])
        np.testing.assert_allclose(1 - np.exp(-within / 2), share, atol=5e-3)


@pytest.mark.parametrize(
    ("share", "label"), [(1e-5, "0.001 %"), (3e-4, "0.03 %"), (0.9999, "99.99 %"),
                         (0.99999, "99.999 %")],
)  # fmt: skip
def test_contours_of_extreme_shares(ax: Any, share: float, label: str) -> None:
    """At least 40 draws are on either side: their number is right to a sixth, four times over."""
    model = gx.Mixture([1.0], [[1.0, 2.0]], [[[2.0, 0.6], [0.6, 1.0]]])
    gx.plotting.density(model, ax=ax, levels=[share])
    (path,) = ax.collections[-1].get_paths()
    within = squared_distances(path.vertices, [1.0, 2.0], model.covariances[0])
    outside = np.exp(-within / 2)
    rarer = outside if share > 0.5 else -np.expm1(-within / 2)
    np.testing.assert_allclose(rarer, min(share, 1 - share), rtol=4 / 6)
    assert len(path.vertices) > 40
    for values, (low, high) in zip(path.vertices.T, (ax.get_xlim(), ax.get_ylim()), strict=True):
        assert low < values.min() < values.max() < high
    assert [text.get_text() for text in ax.texts] == [label]
    assert png(ax.figure)


def test_a_small_contour_is_where_two_components_are_densest_together(ax: Any) -> None:
    model = gx.Mixture([0.5, 0.5], [[-0.9, 0.0], [0.9, 0.0]], [1.0, 1.0], "spherical")
    gx.plotting.density(model, ax=ax, levels=[0.001])
    vertices = ax.collections[-1].get_paths()[0].vertices
    assert abs(vertices).max() < 0.25
    np.testing.assert_allclose(vertices.mean(axis=0), 0, atol=0.05)


def test_contours_are_labelled_with_their_shares_and_lie_in_the_picture(ax: Any) -> None:
    gx.plotting.density(mixture(n_features=2), rows(2), ax, levels=[0.5, 0.99])
    assert sorted(text.get_text() for text in ax.texts) == ["50 %", "99 %"]
    vertices = np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])
    for values, (low, high) in zip(vertices.T, (ax.get_xlim(), ax.get_ylim()), strict=True):
        assert low < values.min() < values.max() < high


def test_a_narrow_component_is_not_missed(ax: Any) -> None:
    model = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [500.0, 500.0]], [1e-4, 400.0], "spherical")
    gx.plotting.density(model, ax=ax, levels=0.9)
    vertices = ax.collections[-1].get_paths()[0].vertices
    near = vertices[np.abs(vertices).max(axis=1) < 1]
    assert len(near) > 8
    np.testing.assert_allclose(np.hypot(*near.T), 0.05, atol=0.02)


def test_density_of_one_feature(ax: Any) -> None:
    gx.plotting.density(mixture(names=NAMES), rows(), ax, features="depth")
    x, y = ax.lines[0].get_xydata().T
    variances, means = matrices("full")[:, 2, 2], MEANS[:, 2]
    normal = np.exp(-((x[:, None] - means) ** 2) / variances / 2) / np.sqrt(2 * np.pi * variances)
    np.testing.assert_allclose(y, normal @ [0.3, 0.7], rtol=1e-10)
    histogram = sum(bar.get_height() * bar.get_width() for bar in ax.patches)
    assert histogram == pytest.approx(1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("depth", "density")
