"""Log-likelihoods of rows that a fit has not seen."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from gaussmix import _criteria
from gaussmix._search import Found, Key, Search
from gaussmix._typing import Int64Array
from gaussmix.exceptions import GaussmixError
from gaussmix.result import FitResult


def held_out_log_likelihood(
    search: Search, present: dict[Key, FitResult], n_folds: int
) -> dict[Key, float]:
    """Return -2 times the log-likelihood of each fold under the fit of the others, summed.

    The fits are those of a search among the other folds, of the same models. Nothing of the rows
    that are held out has a part in it: a fit that began where they had led would stay there. NaN
    where the other folds cannot carry the model.
    """
    totals = dict.fromkeys(present, 0.0)
    for out in _folds(search, n_folds):
        done = _search_without(search, out)
        for key in present:
            totals[key] += _log_likelihood(search, out, done.get(key))
    return {key: -2.0 * total for key, total in totals.items()}


def _folds(search: Search, n_folds: int) -> list[Int64Array]:
    """Return the rows of each fold, drawn from those of positive weight, of equal size to one."""
    n_rows = len(search.data)
    there = np.arange(n_rows) if search.weight is None else np.flatnonzero(search.weight)
    drawn = np.random.default_rng(search.seed).permutation(there)
    return [drawn[fold::n_folds] for fold in range(n_folds)]


def _search_without(search: Search, out: Int64Array) -> dict[Key, Found]:
    """Do all models among the rows that are left, which are all that there is of the data."""
    seen = np.ones(len(search.data), dtype=bool) if search.weight is None else search.weight > 0
    seen[out] = False
    others = replace(
        search,
        data=search.data[seen],
        weight=None if search.weight is None else search.weight[seen],
        most_components=int(np.count_nonzero(seen)),
        done={},
        sample=None,
    )
    with suppress(GaussmixError):  # the rows that are left have no spread that could be told
        others.run()
    return others.done


def _log_likelihood(search: Search, out: Int64Array, found: Found | None) -> float:
    if found is None or found.result is None:
        return np.nan
    weight = None if search.weight is None else search.weight[out]
    mixture = found.result.mixture
    return _criteria.likelihood(search.data[out], weight, mixture, search.n_threads).log_likelihood
