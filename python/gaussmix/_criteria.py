"""Criteria for choosing between mixtures; of each, lower is better."""

from __future__ import annotations

import math
from typing import NamedTuple

from gaussmix._runtime import core
from gaussmix._typing import Float64Array, FloatArray
from gaussmix.mixture import Mixture


def aic(log_likelihood: float, n_parameters: int) -> float:
    """Akaike's criterion, -2 log L + 2 p."""
    return -2.0 * log_likelihood + 2.0 * n_parameters


def bic(log_likelihood: float, n_parameters: int, total_weight: float) -> float:
    """Schwarz's criterion, -2 log L + p ln n, where n is the sum of the weights of the rows."""
    return -2.0 * log_likelihood + n_parameters * math.log(total_weight)


def icl(bic_value: float, certainty: float) -> float:
    """BIC - 2 `certainty`: the integrated classification likelihood of mclust, in BIC's sign."""
    return bic_value - 2.0 * certainty


class Likelihood(NamedTuple):
    """Sums over the rows of w log p(x), and of w log max_k r_k: 0 when no row is in doubt."""

    log_likelihood: float
    certainty: float


def likelihood(
    data: FloatArray, sample_weight: Float64Array | None, mixture: Mixture, n_threads: int | None
) -> Likelihood:
    """Both sums in one visit to the rows; nothing of the size of the data is held."""
    return Likelihood(
        *core.likelihood(
            data,
            sample_weight,
            *mixture._engine_parameters(),
            n_threads,
        )
    )
