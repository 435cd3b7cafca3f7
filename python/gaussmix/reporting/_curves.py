"""The criterion of every model, and once more near the best where that is not to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gaussmix.plotting import criterion
from gaussmix.plotting._canvas import matplotlib
from gaussmix.selection_result import SelectionResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEAR = 3.0  # times as far from the best as the median is
_CROWDED = 3.0  # what is near takes less than this part of the axis


def criterion_figure(selection: SelectionResult) -> Figure:
    """Draw the curves; below them their lowest part, if poor models press it together."""
    figure: Figure = matplotlib("figure").Figure(figsize=(8.0, 5.0), layout="constrained")
    near = _near(selection)
    if near is None:
        criterion(selection, figure.subplots())
        return figure
    figure.set_size_inches(8.0, 9.0)
    whole, lowest = figure.subplots(2, sharex=True)
    criterion(selection, whole).set_xlabel("")
    criterion(selection, lowest).set_ylim(*near)
    lowest.set_title("near the best", fontsize="medium", loc="left")
    lowest.get_legend().remove()
    return figure


def _near(selection: SelectionResult) -> tuple[float, float] | None:
    values = np.array([cell.criterion for cell in selection.cells])
    values = values[np.isfinite(values)]
    best, low = selection.ranking[0].criterion, float(values.min())
    high = best + _NEAR * float(np.median(values) - best)
    if not low < high or values.max() - low <= _CROWDED * (high - low):
        return None
    margin = 0.05 * (high - low)
    return low - margin, high
