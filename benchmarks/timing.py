"""Seconds per EM iteration, free of what happens once per fit."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.adapters import Adapter
from benchmarks.problems import Array, Parameters


class Timing(NamedTuple):
    """One measurement: seconds per iteration, and the mean log-likelihood it ended at."""

    seconds: float
    log_likelihood: float


def fit_iterations(
    adapter: Adapter, X: Array, start: Parameters, n_iter: int, n_threads: int | None
) -> Timing:
    """Time ``1 + n_iter`` iterations less one iteration, per iteration.

    What every fit does once (checks, the initial factorisations, the closing E-step at the
    returned parameters) is in both and cancels.
    """
    short = adapter.fit(X, start, 1, n_threads)
    long = adapter.fit(X, start, 1 + n_iter, n_threads)
    return Timing((long.seconds - short.seconds) / n_iter, long.log_likelihood)


def interleaved(
    adapters: list[Adapter],
    X: Array,
    start: Parameters,
    n_iter: int,
    n_threads: int | None,
    repeats: int,
) -> dict[str, list[Timing]]:
    """Measure the libraries in turns, so that a busy spell of the machine meets all of them.

    The first run of each is thrown away: it pays for imports, threads and cold caches.
    """
    for adapter in adapters:
        adapter.fit(X, start, 1, n_threads)
    timings: dict[str, list[Timing]] = {adapter.name: [] for adapter in adapters}
    for repeat in range(repeats):
        for adapter in adapters if repeat % 2 == 0 else reversed(adapters):
            timings[adapter.name].append(fit_iterations(adapter, X, start, n_iter, n_threads))
    return timings
