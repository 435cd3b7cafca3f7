"""Many fits of one model whose parameters are wanted, and not their histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gaussmix._runtime import core
from gaussmix._typing import Float64Array, FloatArray, Int64Array
from gaussmix.exceptions import DegenerateError, FitInterrupted, GaussmixError


class Parameters(NamedTuple):
    """Of several mixtures with the same model, along a first axis."""

    weights: Float64Array
    means: Float64Array
    covariances: Float64Array

    def at(self, chosen: Any) -> Parameters:
        """Return those of some of the mixtures."""
        return Parameters(*(values[chosen] for values in self))

    def absent(self, count: int) -> Parameters:
        """Return as many of this size that are NaN."""
        return Parameters(*(np.full((count, *values.shape[1:]), np.nan) for values in self))


class Fits(NamedTuple):
    """Columns, one entry per fit; NaN where there is none."""

    statuses: tuple[str, ...]
    log_likelihood: Float64Array
    repairs: Int64Array
    outcomes: object
    messages: tuple[str, ...]  # of those without a mixture why that is

    @property
    def ok(self) -> Any:
        """Whether there is a mixture, shape (n_fits,)."""
        return np.array([has_mixture(status) for status in self.statuses], dtype=bool)

    @property
    def converged(self) -> Any:
        """Whether it met its stopping rule, shape (n_fits,)."""
        return np.array([status == "converged" for status in self.statuses], dtype=bool)

    def parameters(self) -> Parameters:
        """Return what was found; there must be one fit that found anything."""
        return Parameters(**core.parameters_of(self.outcomes))

    def error(self, place: int) -> GaussmixError:
        """Return why there is no mixture."""
        return ending_without_mixture(self.statuses[place], self.messages[place])


# Ways to end without a mixture, as the engine names them.
_WITHOUT_MIXTURE: dict[str, tuple[type[GaussmixError], str]] = {
    "degenerate": (DegenerateError, "a covariance became singular"),
    "failed": (GaussmixError, "it cannot be fitted"),
    "not run": (GaussmixError, "interrupted before it was fitted"),
}


def has_mixture(status: str) -> bool:
    """Whether a fit that ended so found anything."""
    return status not in _WITHOUT_MIXTURE


def ending_without_mixture(status: str, message: str, label: str = "") -> GaussmixError:
    """Return the error of a fit that found nothing."""
    kind, said = _WITHOUT_MIXTURE[status]
    return kind(f"{label}{message or said}")


def run_fits(
    data: Sequence[FloatArray],
    weights: Sequence[Float64Array | None],
    seeds: Sequence[int],
    settings: dict[str, Any],
    start: Parameters | None = None,
) -> Fits:
    """Fit each data set with its weights and its seed, several at a time.

    `start` holds one mixture for each of them, or one for all; else `settings` say how to begin.

    Raises
    ------
    FitInterrupted
        Ctrl-C.
    """
    given = (None, None, None) if start is None else map(np.ascontiguousarray, start)
    names = ("weights_init", "means_init", "covariances_init")
    everything: dict[str, Any] = settings | dict(zip(names, given, strict=True))
    found = core.fit_many(data, weights, seeds, **everything)
    if "not run" in found["status"]:
        raise FitInterrupted("interrupted before all fits were done; nothing was kept.")
    columns = ("status", "log_likelihood", "repairs", "outcomes", "message")
    return Fits(*(found[name] for name in columns))


def fits_at_once(numbers_per_fit: int) -> int:
    """Return how many fits to run with one call, if each needs so many numbers made for it."""
    return max(1, _NUMBERS_AT_ONCE // numbers_per_fit)


_NUMBERS_AT_ONCE = 2**23  # 64 MiB
