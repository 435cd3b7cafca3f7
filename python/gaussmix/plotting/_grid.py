"""Where a density is evaluated to draw it: the whole picture, and closely around each mean."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array, FloatArray
from gaussmix.mixture import Mixture

_EVENLY = 200
_AROUND_MEANS = 300  # of all components together: narrow ones fall between even points


def grid(shown: Mixture, column: int, rows: FloatArray | None, reach: float) -> Float64Array:
    """Return rising values of one feature of a full mixture.

    They cover `reach` standard deviations around each mean, and the rows if there are any.
    """
    means = shown.means[:, column]
    deviations = np.sqrt(shown.covariances[:, column, column])
    ends = [(means - reach * deviations).min(), (means + reach * deviations).max()]
    if rows is not None:
        ends += [rows[:, column].min(), rows[:, column].max()]
    count = max(5, _AROUND_MEANS // shown.n_components) | 1  # odd: the mean itself is among them
    near = means[:, None] + deviations[:, None] * np.linspace(-reach, reach, count)
    return np.unique(np.concatenate([np.linspace(min(ends), max(ends), _EVENLY), near.ravel()]))
