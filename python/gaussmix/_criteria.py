"""Criteria for choosing between mixtures; of each, lower is better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gaussmix._row_blocks import row_blocks
from gaussmix._runtime import core
from gaussmix._typing import Float64Array, FloatArray

if TYPE_CHECKING:
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


def aicc(log_likelihood: float, n_parameters: int, total_weight: float) -> float:
    """AIC + 2 p (p + 1) / (n - p - 1) (Hurvich & Tsai 1989); infinite where n <= p + 1."""
    left = total_weight - n_parameters - 1
    if left <= 0:
        return math.inf
    return aic(log_likelihood, n_parameters) + 2.0 * n_parameters * (n_parameters + 1) / left


def nec(entropy_value: float, log_likelihood: float, of_one_component: float) -> float:
    """Entropy over the gain on one component (Celeux & Soromenho 1996); 1 for one component."""
    gain = log_likelihood - of_one_component
    if gain > 0:
        return entropy_value / gain
    return math.inf


def exact_responsibilities(
    data: FloatArray, mixture: Mixture, n_threads: int | None
) -> Float64Array:
    """Return them in float64 for sums over many rows, whatever the precision of the rows."""
    found: Float64Array = core.evaluate(
        data, mixture._density, responsibilities=True, n_threads=n_threads
    )["responsibilities"]
    return found


def entropy(
    data: FloatArray, sample_weight: Float64Array | None, mixture: Mixture, n_threads: int | None
) -> float:
    """-sum_i w_i sum_k r_ik log r_ik, in nats; a few rows' responsibilities are held at a time."""
    total = 0.0
    for rows in row_blocks(len(data)):
        shares = exact_responsibilities(data[rows], mixture, n_threads)
        logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
        each = -np.einsum("ik,ik->i", shares, logs)
        total += float(each.sum() if sample_weight is None else each @ sample_weight[rows])
    return total


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
