"""The criterion of every cell of a search, from what its fit found; of each, lower is better."""

from __future__ import annotations

import math
from collections.abc import Callable

from gaussmix import _criteria
from gaussmix._cross_validation import held_out_log_likelihood
from gaussmix._search import Key, Search
from gaussmix.result import FitResult

# Those that set a sum over the rows against the number of parameters.
PENALISED = ("bic", "aic", "aicc", "icl", "icl_entropy")
CRITERIA = (*PENALISED, "nec", "cv")


def criterion_values(name: str, search: Search, sample_size: str, n_folds: int) -> dict[Key, float]:
    """Return the criterion of each cell of the search that is done; NaN where it has no fit."""
    done = {key: search.done[key].result for key in search.models() if key in search.done}
    values = dict.fromkeys(done, math.nan)
    present = {key: result for key, result in done.items() if result is not None}

    def size(result: FitResult) -> float:
        return result.n_effective if sample_size == "effective" else result.total_weight

    def rescaled(result: FitResult, total: float) -> float:
        """Return a sum over the rows for weights that add up to the sample size."""
        return total * (size(result) / result.total_weight)  # whatever the size of the weights

    if name == "cv":
        sums = held_out_log_likelihood(search, present, n_folds)
        return values | {key: rescaled(present[key], total) for key, total in sums.items()}
    of_cell = _formula(name, search, size, rescaled)
    return values | {key: of_cell(result) for key, result in present.items()}


def _formula(
    name: str,
    search: Search,
    size: Callable[[FitResult], float],
    rescaled: Callable[[FitResult, float], float],
) -> Callable[[FitResult], float]:

    def bic(result: FitResult) -> float:
        total = rescaled(result, result.log_likelihood)
        return _criteria.bic(total, result.n_parameters, size(result))

    def entropy(result: FitResult) -> float:
        data, weight = search.data, search.weight
        return _criteria.entropy(data, weight, result.mixture, search.n_threads)

    def icl(result: FitResult) -> float:
        # A fit's own ICL has the sum over the rows beside p ln(sum of weights), which may be larger
        # by more than the digits there are.
        data, weight = search.data, search.weight
        sums = _criteria.likelihood(data, weight, result.mixture, search.n_threads)
        return _criteria.icl(bic(result), rescaled(result, sums.certainty))

    def nec(result: FitResult) -> float:
        if result.n_components == 1:
            return 1.0
        of_one = search.log_likelihood_of_one(result.covariance_type)
        return _criteria.nec(entropy(result), result.log_likelihood, of_one)

    formulas: dict[str, Callable[[FitResult], float]] = {
        "bic": bic,
        "aic": lambda r: _criteria.aic(rescaled(r, r.log_likelihood), r.n_parameters),
        "aicc": lambda r: _criteria.aicc(rescaled(r, r.log_likelihood), r.n_parameters, size(r)),
        "icl": icl,
        "icl_entropy": lambda r: bic(r) + 2.0 * rescaled(r, entropy(r)),
        "nec": nec,
    }
    return formulas[name]
