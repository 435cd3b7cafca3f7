"""The best of several fits to each of many data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gaussmix._many_fits import Fits, Parameters, run_fits
from gaussmix._runtime import core
from gaussmix._typing import AnyArray, Float64Array, FloatArray, Int64Array
from gaussmix.exceptions import GaussmixError

_SAME = 1e-9  # relative difference of log-likelihoods that is rounding


class Sets(NamedTuple):
    """Data sets, their weights and their seeds."""

    data: Sequence[FloatArray]
    weights: Sequence[Float64Array | None]
    seeds: Sequence[int]

    def run(self, settings: dict[str, Any], start: Parameters | None = None) -> Fits:
        """Fit each of them."""
        return run_fits(self.data, self.weights, self.seeds, settings, start)


class Best(NamedTuple):
    """The best fit of each data set."""

    fits: tuple[Fits, ...]
    which: Int64Array  # of `fits`

    def column(self, name: str) -> AnyArray:
        """Return a column of the best fits."""
        stacked = np.stack([getattr(one, name) for one in self.fits])
        chosen: AnyArray = stacked[self.which, np.arange(len(self.which))]
        return chosen

    def parameters(self) -> Parameters:
        """Return the parameters of the best fits, NaN where there is none; but one there must be.

        Raises
        ------
        GaussmixError
            There is none: the reason of the first.
        """
        there = {i: one.parameters() for i, one in enumerate(self.fits) if one.ok.any()}
        if not there:
            raise self.error(0)
        places = np.arange(len(self.which))
        absent = next(iter(there.values())).absent(len(places))
        columns = zip(*(there.get(i, absent) for i in range(len(self.fits))), strict=True)
        return Parameters(*(np.stack(column)[self.which, places] for column in columns))

    def error(self, place: int) -> GaussmixError:
        """Return why there is no best fit of one set."""
        best: Fits = self.fits[self.which[place]]
        return best.error(place)

    def outcome(self, place: int) -> dict[str, Any]:
        """Return what the engine says of the best fit of one set."""
        return core.outcome_at(self.fits[self.which[place]].outcomes, place)


def best_of(fits: Sequence[Fits]) -> Best:
    """Choose among fits of the same data sets, each with an entry per set.

    A fit that has converged is never compared with one that has not, and one that needed repairs
    only with its like: where a covariance becomes singular the likelihood has no bound, and says
    nothing. Of fits that are equally likely but for rounding the earlier one is taken.
    """
    likelihood = np.stack([np.where(one.ok, one.log_likelihood, -np.inf) for one in fits])
    sound = np.stack([one.ok & (one.repairs == 0) for one in fits])
    converged = np.stack([one.converged for one in fits])
    order = np.lexsort((_places(likelihood), ~sound, ~converged), axis=0)
    return Best(tuple(fits), order[0])


def _places(likelihood: Float64Array) -> Int64Array:
    """Return numbers for the likelihoods in each column, from the highest on; equal ones share."""
    order = np.argsort(-likelihood, axis=0)
    falling = np.take_along_axis(likelihood, order, axis=0)
    with np.errstate(invalid="ignore"):  # of two that are missing
        lower = falling[:-1] - falling[1:] > _SAME * np.abs(falling[:-1])
    places = np.zeros(likelihood.shape, dtype=np.int64)
    np.put_along_axis(places, order[1:], np.cumsum(lower, axis=0), axis=0)
    return places
