"""All pairs of features in one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gaussmix._fitted import Fitted
from gaussmix._marginal import Features
from gaussmix._typing import AnyArray, ArrayLike, Float64Array
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.plotting._canvas import matplotlib
from gaussmix.plotting._curve import draw_curve
from gaussmix.plotting._ellipses import DEFAULT_LEVELS
from gaussmix.plotting._levels import check_levels
from gaussmix.plotting._row_style import RowStyle
from gaussmix.plotting._scatter import draw_plane
from gaussmix.plotting._view import View, view

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

_MOST_UNASKED = 10
_INCHES = 2.1  # of one cell


def pairs(
    mixture: Fitted,
    X: ArrayLike,
    figure: Figure | SubFigure | None = None,
    features: Features | None = None,
    levels: ArrayLike = DEFAULT_LEVELS,
    *,
    sample_weight: ArrayLike | None = None,
    **style: Any,
) -> Figure | SubFigure:
    """Draw the rows and the components for every pair of features, and every feature alone.

    Off the diagonal as `scatter` does; on it, the histogram of a feature with its density.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D)
        All features of the mixture.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to fill, best with ``layout="constrained"``. None: a new one of pyplot's,
        large enough.
    features : sequence of int or str, optional
        Positions or names of the features to show. None: all, of up to ten.
    levels : float or sequence of float, default (0.5, 0.95)
        Shares of probability that the ellipses hold.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows, for the histograms and for the areas of the marks; rows of
        weight zero are left out.
    **style
        Passed on to ``Axes.scatter``, for example ``s`` or ``alpha``, as in `scatter`.

    Returns
    -------
    matplotlib Figure or SubFigure
        Its ``axes`` are those of the grid, row by row.

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, `sample_weight` does not fit it, a feature is unknown
        or there are more than ten and none are named, or a level is no share.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> from gaussmix.datasets import load_iris
    >>> X = load_iris().data
    >>> result = gx.fit(X, 3, random_state=0)
    >>> figure = gx.plotting.pairs(result, X, Figure(layout="constrained"), features=(0, 2, 3))
    >>> len(figure.axes)
    9
    """
    seen = view(mixture, X, features, sample_weight, most=None)
    shares = check_levels(levels)
    d = len(seen.columns)
    if features is None and d > _MOST_UNASKED:
        raise GaussmixError(
            f"{d} features make {d * d} pictures: name those to show, for example "
            "features=(0, 1, 2)."
        )
    looks = RowStyle({"s": 10.0} | style, seen).by_weight(seen)
    filled = _figure(figure, d)
    grid = filled.subplots(d, d, sharex="col", squeeze=False)
    for i in range(d):
        for j in range(d):
            _draw_cell(grid, i, j, seen, shares, looks)
    _add_legend(filled, grid, seen.mixture.n_components)
    return filled


def _figure(figure: Figure | SubFigure | None, d: int) -> Figure | SubFigure:
    if figure is None:
        size = max(4.0, _INCHES * d)
        made: Figure = matplotlib("pyplot").figure(figsize=(size, size), layout="constrained")
        return made
    module = matplotlib("figure")
    wanted: tuple[type[Figure], type[SubFigure]] = (module.Figure, module.SubFigure)
    if not isinstance(figure, wanted):
        raise GaussmixTypeError(
            "figure must be None (a new one) or a matplotlib Figure, got an object of type "
            f"{type(figure).__name__}."
        )
    return figure


def _draw_cell(
    grid: AnyArray, i: int, j: int, seen: View, shares: Float64Array, style: RowStyle
) -> None:
    """Draw feature j across and feature i up; a diagonal cell has an axis of its own."""
    axes = grid[i, j]
    across, up = seen.columns[j], seen.columns[i]
    cell = seen.of(across, up) if i != j else seen.of(across)
    if i == j:
        draw_curve(axes, cell, {}, named=False)
        axes.set_yticks([])
    else:
        draw_plane(axes, cell, shares, style)
        first = grid[i, 0 if i else 1]
        if axes is not first:
            axes.sharey(first)
        # The first row has no numbers at its left: there a density stands.
        axes.tick_params(labelleft=j == 0, labelright=i == 0 and j == len(grid) - 1)
    if i == len(grid) - 1:
        axes.set_xlabel(cell.names[0])
    if j == 0:
        axes.set_ylabel(cell.names[-1])


def _add_legend(figure: Figure | SubFigure, grid: AnyArray, n_components: int) -> None:
    if len(grid) == 1:
        return
    drawn, _ = grid[0, 1].get_legend_handles_labels()
    figure.legend(
        drawn,
        [str(k) for k in range(n_components)],
        title="component",
        loc="outside upper center",
        ncols=min(n_components, 4 * len(grid)),
    )
