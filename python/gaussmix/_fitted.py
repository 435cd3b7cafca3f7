"""The arguments of functions that look at data through a mixture that has been fitted."""

from __future__ import annotations

from typing import Any, TypeAlias

from gaussmix._fitted_state import FittedState
from gaussmix._typing import ArrayLike, Float64Array, FloatArray
from gaussmix._validation import (
    check_feature_names,
    check_n_threads,
    check_sample_weight,
    check_X,
    feature_names_of,
)
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.mixture import Mixture
from gaussmix.result import FitResult

Fitted: TypeAlias = Mixture | FitResult | FittedState
"""A mixture, or what holds one: a result or a fitted estimator."""

_MOST_ROWS = 2.0**63 - 1024  # the largest integer of 64 bits that is a float


def fit_of(value: Any, name: str = "result") -> Mixture | FitResult:
    """Return a mixture or a result itself, and of an estimator its result."""
    if isinstance(value, Mixture | FitResult):
        return value
    if isinstance(value, FittedState):
        return value.result_
    kind = type(value).__name__
    of_many = kind == "SelectionResult"  # which is built of all this
    raise GaussmixTypeError(
        f"{name} must be a FitResult, as fit returns it, a Mixture or a fitted estimator of "
        f"gaussmix, got {kind}{': pass its .best' if of_many else ''}."
    )


def mixture_of(value: Any, name: str = "result") -> Mixture:
    """Return the mixture that is meant."""
    found = fit_of(value, name)
    return found.mixture if isinstance(found, FitResult) else found


def data_for(
    mixture: Mixture, X: ArrayLike, sample_weight: ArrayLike | None, n_threads: int | None = None
) -> tuple[FloatArray, Float64Array | None]:
    """Check data and their weights against a mixture, and the number of threads to do it with."""
    threads = check_n_threads(n_threads)
    check_feature_names(feature_names_of(X), mixture.feature_names)
    data = check_X(
        X, n_features=mixture.n_features, estimator_name="the mixture", n_threads=threads
    )
    return data, check_sample_weight(sample_weight, len(data))


def falls_short(total: float, needed: int) -> bool:
    """Whether weights of this sum stand for fewer rows, by more than the rounding of the sum."""
    return total < needed * (1 - 1e-9)


def whole_rows(total: float, purpose: str) -> int:
    """Return the number of rows that frequency weights of this sum stand for.

    Raises
    ------
    GaussmixError
        It is no whole number, so the weights cannot be counts, or one beyond all counting.
    """
    if total > _MOST_ROWS:
        raise GaussmixError(
            f"{purpose}, and sample_weight sums to {total:.6g}, which is more rows than an integer "
            "of 64 bits counts: give the counts of the rows."
        )
    rows = round(total)
    if rows < 1 or abs(total - rows) > 1e-6 * total:
        raise GaussmixError(
            f"{purpose}, so the weights must sum to a whole number of rows, but sample_weight sums "
            f"to {total:.10g}: give the counts of the rows."
        )
    return rows
