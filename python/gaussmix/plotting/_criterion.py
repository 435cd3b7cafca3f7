"""The criterion of a model search over the number of components."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gaussmix.exceptions import GaussmixError
from gaussmix.plotting._canvas import axes_or_current, matplotlib, styled
from gaussmix.plotting._palette import STRONG, look
from gaussmix.plotting._protocols import Selection, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES_PER_COLUMN = 7  # of the legend


def criterion(
    selection: Selection, ax: Axes | None = None, *, span: float | None = None, **style: Any
) -> Axes:
    """Draw the criterion against the number of components, a line for each structure.

    Lower is better, for every criterion of this package. The best cell of all is ringed; cells
    without a fit, and spurious ones, are left out.

    Parameters
    ----------
    selection : SelectionResult or fitted GaussianMixtureSelector
    ax : matplotlib Axes, optional
        None: the current axes.
    span : float, optional
        How far above the best value the picture goes: models that are far worse hide the
        differences between good ones. None: as far as there are values.
    **style
        Passed on to ``Axes.plot`` for the lines.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        The best cell has no value, or `span` is not positive.
    GaussmixTypeError
        `selection` lacks what the picture is made from.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    Anything with these five attributes can be drawn:

    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> selection = SimpleNamespace(
    ...     criterion={"EEE": {1: 80.0, 2: 64.0}, "VVV": {1: 80.0, 2: 66.0}},
    ...     criterion_name="bic",
    ...     spurious={},
    ...     best_structure="EEE",
    ...     best_n_components=2,
    ... )
    >>> ax = gx.plotting.criterion(selection, Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['EEE', 'VVV', 'best: EEE, 2']
    """
    if span is not None and not span > 0:
        raise GaussmixError(
            f"span must be a positive difference of the criterion, or None for all of it, got "
            f"{span!r}."
        )
    selection = _checked(selection)
    cells = {
        code: _believed(code, values, selection.spurious)
        for code, values in selection.criterion.items()
    }
    place, value = _best(selection, cells)
    axes = axes_or_current(ax)
    for number, (code, values) in enumerate(cells.items()):
        colour, marker, line = look(number)
        drawn = styled(
            style,
            color=colour,
            marker=marker,
            linestyle=line,
            linewidth=1.4,
            markersize=5.5,
            label=code,
        )
        axes.plot(list(values), list(values.values()), **drawn)
    axes.plot(
        [place],
        [value],
        marker="o",
        markersize=15,
        markerfacecolor="none",
        markeredgecolor=STRONG,
        markeredgewidth=1.8,
        linestyle="none",
        label=f"best: {selection.best_structure}, {place}",
    )
    if span is not None:
        axes.set_ylim(value - 0.08 * span, value + span)
    axes.xaxis.set_major_locator(matplotlib("ticker").MaxNLocator(integer=True))
    axes.set_xlabel("number of components")
    axes.set_ylabel(f"{selection.criterion_name.upper()} (lower is better)")
    axes.legend(ncols=1 + len(cells) // _LINES_PER_COLUMN, fontsize="small")
    return axes


def _checked(given: Any) -> Selection:
    # Of an estimator that is not fitted yet, `selection_` says so itself.
    found: Selection = given.selection_ if hasattr(type(given), "selection_") else given
    usual = "a SelectionResult, as gaussmix.select returns it, or a fitted GaussianMixtureSelector"
    require(found, "selection", Selection, usual)
    return found


def _believed(
    code: str, values: Mapping[int, float], spurious: Mapping[tuple[str, int], str]
) -> dict[int, float]:
    """Sort the cells by their number of components; NaN where a line must be interrupted."""
    return {
        K: values[K] if math.isfinite(values[K]) and (code, K) not in spurious else math.nan
        for K in sorted(values)
    }


def _best(selection: Selection, cells: Mapping[str, Mapping[int, float]]) -> tuple[int, float]:
    place = int(selection.best_n_components)
    value = cells.get(selection.best_structure, {}).get(place, math.nan)
    if math.isnan(value):
        raise GaussmixError(
            f"the best cell of the selection ({selection.best_structure}, {place} components) has "
            f"no finite {selection.criterion_name}: nothing can be drawn."
        )
    return place, value
