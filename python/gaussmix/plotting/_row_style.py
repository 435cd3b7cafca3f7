"""The caller's settings of rows: one value for all of them, or one for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._typing import AnyArray
from gaussmix.exceptions import GaussmixError
from gaussmix.plotting._canvas import matplotlib, styled_points, usual_name
from gaussmix.plotting._view import View

_NUMBERS = ("s", "alpha", "linewidth")
_COLOURS = ("color", "facecolor", "edgecolor")
_SCALE = ("norm", "cmap", "vmin", "vmax")


class RowStyle:
    """Settings of ``Axes.scatter`` for rows that are drawn in several parts."""

    def __init__(self, style: dict[str, Any], seen: View) -> None:
        self._settings = {usual_name(name): value for name, value in style.items()}
        self._each: set[str] = set()
        for given, value in style.items():
            if _is_of_each(value, given, seen.n_given):
                self._each.add(usual_name(given))
                self._settings[usual_name(given)] = seen.drawn_of(np.asarray(value))
        if "color" in self._each:
            self._map_numbers_to_colours()

    def by_weight(self, seen: View) -> RowStyle:
        """Let the areas of the marks, ``s``, be as the weights of the rows."""
        if seen.weights is not None:
            self._settings["s"] = seen.areas(self._settings["s"])
            self._each.add("s")
        return self

    def of(self, here: AnyArray, **defaults: Any) -> dict[str, Any]:
        """Return the settings of some rows, with the picture's own where the caller has none."""
        own = {key: self._settings[key][here] for key in self._each if here.any()}
        common = {key: one for key, one in self._settings.items() if key not in self._each}
        return styled_points(common | own, **defaults)

    def _map_numbers_to_colours(self) -> None:
        # Of all rows at once: matplotlib would give every part a scale of its own.
        values = self._settings["color"]
        if values.ndim == 1 and values.dtype.kind in "biuf":
            norm, cmap, low, high = (self._settings.pop(name, None) for name in _SCALE)
            scale = matplotlib("cm").ScalarMappable(norm, cmap)
            scale.set_clim(low, high)
            self._settings["color"] = scale.to_rgba(values)


def _is_of_each(value: Any, given: str, n_rows: int) -> bool:
    """Tell whether a setting has a value for each of the rows that were given."""
    name, one_colour = usual_name(given), matplotlib("colors").is_color_like
    if name not in (*_NUMBERS, *_COLOURS) or np.ndim(value) == 0 or len(value) == 1:
        return False
    if name in _COLOURS and one_colour(value):
        return False
    numbers = np.ndim(value) == 1 and np.asarray(value).dtype.kind in "biuf"
    if len(value) != n_rows and (name in _NUMBERS or numbers):
        raise GaussmixError(
            f"{given} must be one value or one for each of the {n_rows} rows of X, got "
            f"{len(value)} of them."
        )
    return len(value) == n_rows  # matplotlib repeats colours of which there are fewer
