"""What a library must be able to do to take part."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from benchmarks.problems import Array, Parameters

RIDGE = 1e-6  # added to the covariances in every M-step, by all libraries alike


class Fit(NamedTuple):
    """Wall seconds of the whole call, and the mean log-likelihood per row at what it returned."""

    seconds: float
    log_likelihood: float


class Adapter(Protocol):
    """One library; its name is also its word on the command line."""

    @property
    def name(self) -> str:
        """The library, as its users call it."""

    def available(self) -> bool:
        """Whether the library can be imported here; must not import it."""

    def version(self) -> str:
        """Version and whatever else changes its speed."""

    def fit(self, X: Array, start: Parameters, n_iter: int, n_threads: int | None) -> Fit:
        """Run exactly `n_iter` EM iterations from `start`; ``None`` threads: all cores."""
