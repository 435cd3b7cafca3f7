"""Criteria for choosing between mixtures; of each, lower is better."""

from __future__ import annotations

import math

import numpy as np

from gaussmix._runtime import core
from gaussmix._typing import Float64Array, FloatArray
from gaussmix.mixture import Mixture

_VALUES_AT_A_TIME = 2**17  # 1 MiB of responsibilities


def aic(log_likelihood: float, n_parameters: int) -> float:
    """Akaike's criterion, -2 log L + 2 p."""
    return -2.0 * log_likelihood + 2.0 * n_parameters


def bic(log_likelihood: float, n_parameters: int, total_weight: float) -> float:
    """Schwarz's criterion, -2 log L + p ln n, where n is the sum of the weights of the rows."""
    return -2.0 * log_likelihood + n_parameters * math.log(total_weight)


def icl(bic_value: float, certainty: float) -> float:
    """BIC - 2 `certainty`: the integrated classification likelihood of mclust, in BIC's sign."""
    return bic_value - 2.0 * certainty


def certainty(
    data: FloatArray, sample_weight: Float64Array | None, mixture: Mixture, n_threads: int | None
) -> float:
    """Sum over the rows of w_i log max_k r_ik: 0 when no row is in doubt, else negative.

    The rows are taken some at a time, so that the n x K responsibilities are never held.
    """
    if mixture.n_components == 1:
        return 0.0
    rows = max(1, _VALUES_AT_A_TIME // mixture.n_components)
    parts = []
    for first in range(0, len(data), rows):
        chunk = slice(first, first + rows)
        logs = _log_largest(data[chunk], mixture, n_threads)
        parts.append(float(logs.sum() if sample_weight is None else sample_weight[chunk] @ logs))
    return math.fsum(parts)


def _log_largest(data: FloatArray, mixture: Mixture, n_threads: int | None) -> Float64Array:
    outputs = core.evaluate(
        data,
        mixture.covariance_type.value,
        mixture.weights,
        mixture.means,
        mixture.precisions_cholesky,
        responsibilities=True,
        labels=True,
        n_threads=n_threads,
    )
    # Looked up by its label: NumPy's maximum over short rows would take longer than the engine.
    largest = outputs["responsibilities"][np.arange(len(data)), outputs["labels"]]
    return np.asarray(np.log(largest), dtype=np.float64)
