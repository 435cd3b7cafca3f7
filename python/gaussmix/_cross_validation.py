"""Log-likelihoods of rows that a fit has not seen."""

from __future__ import annotations

import numpy as np

from gaussmix import _criteria
from gaussmix._engine_errors import from_engine
from gaussmix._outcome import result_of
from gaussmix._runtime import core
from gaussmix._search import Key, Search
from gaussmix._search_starts import start_at
from gaussmix._typing import Int64Array
from gaussmix.exceptions import GaussmixError
from gaussmix.result import FitResult


def held_out_log_likelihood(
    search: Search, present: dict[Key, FitResult], n_folds: int
) -> dict[Key, float]:
    """Return -2 times the log-likelihood of each fold under the fit of the others, summed.

    Every fit starts at the parameters of its cell. A row that is held out has no weight, so the
    data are not copied. NaN where the other folds cannot carry the model.
    """
    folds = _folds(search, n_folds)
    return {key: _of_cell(search, result, folds, n_folds) for key, result in present.items()}


def _folds(search: Search, n_folds: int) -> Int64Array:
    """Return the fold of each row: drawn for those of positive weight, of equal size to one."""
    weight = np.ones(len(search.data)) if search.weight is None else search.weight
    rows = np.flatnonzero(weight > 0)
    rows = np.random.default_rng(search.seed).permutation(rows)
    folds = np.zeros(len(weight), dtype=np.int64)
    folds[rows] = np.arange(len(rows)) % n_folds
    return folds


def _of_cell(search: Search, result: FitResult, folds: Int64Array, n_folds: int) -> float:
    weight = np.ones(len(search.data)) if search.weight is None else search.weight
    structure, K = result.covariance_type, result.n_components
    settings = search.settings | start_at(result.mixture, structure, result.n_components)
    settings |= {
        "covariance_type": structure.value,
        "n_components": K,
        "n_threads": search.n_threads,
    }
    total = 0.0
    for fold in range(n_folds):
        seen = np.where(folds == fold, 0.0, weight)
        if np.count_nonzero(seen) < K:
            return np.nan
        try:
            outcome = from_engine(core.fit, search.data, seen, on_iteration=None, **settings)
        except GaussmixError:
            return np.nan
        mixture = _uninterrupted(result_of(outcome, search.names, settings)).mixture
        held_out = np.where(folds == fold, weight, 0.0)
        sums = _criteria.likelihood(search.data, held_out, mixture, search.n_threads)
        total += sums.log_likelihood
    return -2.0 * total


def _uninterrupted(result: FitResult) -> FitResult:
    """Return a fit that Ctrl-C has not cut short: the engine tells, and does not raise."""
    if result.status == "interrupted":
        raise KeyboardInterrupt
    return result
