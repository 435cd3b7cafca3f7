"""Rows with their components: the picture of a clustering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import Fitted
from gaussmix._marginal import Features
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix._validation import check_switch
from gaussmix.plotting._canvas import axes_or_current
from gaussmix.plotting._curve import draw_curve
from gaussmix.plotting._ellipses import DEFAULT_LEVELS, draw_ellipses
from gaussmix.plotting._levels import check_levels
from gaussmix.plotting._palette import look
from gaussmix.plotting._row_style import RowStyle
from gaussmix.plotting._view import View, view

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_COMPONENTS_PER_COLUMN = 6  # of the legend
_MOST_COLUMNS = 2  # of the usual spacing
_CLOSE = {
    "fontsize": "x-small",
    "title_fontsize": "x-small",
    "handlelength": 1.0,
    "handletextpad": 0.2,
    "columnspacing": 0.7,
    "labelspacing": 0.2,
    "borderpad": 0.3,
}


def scatter(
    mixture: Fitted,
    X: ArrayLike,
    ax: Axes | None = None,
    features: Features | None = None,
    levels: ArrayLike = DEFAULT_LEVELS,
    legend: bool = True,
    *,
    sample_weight: ArrayLike | None = None,
    **style: Any,
) -> Axes:
    """Draw the rows, each in the colour and with the marker of its most probable component.

    With two features the components are drawn as ellipses, see `ellipses`; with one feature as
    curves, see `density`, and the rows stand below them.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D)
        All features of the mixture: the labels come from them all.
    ax : matplotlib Axes, optional
        None: the current axes.
    features : int, str or pair of them, optional
        Positions or names of the features to show. None: the first two, or the only one.
    levels : float or sequence of float, default (0.5, 0.95)
        Shares of probability that the ellipses hold.
    legend : bool, default True
        Whether to add a legend of the components.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows: the areas of their marks are in proportion, with ``s`` for
        their mean. Rows of weight zero are left out.
    **style
        Passed on to ``Axes.scatter``, for example ``s`` or ``alpha``. Areas, colours, widths of
        edges and alpha may be one for all or one for each row of `X`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, `sample_weight` does not fit it, a feature is unknown,
        or a level is no share.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> from gaussmix.datasets import load_iris
    >>> iris = load_iris()
    >>> result = gx.fit(iris.data, 3, random_state=0)
    >>> ax = gx.plotting.scatter(result, iris.data, ax, features=(2, 3), s=12)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x2', 'x3')
    """
    seen = view(mixture, X, features, sample_weight)
    shares = check_levels(levels)
    with_legend = check_switch(legend, "legend")
    looks = RowStyle({"s": 22.0} | style, seen).by_weight(seen)
    axes = axes_or_current(ax)
    if len(seen.columns) == 1:
        drawn = _draw_line(axes, seen, looks)
        axes.set(xlabel=seen.names[0], ylabel="density")
    else:
        drawn = draw_plane(axes, seen, shares, looks)
        axes.set(xlabel=seen.names[0], ylabel=seen.names[1])
    if with_legend:
        _add_legend(axes, drawn)
    return axes


def _add_legend(axes: Axes, drawn: list[Artist]) -> None:
    """Name the components; many of them closely, so that they leave the rows to be seen."""
    columns = 1 + (len(drawn) - 1) // _COMPONENTS_PER_COLUMN
    spacing: dict[str, Any] = _CLOSE if columns > _MOST_COLUMNS else {}
    names = [str(k) for k in range(len(drawn))]
    axes.legend(drawn, names, title="component", ncols=columns, **spacing)


def draw_plane(axes: Axes, seen: View, shares: Float64Array, style: RowStyle) -> list[Artist]:
    """Draw rows and ellipses of two features; return the rows of each component."""
    draw_ellipses(axes, seen.shown, shares, {})
    return _draw_rows(axes, seen, seen.rows[:, 0], seen.rows[:, 1], style)


def _draw_line(axes: Axes, seen: View, style: RowStyle) -> list[Artist]:
    rows = seen.rows
    draw_curve(axes, seen, {}, named=False)
    below = -0.04 * axes.get_ylim()[1]
    drawn = _draw_rows(axes, seen, rows[:, 0], np.full(len(rows), below), style)
    axes.set_ylim(bottom=2 * below)
    return drawn


def _draw_rows(axes: Axes, seen: View, x: Any, y: Any, style: RowStyle) -> list[Artist]:
    drawn: list[Artist] = []
    for k in range(seen.mixture.n_components):
        colour, marker, _ = look(k)
        here = seen.labels == k
        points = style.of(here, marker=marker, facecolor=colour, label=f"component {k}")
        drawn.append(axes.scatter(x[here], y[here], **points))
    return drawn
