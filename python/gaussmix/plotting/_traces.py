"""How the log-likelihood of every start of a fit rose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import fit_of
from gaussmix._fitted_state import FittedState
from gaussmix._typing import Float64Array
from gaussmix.exceptions import GaussmixTypeError
from gaussmix.plotting._canvas import axes_or_current, matplotlib, styled
from gaussmix.plotting._palette import COLOURS, FAINT, MIDDLE
from gaussmix.result import FitResult, StartOutcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ENDS = {"raced_out": ("x", "raced out"), "degenerate": ("v", "degenerate")}


def traces(result: FitResult | FittedState, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the log-likelihood of all starts against the passes over the data.

    The best start is a thick line that ends in a filled circle, the others are thin; those that
    were given up in the race end in a cross, degenerate ones in a triangle, and all that were run
    to their end or stopped, in a ring. With a prior the log-density of the prior is included.

    Parameters
    ----------
    result : FitResult or fitted estimator
    ax : matplotlib Axes, optional
        None: the current axes.
    **style
        Passed on to ``Axes.plot`` for the line of the best start.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixTypeError
        `result` is no FitResult.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> from gaussmix.datasets import load_iris
    >>> result = gx.fit(load_iris().data, 3, n_init=20, random_state=0)
    >>> ax = gx.plotting.traces(result, ax)
    >>> len(ax.lines)
    20
    """
    fit = fit_of(result)
    if not isinstance(fit, FitResult):
        raise GaussmixTypeError(
            "result must be a FitResult, as gaussmix.fit returns and an estimator keeps in "
            f"result_, got an object of type {type(fit).__name__}."
        )
    axes = axes_or_current(ax)
    for number, start in enumerate(fit.starts):
        if number != fit.best_start:
            _draw_other(axes, start)
    values = _values(fit.starts[fit.best_start])
    label = f"best of {len(fit.starts)} starts" if len(fit.starts) > 1 else "the only start"
    end = [len(values) - 1]
    looks = {"color": COLOURS[0], "linewidth": 2.2, "marker": "o", "markevery": end, "zorder": 4}
    axes.plot(values, **styled(style, label=label, **looks))
    axes.xaxis.set_major_locator(matplotlib("ticker").MaxNLocator(integer=True))
    with_prior = any(start.log_prior for start in fit.starts)
    axes.set_xlabel("passes over the data")
    axes.set_ylabel("log-likelihood + log-prior" if with_prior else "log-likelihood")
    _add_legend(axes)
    return axes


def _draw_other(axes: Axes, start: StartOutcome) -> None:
    values = _values(start)
    marker, label = _ENDS.get(start.status, ("o", "other starts"))
    axes.plot(
        values,
        color=MIDDLE if start.status in _ENDS else FAINT,
        linestyle="--" if start.status in _ENDS else "-",
        linewidth=1.0,
        marker=marker,
        markevery=[len(values) - 1] if len(values) else None,
        markerfacecolor="white",
        markeredgecolor=MIDDLE,
        markersize=5,
        label=label,
    )


def _values(start: StartOutcome) -> Float64Array:
    """Return the objective after 0, 1, ... passes, as far as it is known."""
    ran_on = start.status not in _ENDS and np.isfinite(start.objective)
    return np.append(start.trace, start.objective) if ran_on else start.trace


def _add_legend(axes: Axes) -> None:
    """Name every kind of line once."""
    lines, labels = axes.get_legend_handles_labels()
    axes.legend(dict(zip(labels, lines, strict=True)).values(), dict.fromkeys(labels))
