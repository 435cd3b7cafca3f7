"""Small ways of calling the package that several test modules share."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

import gaussmix as gx


def fixed_passes(X: Any, n_components: int, n_passes: int, **options: Any) -> gx.FitResult:
    """Plain EM for exactly `n_passes` passes: a tolerance of 0 is never met."""
    return quiet(X, n_components, tol=0.0, max_iter=n_passes, accelerate=False, **options)


def quiet(X: Any, n_components: int, **options: Any) -> gx.FitResult:
    """`gaussmix.fit` without the warning that it stopped before it converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gx.ConvergenceWarning)
        return gx.fit(X, n_components, **options)


def memory_needed_by(X: Any, n_components: int, **options: Any) -> int:
    """The bytes that a limit must allow, by the message of one that does not."""
    try:
        gx.fit(X, n_components, memory_limit=1, **options)
    except gx.InsufficientMemoryError as error:
        _, needed = re.findall(r"\(([0-9,]+) bytes\)", str(error))
        return int(needed.replace(",", ""))
    raise AssertionError("a limit of one byte was not refused")


def given(mixture: gx.Mixture) -> dict[str, Any]:
    """The arguments that start a fit at a mixture."""
    return {
        "weights_init": mixture.weights,
        "means_init": mixture.means,
        "covariances_init": mixture.covariances,
    }


def image(result: gx.FitResult) -> tuple[bytes, ...]:
    """Everything numeric in a result but the clock, to the bit."""
    mixture = result.mixture
    arrays = [mixture.weights, mixture.means, mixture.covariances, mixture.precisions_cholesky]
    arrays += [start.trace for start in result.starts]
    scalars = [result.log_likelihood, result.icl, result.total_weight, result.n_effective]
    scalars += [start.log_likelihood for start in result.starts]
    scalars += [start.predicted_gain for start in result.starts]
    scalars += [start.log_prior for start in result.starts]
    counts = [result.best_start, result.n_rows]
    counts += [start.n_iter for start in result.starts]
    for start in result.starts:
        counts += [start.rejected, *start.repairs.floored, *start.repairs.emptied]
        scalars += [event.n_effective for event in start.events]
        counts += [n for event in start.events for n in (event.iteration, event.last_iteration)]
    return (
        *(array.tobytes() for array in arrays),
        np.array(scalars).tobytes(),
        np.array(counts).tobytes(),
    )


def statistics_image(statistics: gx.SufficientStatistics) -> tuple[bytes, ...]:
    """Sufficient statistics, to the bit."""
    totals = [
        statistics.log_likelihood,
        statistics.total_weight,
        statistics.n_effective,
        float(statistics.n_rows),
    ]
    return (
        statistics.weight.tobytes(),
        statistics.mean.tobytes(),
        statistics.scatter.tobytes(),
        np.array(totals).tobytes(),
    )
