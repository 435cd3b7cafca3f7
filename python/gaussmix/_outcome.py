"""The engine's outcome of a fit, as a `FitResult`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix import _criteria
from gaussmix._typing import Float64Array
from gaussmix.covariance import CovarianceType
from gaussmix.mixture import Mixture
from gaussmix.result import FitResult, Repairs, StartOutcome


def result_of(
    outcome: dict[str, Any],
    structure: CovarianceType,
    names: tuple[str, ...] | None,
    history: Float64Array | None = None,
) -> FitResult:
    """Turn the engine's outcome into a `FitResult`; `history` is what it carried on from."""
    mixture = Mixture._of_engine(outcome, structure, names)
    total_weight = outcome["total_weight"]
    bic = _criteria.bic(outcome["log_likelihood"], mixture.n_parameters, total_weight)
    return FitResult(
        mixture=mixture,
        log_likelihood=outcome["log_likelihood"],
        starts=tuple(
            _start_of(one, mixture if i == outcome["best_start"] else _mixture_of(one, mixture))
            for i, one in enumerate(outcome["starts"])
        ),
        best_start=outcome["best_start"],
        n_rows=outcome["n_rows"],
        total_weight=total_weight,
        n_effective=total_weight**2 / outcome["total_squared_weight"],
        seconds_init=outcome["seconds_init"],
        seconds_em=outcome["seconds_em"],
        icl=_criteria.icl(bic, outcome["certainty"]),
        column_scale=outcome["column_scale"],
        history=np.empty(0) if history is None else history,
    )


def _mixture_of(one: dict[str, Any], best: Mixture) -> Mixture | None:
    if one["mixture"] is None:
        return None
    return Mixture._of_engine(one["mixture"], best.covariance_type, best.feature_names)


def _start_of(one: dict[str, Any], mixture: Mixture | None) -> StartOutcome:
    return StartOutcome(
        status=one["status"],
        n_iter=one["n_iter"],
        log_likelihood=one["log_likelihood"],
        trace=one["trace"],
        predicted_gain=one["predicted_gain"],
        repairs=Repairs(
            floored=tuple(one["floored"].tolist()), emptied=tuple(one["emptied"].tolist())
        ),
        rejected=one["rejected"],
        message=one["message"],
        mixture=mixture,
    )
