"""Fitting many data sets with one call."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._many_fits import ending_without_mixture, has_mixture
from gaussmix._memory import check_memory_limit, check_memory_of_many
from gaussmix._outcome import result_of
from gaussmix._random import seed_from
from gaussmix._runtime import core
from gaussmix._sets import CheckedSet, DataSet, checked, grouped_sets, listed_sets
from gaussmix._settings import engine_settings, prior_for_any_columns
from gaussmix._summary import numbered
from gaussmix._typing import Acceleration, ArrayLike, RandomSource
from gaussmix._validation import check_choice, check_n_threads
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import (
    FitInterrupted,
    GaussmixError,
    warn_not_converged,
)
from gaussmix.prior import Prior
from gaussmix.result import FitResult
from gaussmix.results import Columns, FitResults

__all__ = ["fit_many"]

_LIMIT = 2**63  # of seeds


def fit_many(
    data: ArrayLike,
    n_components: int = 1,
    *,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    covariance_type: str | CovarianceType = "full",
    n_factors: int | None = None,
    tol: float | None = None,
    reg_covar: float | None = None,
    max_iter: int = 1000,
    max_seconds: float | None = None,
    accelerate: Acceleration = "auto",
    n_init: int = 1,
    race: bool = True,
    init_params: str = "kmeans",
    random_state: RandomSource = None,
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    on_degenerate: str = "repair",
    max_eigenvalue_ratio: float | None = None,
    prior: Prior | None = None,
    on_error: str = "raise",
) -> FitResults:
    """Fit a mixture to each of many data sets, several at a time.

    What is fitted is what `gaussmix.fit` fits to each set alone, to the bit: every set is fitted by
    one thread, and the threads take the sets as they become free. So there is no Python between
    two fits, and thousands of small sets keep all processors busy.

    Parameters
    ----------
    data : list of array-like, ndarray of shape (n_sets, n, D), or table of shape (n, D)
        A list or tuple of tables, which may differ in their numbers of rows and of columns; a
        stack of tables; or, with `groups`, one table (a frame keeps its column names).
    n_components : int, default 1
        K, the same for every set.
    groups : array-like of shape (n,), optional
        The set that each row belongs to: numbers, strings, anything that sorts; no row may be
        without. The sets come in the sorted order of their labels, those of ordered categories in
        the order of the categories; their rows in the order they have in the table.
    sample_weight : array-like, optional
        Frequency weights of the rows: with `groups` of shape (n,); for a stack or a list one array
        per set, where None means that every row of that set counts once.
    covariance_type, n_factors, tol, reg_covar, max_iter, accelerate, n_init, race, init_params, \
