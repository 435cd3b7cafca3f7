"""The engine's outcome of a fit, as a `FitResult`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix import _criteria
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import GaussmixError
from gaussmix.factor_mixture import mixture_class
from gaussmix.mixture import Mixture
from gaussmix.result import FitResult, RepairEvent, Repairs, StartOutcome


def result_of(
    outcome: dict[str, Any],
    names: tuple[str, ...] | None,
    settings: dict[str, Any],
    *,
    given_start: bool = False,
) -> FitResult:
    """Turn the engine's outcome under `settings` into a `FitResult`.

    Raises
    ------
    GaussmixError
        Times its weights, the log-likelihood is more than float64 can hold.
    """
    if not np.isfinite(outcome["log_likelihood"]):
        raise GaussmixError(
            "the log-likelihood is more than float64 can hold: it is in units of the sample "
            "weights. Divide them by their largest."
        )
    history = settings.get("history")
    structure = CovarianceType(settings["covariance_type"])
    mixture = mixture_class(structure)._of_engine(outcome, structure, names)
    total_weight = outcome["total_weight"]
    n_effective = outcome["n_effective"]
    bic = _criteria.bic(outcome["log_likelihood"], mixture.n_parameters, total_weight)
    return FitResult(
        mixture=mixture,
        log_likelihood=outcome["log_likelihood"],
        starts=tuple(
            _start_of(
                number,
                one,
                n_effective / total_weight,
                mixture if number == outcome["best_start"] else _mixture_of(one, mixture),
            )
            for number, one in enumerate(outcome["starts"])
        ),
        best_start=outcome["best_start"],
        n_rows=outcome["n_rows"],
        total_weight=total_weight,
        n_effective=n_effective,
        seconds_init=outcome["seconds_init"],
        seconds_em=outcome["seconds_em"],
        icl=_criteria.icl(bic, outcome["certainty"]),
        column_scale=outcome["column_scale"],
        history=np.empty(0) if history is None else history,
        max_eigenvalue_ratio=settings["max_eigenvalue_ratio"],
        reg_covar=settings["reg_covar"],
        given_start=given_start,
    )


def _mixture_of(one: dict[str, Any], best: Mixture) -> Mixture | None:
    if one["mixture"] is None:
        return None
    return type(best)._of_engine(one["mixture"], best.covariance_type, best.feature_names)


def _start_of(
    number: int, one: dict[str, Any], rows_per_weight: float, mixture: Mixture | None
) -> StartOutcome:
    return StartOutcome(
        status=one["status"],
        n_iter=one["n_iter"],
        log_likelihood=one["log_likelihood"],
        trace=one["trace"],
        predicted_gain=one["predicted_gain"],
        repairs=Repairs(
            floored=tuple(one["floored"].tolist()), emptied=tuple(one["emptied"].tolist())
        ),
        events=tuple(_event(number, event, rows_per_weight) for event in one["events"]),
        log_prior=one["log_prior"],
        rejected=one["rejected"],
        message=one["message"],
        mixture=mixture,
    )


def _event(start: int, event: tuple[Any, ...], rows_per_weight: float) -> RepairEvent:
    iteration, last_iteration, component, weight, eigenvalue, action = event
    return RepairEvent(
        start=start,
        iteration=iteration,
        last_iteration=last_iteration,
        component=component,
        n_effective=weight * rows_per_weight,
        eigenvalue=eigenvalue,
        action=action,
    )
