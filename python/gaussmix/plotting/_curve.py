"""The density of one feature as a curve, with its components below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix.plotting._canvas import styled
from gaussmix.plotting._grid import grid
from gaussmix.plotting._palette import AREA, BROAD, look
from gaussmix.plotting._view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEWEST_BINS, _MOST_BINS = 8, 50
_REACH = 3.3  # standard deviations: below them a curve lies on the axis


def draw_curve(axes: Axes, seen: View, style: dict[str, Any], *, named: bool) -> None:
    """Draw a mixture of one feature, over the histogram of the rows if there are any."""
    shown, rows = seen.shown, None if seen.data is None else seen.rows
    if rows is not None:
        bins = int(np.clip(np.sqrt(len(rows)), _FEWEST_BINS, _MOST_BINS))
        bars: dict[str, Any] = {"color": AREA, "edgecolor": "white", "linewidth": 0.5}
        axes.hist(rows[:, 0], bins=bins, weights=seen.weights, density=True, **bars)
    # The mixture is broad and the components lie on it: where one rules, they are the same.
    x = grid(shown, 0, rows, _REACH)
    total = styled(style, color=BROAD, linewidth=3.4, label="mixture" if named else None)
    axes.plot(x, np.exp(shown.log_density(x[:, None])), **total)
    parts = shown.weights * np.exp(shown.component_log_density(x[:, None]))
    if shown.n_components > 1:
        for k in range(shown.n_components):
            colour, _, line = look(k)
            label = f"component {k}" if named else None
            axes.plot(x, parts[:, k], color=colour, linestyle=line, linewidth=1.4, label=label)