on_degenerate, max_eigenvalue_ratio, prior
        As in `gaussmix.fit`, the same for every set; what a prior leaves open is taken from each.
    max_seconds : float, optional
        Time for each set, from when a thread begins with it.
    random_state : None, int, RandomState or Generator, optional
        Gives one seed s, as in `gaussmix.fit`. The set at position i is fitted with
        ``random_state = (s + i) % 2**63``, which `FitResults.seeds` holds.
    n_threads : int, optional
        None: what the process may use. The results have the same bits for any number.
    memory_limit : int or str, optional
        Most bytes that all fits may hold beside the data, their outcomes included, or text such as
        ``"2 GiB"``; whatever `on_error` says. None asks whether that much memory is available.
    on_error : {"raise", "keep"}, default "raise"
        What to do about a set that cannot be fitted: because its data are unfit (no rows, NaN,
        fewer rows than components, not the columns that the model is for, ...), or singular under
        ``on_degenerate="raise"``. "raise": raise the error of the first such set; unfit data are
        found before any work is done. "keep": fit the others; `FitResults.errors` holds the reason.

    Returns
    -------
    FitResults
        One `FitResult` per set, in order.

    Raises
    ------
    GaussmixError
        An argument is unfit; whatever `on_error` says, if that is not about a single set.
    GaussmixTypeError
        An argument has the wrong type.
    InsufficientMemoryError
        The fits could need more memory than `memory_limit` or than there is; a ``MemoryError``.
    DegenerateError
        A set met a singular covariance that may not be repaired, and `on_error` is "raise".
    FitInterrupted
        Ctrl-C; its `results` are those of the sets that were finished.

    Warns
    -----
    ConvergenceWarning
        Once, when fits used up `max_iter` or `max_seconds`.

    See Also
    --------
    gaussmix.fit : Fits one data set, with all threads.

    Examples
    --------
    >>> import gaussmix as gx
    >>> table = [[1.0], [9.0], [3.0], [7.0], [2.0]]
    >>> results = gx.fit_many(table, 1, groups=["a", "b", "a", "b", "a"], random_state=0)
    >>> results.keys
    ('a', 'b')
    >>> {key: result.mixture.means.item() for key, result in results.by_key.items()}
    {'a': 2.0, 'b': 8.0}
    >>> alone = gx.fit([[9.0], [7.0]], 1, random_state=int(results.seeds[1]))
    >>> results[1].mixture == alone.mixture
    True
    """
    threads = check_n_threads(n_threads)
    settings = engine_settings(
        n_components=n_components,
        covariance_type=covariance_type,
        n_factors=n_factors,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        max_seconds=max_seconds,
        accelerate=accelerate,
        n_init=n_init,
        race=race,
        init_params=init_params,
        on_degenerate=on_degenerate,
        max_eigenvalue_ratio=max_eigenvalue_ratio,
    )
    engine_prior = prior_for_any_columns(settings, prior)
    limit = check_memory_limit(memory_limit)
    keep = check_choice(on_error, "on_error", ("raise", "keep")) == "keep"
    if groups is None:
        sets = listed_sets(data, sample_weight)
        keys: tuple[Any, ...] = tuple(range(len(sets)))
    else:
        sets, keys = grouped_sets(data, groups, sample_weight)
    fit_sets, errors = _check_all(sets, settings, prior, keep)
    settings |= {"prior": engine_prior, "n_threads": threads}
    check_memory_of_many(fit_sets.values(), settings, limit)
    # The seed comes last: an error above must not have moved the caller's generator.
    first = seed_from(random_state)
    seeds = [(first + i) % _LIMIT for i in range(len(sets))]
    found = _run(fit_sets, seeds, settings)
    results = _collect(sets, keys, seeds, fit_sets, errors, found, settings)
    _raise_if_unfinished(results, keep)
    _warn_if_short(results, settings)
    return results


def _check_all(
    sets: list[DataSet], settings: dict[str, Any], prior: Prior | None, keep: bool
) -> tuple[dict[int, CheckedSet], dict[int, GaussmixError]]:
    """Return the sets that can be fitted and the errors of those that cannot, by position."""
    good: dict[int, CheckedSet] = {}
    errors: dict[int, GaussmixError] = {}
    for place, one in enumerate(sets):
        try:
            good[place] = checked(one, settings, prior)
        except GaussmixError as error:
            if not keep:
                raise
            errors[place] = error
    return good, errors


def _run(sets: dict[int, CheckedSet], seeds: list[int], settings: dict[str, Any]) -> dict[str, Any]:
    return core.fit_many(
        [one.X for one in sets.values()],
        [one.sample_weight for one in sets.values()],
        [seeds[place] for place in sets],
        **settings,
        weights_init=None,
        means_init=None,
        covariances_init=None,
    )


def _collect(
    sets: list[DataSet],
    keys: tuple[Any, ...],
    seeds: list[int],
    fit_sets: dict[int, CheckedSet],
    errors: dict[int, GaussmixError],
    found: dict[str, Any],
    settings: dict[str, Any],
) -> FitResults:
    """Put what the engine found in the places of the sets, beside the errors of the others."""
    places = list(fit_sets)
    names = [one.feature_names for one in fit_sets.values()]
    statuses = ["failed"] * len(sets)
    log_likelihoods = np.full(len(sets), np.nan)
    n_iter = np.zeros(len(sets), dtype=np.int64)
    log_likelihoods[places] = found["log_likelihood"]
    n_iter[places] = found["n_iter"]
    for place, status, message in zip(places, found["status"], found["message"], strict=True):
        statuses[place] = status
        if not has_mixture(status):
            errors[place] = ending_without_mixture(status, message, f"{sets[place].label}: ")
    outcomes = found["outcomes"]
    position = {place: i for i, place in enumerate(places)}

    def build(place: int) -> FitResult:
        i = position[place]
        return result_of(core.outcome_at(outcomes, i), names[i], settings)

    columns = Columns(
        keys=keys,
        statuses=tuple(statuses),
        log_likelihoods=log_likelihoods,
        n_iter=n_iter,
        seeds=np.array(seeds, dtype=np.int64),
        errors=tuple(errors.get(place) for place in range(len(sets))),
    )
    return FitResults(columns, build)


def _raise_if_unfinished(results: FitResults, keep: bool) -> None:
    if "not run" in results.statuses:
        done = int(results.ok.sum())
        raise FitInterrupted(
            f"interrupted when {done} of {len(results)} data sets were fitted; the exception's "
            ".results holds them, and their .ok tells which they are.",
            results=results,
        )
    for error in results.errors.values() if not keep else ():
        raise type(error)(f'{error} (on_error="keep" fits the other sets all the same)')


def _warn_if_short(results: FitResults, settings: dict[str, Any]) -> None:
    """Say how many fits used up what they were allowed, if any did."""
    allowed = {
        "max_iter": numbered(settings["max_iter"], "pass", "passes"),
        "max_seconds": f"{settings['max_seconds']} seconds",
    }
    short = {
        limit: [place for place, status in enumerate(results.statuses) if status == limit]
        for limit in allowed
        if settings["max_iter"] > 0
    }
    said = [
        f"{len(places)} of {len(results)} fits used up the {allowed[limit]} that {limit} allows, "
        f"the first of them that of {results.keys[places[0]]!r}"
        for limit, places in short.items()
        if places
    ]
    if said:
        raised = " and ".join(limit for limit, places in short.items() if places)
        warn_not_converged(
            f"Not converged: {'; '.join(said)}. Raise {raised}; .converged of the result tells "
            "which they are."
        )
