"""Where EM starts: the initial parameters as the engine wants them, or those of an earlier fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._parameters import (
    check_covariances,
    check_means,
    check_precisions,
    check_responsibilities,
    check_weights,
)
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix._validation import check_feature_names
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.factor_mixture import FactorMixture
from gaussmix.result import FitResult

_REMEMBERED = 16  # log-likelihoods that a fit which carries on is told; more than its rule looks at
_BEGIN_AFRESH = "begin afresh, without start= (an estimator: with warm_start=False)."
# What the engine is told of a start where there is nothing to tell.
NO_START: dict[str, Any] = dict.fromkeys(
    (
        *("weights_init", "means_init", "covariances_init", "precisions_cholesky_init"),
        *("responsibilities_init", "history"),
    )
)
_WHOLE = {"weights_init", "means_init", "covariances_init"}  # with which a start is complete


def initial_parameters(
    structure: CovarianceType,
    sizes: tuple[int, int, int],
    n_factors: int = 0,
    *,
    start: FitResult | None,
    **given: ArrayLike | None,
) -> dict[str, Any]:
    """Return the engine's arguments that say where to start; None where nothing is given.

    `sizes` is (rows, components, features); `given` holds the initial parameters by the names
    they have in `gaussmix.fit`. The parameters of `start` take their place.
    """
    if start is not None:
        _check_start(start, structure, sizes, n_factors)
        _, weights, means, factors = start.mixture._engine_parameters()
        return {
            "weights_init": weights,
            "means_init": means,
            "covariances_init": factors if n_factors else start.mixture.covariances,
            "precisions_cholesky_init": factors,
            "responsibilities_init": None,
            "history": _history_of(start),
        }
    if all(value is None for value in given.values()):
        return dict(NO_START)
    _check_combination({name for name, value in given.items() if value is not None}, structure)
    rows, K, D = sizes
    checks: dict[str, Any] = {
        "weights_init": lambda value, name: check_weights(value, K, name),
        "means_init": lambda value, name: check_means(value, K, D, name),
        "covariances_init": lambda value, name: check_covariances(value, structure, K, D, name),
        "precisions_init": lambda value, name: check_precisions(value, structure, K, D, name),
        "responsibilities_init": lambda value, name: check_responsibilities(value, rows, K, name),
    }
    checked = {
        name: None if given[name] is None else check(given[name], name)
        for name, check in checks.items()
    }
    precisions = checked.pop("precisions_init")
    if precisions is not None:
        checked["covariances_init"] = precisions
    return {**checked, "precisions_cholesky_init": None, "history": None}


def check_names_of_start(names: tuple[str, ...] | None, start: FitResult) -> None:
    """Raise where the columns have other names than those of the fit to carry on from."""
    try:
        check_feature_names(names, start.mixture.feature_names)
    except GaussmixError as error:
        raise GaussmixError(f"{error}Give the columns of that fit, or {_BEGIN_AFRESH}") from None


def leaves_nothing_to_chance(settings: dict[str, Any]) -> bool:
    """Whether what is given determines a start, so that all starts would be the same one."""
    given = _given(settings)
    if given >= _WHOLE:
        return True
    if settings["n_factors"]:
        return False  # the search for the axes of the factors begins at random
    return _by_nearest_mean(settings) or "responsibilities_init" in given


def check_distinct_means(settings: dict[str, Any]) -> None:
    """Refuse equal means where each row goes to the nearest: it would go to the first of them."""
    if not _by_nearest_mean(settings):
        return
    means = settings["means_init"]
    for k in range(1, len(means)):
        same = np.flatnonzero((means[:k] == means[k]).all(axis=1))
        if len(same) > 0:
            raise GaussmixError(
                f"means_init[{same[0]}] and means_init[{k}] are the same, so every row would go to "
                "the first of the two and no row to the second: give different means, or weights "
                "and covariances as well."
            )


def _given(settings: dict[str, Any]) -> set[str]:
    return {name for name in NO_START if settings[name] is not None}


def _by_nearest_mean(settings: dict[str, Any]) -> bool:
    """Whether the start gives each row to the nearest of the means that are given."""
    given = _given(settings)
    # The random shares of the rows yield the weights and covariances also where means are given.
    shared_out = settings["init_params"] == "random" or "responsibilities_init" in given
    return "means_init" in given and not given >= _WHOLE and not shared_out


def _history_of(start: FitResult) -> Float64Array:
    """Return the log-likelihoods before that of `start.mixture`, which the first pass tells."""
    # An interrupt leaves the last parameters that a pass has been made from, not the next ones.
    trace = start.trace[:-1] if start.status == "interrupted" else start.trace
    return np.concatenate([start.history, trace])[-_REMEMBERED:]


def _check_combination(named: set[str], structure: CovarianceType) -> None:
    matrices = {"precisions_init", "covariances_init"} & named
    if matrices and structure is CovarianceType.FACTOR:
        raise GaussmixError(
            f"{matrices.pop()} is not available for covariance_type='factor', whose covariances "
            "are loadings and noise: carry on from a fit with start=, or leave it out."
        )
    if {"precisions_init", "covariances_init"} <= named:
        raise GaussmixError(
            "precisions_init and covariances_init were both given, and each determines the other: "
            "give one of them."
        )
    parameters = named - {"responsibilities_init"}
    if "responsibilities_init" in named and len(parameters) == 3:
        raise GaussmixError(
            "responsibilities_init has no effect when weights, means and covariances are given as "
            "well: leave out the one or the others."
        )


def _check_start(
    start: object, structure: CovarianceType, sizes: tuple[int, int, int], n_factors: int
) -> None:
    if not isinstance(start, FitResult):
        raise GaussmixTypeError(
            "start must be a FitResult, as fit returns it, got "
            f"{type(start).__name__}; to start from a mixture pass its weights, means and "
            "covariances as weights_init, means_init and covariances_init."
        )
    _, K, D = sizes
    wanted = {"n_components": K, "covariance_type": structure.value, "number of features": D}
    held = {
        "n_components": start.n_components,
        "covariance_type": start.covariance_type.value,
        "number of features": start.n_features,
    }
    if isinstance(start.mixture, FactorMixture):
        wanted["n_factors"], held["n_factors"] = n_factors, start.mixture.n_factors
    for name, value in wanted.items():
        if held[name] != value:
            raise GaussmixError(
                f"the start has {name} {held[name]!r}, but this fit asks for {value!r}: ask for "
                f"the same, or {_BEGIN_AFRESH}"
            )
