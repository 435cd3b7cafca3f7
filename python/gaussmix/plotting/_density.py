"""The density of the mixture: contours of two features, a curve of one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import Fitted
from gaussmix._marginal import Features
from gaussmix._typing import AnyArray, ArrayLike, Float64Array
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture
from gaussmix.plotting._canvas import axes_or_current, matplotlib, styled_contours
from gaussmix.plotting._curve import draw_curve
from gaussmix.plotting._grid import grid
from gaussmix.plotting._levels import as_percent, check_levels
from gaussmix.plotting._palette import FAINT, SHADES
from gaussmix.plotting._view import View, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

_DEFAULT_LEVELS = (0.25, 0.5, 0.75, 0.9, 0.99)
_REACH = 6.5  # standard deviations: a dense component reaches far down to a common level
_DRAWS = 40_000  # puts the line of 0.95 where 0.949 to 0.951 lie
_BEYOND = 40  # draws at least: what is beyond a line is known to a sixth of itself
_RAREST = 1e-5  # share that takes four million draws


def density(
    mixture: Fitted,
    X: ArrayLike | None = None,
    ax: Axes | None = None,
    features: Features | None = None,
    levels: ArrayLike = _DEFAULT_LEVELS,
    *,
    sample_weight: ArrayLike | None = None,
    **style: Any,
) -> Axes:
    """Draw the density of the mixture: contours of two features, or the curve of one.

    Each contour is a line of equal density around the smallest region that holds a given share of
    the probability (Hyndman 1996 [1]_). The density that belongs to a share is the quantile of the
    density at points drawn from the mixture, always the same ones.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D), optional
        Rows to show below the contours; with one feature their histogram.
    ax : matplotlib Axes, optional
        None: the current axes.
    features : int, str or pair of them, optional
        Positions or names of the features to show; the density is that of their marginal
        distribution. None: the first two, or the only one.
    levels : float or sequence of float, default (0.25, 0.5, 0.75, 0.9, 0.99)
        Shares of probability, from 0.00001 to 0.99999; of no effect with one feature.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows, for the histogram and for the areas of the marks; rows of
        weight zero are left out.
    **style
        Passed on to ``Axes.contour``, for example ``color``, ``cmap`` or ``linewidth``; with one
        feature, to ``Axes.plot`` for the curve.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, `sample_weight` does not fit it, a feature is unknown,
        or a level is no share or too near to 0 or 1.
    MissingDependencyError
        matplotlib is not installed.

    References
    ----------
    .. [1] R. J. Hyndman, "Computing and graphing highest density regions", The American
       Statistician 50 (1996), 120-126.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> mixture = gx.Mixture([0.5, 0.5], [[0, 0], [3, 3]], [1.0, 2.0], "spherical")
    >>> ax = gx.plotting.density(mixture, ax=ax, levels=[0.5, 0.9])
    >>> [text.get_text() for text in ax.texts]
    ['90 %', '50 %']
    """
    seen = view(mixture, X, features, sample_weight)
    shares = check_levels(levels)
    if len(seen.columns) == 2:
        _check_extremes(shares)
    axes = axes_or_current(ax)
    if len(seen.columns) == 1:
        draw_curve(axes, seen, style, named=True)
        axes.set(xlabel=seen.names[0], ylabel="density")
        axes.legend()
        return axes
    _draw_contours(axes, seen, shares, style)
    axes.set(xlabel=seen.names[0], ylabel=seen.names[1])
    return axes


def _draw_contours(axes: Axes, seen: View, shares: Float64Array, style: dict[str, Any]) -> None:
    if seen.data is not None:
        across, up = seen.rows.T
        axes.scatter(across, up, s=seen.areas(10.0), color=FAINT, linewidth=0)
    thresholds, inmost = _thresholds(seen.shown, shares)
    levels, first = np.unique(thresholds, return_index=True)
    lines = styled_contours(style, linewidth=1.2, linestyle="solid")
    if not {"colors", "cmap"} & lines.keys():
        lines["colors"] = _shades(len(levels))
    drawn = axes.contour(*_heights(seen.shown, levels[0], inmost), levels=levels, **lines)
    percents = [as_percent(shares[i]) for i in first]
    _label(axes, drawn, dict(zip(drawn.levels, percents, strict=True)))


def _label(axes: Axes, drawn: QuadContourSet, names: dict[float, str]) -> None:
    """Label every level once, where it is widest; by turns above and below, for want of room."""
    places = []
    for number, path in enumerate(drawn.get_paths()):
        outlines = [np.asarray(outline) for outline in path.to_polygons(closed_only=False)]
        if outlines:
            widest = max(outlines, key=lambda outline: np.ptp(outline[:, 0]))
            turn = np.argmax if number % 2 else np.argmin
            places.append(tuple(widest[turn(widest[:, 1])]))
    axes.clabel(drawn, fmt=names, fontsize="x-small", inline_spacing=2, manual=places)


def _heights(
    shown: Mixture, lowest: float, inmost: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return x, y and the log-density there, of no larger rectangle than `lowest` needs.

    Lines of the grid go through the inmost points: what they lie in may be smaller than its cells.
    """
    x, y = (np.union1d(grid(shown, c, None, _REACH), inmost[:, c]) for c in (0, 1))
    across, up = np.meshgrid(x, y)
    points = np.column_stack([across.ravel(), up.ravel()])
    heights = shown.log_density(points).reshape(across.shape)
    inside = np.asarray(heights >= min(lowest, heights.max()))
    columns, rows = _around(x, inside.any(axis=0)), _around(y, inside.any(axis=1))
    return x[columns], y[rows], np.asarray(heights[np.ix_(rows, columns)], dtype=np.float64)


def _around(values: Float64Array, wanted: Any) -> AnyArray:
    """Return the positions of the values that are wanted, and of those in a margin around them.

    The margin holds at least the next value on either side, so that lines close in it.
    """
    first, last = np.flatnonzero(wanted)[[0, -1]]
    margin = 0.06 * (values[last] - values[first])
    near = (values >= values[first] - margin) & (values <= values[last] + margin)
    near[max(0, first - 1) : last + 2] = True
    return np.flatnonzero(near)


def _thresholds(shown: Mixture, shares: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the log-density that a share of the probability exceeds, and some draws in the inmost.

    The draws are as many as put enough of them on either side of each line.
    """
    rarest = min(shares.min(), 1 - shares.max())
    draws, _ = shown.sample(max(_DRAWS, math.ceil(_BEYOND / rarest)), random_state=0)
    heights = shown.log_density(draws)
    thresholds = np.asarray(np.quantile(heights, 1 - shares), dtype=np.float64)
    return thresholds, draws[heights >= thresholds.max()][:_BEYOND]


def _check_extremes(shares: Float64Array) -> None:
    if shares.min() < _RAREST or shares.max() > 1 - _RAREST:
        wrong = shares[0] if shares[0] < _RAREST else shares[-1]
        raise GaussmixError(
            f"levels of two features must be from {_RAREST:g} to {1 - _RAREST:g}, but {wrong:.15g} "
            "is among them: contours lie where draws from the mixture say, and too few fall beyond "
            "that. gaussmix.plotting.ellipses draws any share of single components."
        )


def _shades(count: int) -> list[Any]:
    """Return colours from the outermost line to the innermost, which is the darkest."""
    colours = matplotlib("cm").ScalarMappable(cmap=SHADES).cmap(np.linspace(0.7, 0.0, count))
    return list(colours)
