"""``python -m benchmarks.sparsity``: what leaving out components that cannot matter saves a fit.

A fit learns in its passes which components a row can do without; a single `e_step` knows nothing of
earlier ones and leaves nothing out. Both are timed at the same mixtures, once the fit has settled.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

import numpy as np

import gaussmix as gx
from benchmarks.layout import cells
from benchmarks.problems import Array

SETTLING = 12  # passes before the timed ones
AGREEMENT = 1e-12  # of the log-likelihoods, relative


@dataclass(frozen=True)
class Case:
    """Round components of equal weight; `spread` is the standard deviation of their means."""

    n_features: int
    n_components: int
    spread: float
    asked: float | None = None  # times faster, at least

    @property
    def name(self) -> str:
        return f"D = {self.n_features}, K = {self.n_components}, spread {self.spread:g}"

    def problem(self, n_rows: int) -> tuple[Array, gx.Mixture]:
        """Rows, and a start with every mean off by half a standard deviation per column."""
        D, K = self.n_features, self.n_components
        rng = np.random.default_rng([D, K])
        means = self.spread * rng.standard_normal((K, D))
        X = means[rng.integers(K, size=n_rows)] + rng.standard_normal((n_rows, D))
        steps = 0.5 * rng.standard_normal((K, D))
        covariances = np.broadcast_to(2.0 * np.eye(D), (K, D, D))
        weights = np.full(K, 1.0 / K)
        return X, gx.Mixture(weights, means + steps, covariances, covariance_type="full")


CASES = tuple(
    Case(n_features, 64, spread, asked)
    for spread, asked in ((4.0, 3.0), (0.5, None))
    for n_features in (8, 16)
)


@dataclass(frozen=True)
class Found:
    """Nanoseconds per row and component of a pass, and log-likelihoods after the last."""

    in_fit: float
    dense: float
    fit_log_likelihood: float
    dense_log_likelihood: float

    @property
    def difference(self) -> float:
        gap = abs(self.fit_log_likelihood - self.dense_log_likelihood)
        return gap / abs(self.dense_log_likelihood)


def measure(case: Case, n_rows: int, n_passes: int, turns: int) -> Found:
    """Minima over the turns of processor time, one thread."""
    X, start = case.problem(n_rows)
    chain, log_likelihood = dense_chain(X, start, SETTLING + n_passes)
    timed = chain[SETTLING:]
    short, long, dense = [], [], []
    for _ in range(turns):
        short.append(seconds(lambda: fit(X, start, SETTLING)))
        long.append(seconds(lambda: fit(X, start, SETTLING + n_passes)))
        dense.append(seconds(lambda: [gx.e_step(X, one, n_threads=1) for one in timed]))
    per_pair = 1e9 / (n_passes * n_rows * case.n_components)
    return Found(
        per_pair * (min(long) - min(short)),
        per_pair * min(dense),
        float(fit(X, start, SETTLING + n_passes).trace[-1]),
        log_likelihood,
    )


def dense_chain(X: Array, start: gx.Mixture, n_passes: int) -> tuple[list[gx.Mixture], float]:
    """The mixture at every pass of EM, and the log-likelihood at the last one."""
    chain = [start]
    while True:
        statistics = gx.e_step(X, chain[-1], n_threads=1)
        if len(chain) == n_passes:
            return chain, statistics.log_likelihood
        chain.append(gx.m_step(statistics, covariance_type="full", previous=chain[-1]))


def fit(X: Array, start: gx.Mixture, n_passes: int) -> gx.FitResult:
    """So many passes of plain EM."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gx.ConvergenceWarning)
        return gx.fit(
            X,
            start.n_components,
            weights_init=start.weights,
            means_init=start.means,
            covariances_init=start.covariances,
            tol=0.0,
            max_iter=n_passes,
            accelerate=False,
            n_threads=1,
        )


def seconds(call: Callable[[], object]) -> float:
    """Processor time of a call."""
    begin = process_time()
    call()
    return process_time() - begin


def line(case: Case, found: Found) -> str:
    """A row of the table."""
    ratio = found.dense / found.in_fit
    asked = ""
    if case.asked is not None:
        asked = f"{case.asked:g} {'reached' if ratio >= case.asked else '**MISSED**'}"
    agreed = f"{found.difference:.1e}" + ("" if found.difference <= AGREEMENT else " **DISAGREE**")
    likelihoods = (f"{found.fit_log_likelihood:.12e}", f"{found.dense_log_likelihood:.12e}", agreed)
    times = (f"{found.in_fit:.2f} ns", f"{found.dense:.2f} ns", f"{ratio:.2f}", asked)
    return cells([case.name, *times, *likelihoods])


HEADER = (
    *("components", "pass of a fit", "dense pass", "times faster", "asked"),
    *("log-likelihood of the fit", "dense", "relative difference"),
)


def main() -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sparsity", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--passes", type=int, default=10, help="timed passes")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    print(cells(HEADER))
    print(cells(["---", *["---:"] * (len(HEADER) - 1)]))
    for case in CASES:
        found = measure(case, options.rows, options.passes, options.turns)
        print(line(case, found), flush=True)


if __name__ == "__main__":
    main()
