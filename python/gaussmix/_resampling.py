"""Weights of the rows that stand for new samples of the same size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gaussmix._fitted import falls_short, whole_rows
from gaussmix._typing import Float64Array
from gaussmix.exceptions import GaussmixError

METHODS = ("weighted", "nonparametric")

Resampler = Callable[[int], Float64Array]


def resampler(
    method: str, n_rows: int, sample_weight: Float64Array | None, n_components: int, seed: int
) -> Resampler:
    """Return a function that draws the weights of so many more resamples, shape (count, n).

    How many are drawn at a time does not change them.
    """
    total = float(n_rows if sample_weight is None else sample_weight.sum())
    if falls_short(total, n_components):
        raise GaussmixError(
            f"sample_weight sums to {total:.6g}, which is less than n_components={n_components}: "
            "weights are counts of rows here, at least one for each component."
        )
    rng = np.random.default_rng(seed)
    if method == "weighted":
        return lambda count: _dirichlet(rng, (count, n_rows), sample_weight, total)
    rows = whole_rows(total, 'method="nonparametric" draws rows')
    if sample_weight is not None:
        shares = sample_weight / total
        return lambda count: rng.multinomial(rows, shares, size=count).astype(np.float64)
    return lambda count: _counts(rng, count, n_rows)


def _dirichlet(
    rng: np.random.Generator,
    shape: tuple[int, int],
    sample_weight: Float64Array | None,
    total: float,
) -> Float64Array:
    # A row of weight w is w rows: the sum of their exponential draws is a gamma draw.
    if sample_weight is None:
        draws = rng.standard_exponential(shape)
    else:
        draws = rng.standard_gamma(sample_weight, shape)
    draws *= total / draws.sum(axis=1, keepdims=True)
    return draws


def _counts(rng: np.random.Generator, count: int, n_rows: int) -> Float64Array:
    counts = np.empty((count, n_rows))
    for one in counts:
        one[:] = np.bincount(rng.integers(n_rows, size=n_rows), minlength=n_rows)
    return counts
