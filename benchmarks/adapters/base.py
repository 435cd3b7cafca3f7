"""What a library must be able to do to take part."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import NamedTuple, Protocol

from benchmarks.problems import Array, Parameters

RIDGE = 1e-6  # added to the covariances in every M-step, by all libraries that can
ALL_TYPES = ("full", "tied", "diag", "spherical")


class Fit(NamedTuple):
    """Seconds of the whole call by the wall and by the processor, and the mixture it returned.

    The covariances have the shape of their structure. `peak_mib` is for a library that runs in a
    process of its own; of the others it is measured from outside.
    """

    seconds: float
    cpu_seconds: float
    mixture: Parameters
    peak_mib: float | None = None


class Adapter(Protocol):
    """One library; its name is also its word on the command line."""

    @property
    def name(self) -> str:
        """The library, as its users call it."""

    @property
    def covariance_types(self) -> tuple[str, ...]:
        """The structures it has."""

    @property
    def note(self) -> str:
        """How its work differs from the others', if it does."""

    def available(self) -> bool:
        """Whether the library can be used here; must not import it."""

    def version(self) -> str:
        """Version and whatever else changes its speed; imports the library."""

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        """Run exactly `n_iter` EM iterations from `start`, which has the structure's shape."""


class Stopwatch:
    """Wall and processor seconds of a block of code."""

    def __enter__(self) -> Stopwatch:
        self._begin = perf_counter(), process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = perf_counter() - self._begin[0]
        self.cpu_seconds = process_time() - self._begin[1]
