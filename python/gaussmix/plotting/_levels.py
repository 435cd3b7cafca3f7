"""Shares of probability that ellipses and contours enclose."""

from __future__ import annotations

import numpy as np

from gaussmix._conversion import as_numbers
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix.exceptions import GaussmixError


def check_levels(levels: ArrayLike, name: str = "levels") -> Float64Array:
    """Return shares of probability, each above 0 and below 1, in rising order."""
    shares = np.atleast_1d(as_numbers(levels, name).astype(np.float64))
    if shares.ndim != 1 or not shares.size or not ((shares > 0) & (shares < 1)).all():
        raise GaussmixError(
            f"{name} must be shares, each above 0 and below 1, for example (0.5, 0.95), got "
            f"{levels!r}."
        )
    return np.unique(shares)


def as_percent(share: float) -> str:
    """Write a share the way labels do: ``95 %``; what is short of all does not become all."""
    texts = (f"{100 * share:.{digits}g}" for digits in range(4, 18))
    return f"{next((text for text in texts if float(text) < 100), '100')} %"
