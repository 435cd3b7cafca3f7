"""Time of a pass of factor analysers against columns and factors: ``python -m benchmarks.factor``.

A pass takes 6 D q + O(D) flops per row and component: D q multiply-adds towards the density, as
many to project the rows once more for the sums, and as many for the sums. The last columns show
that: time per row, component and column, and flops that are useful per second, where the second
projection is not counted. A fit with full covariances takes 2 D^2, and D^2 numbers a component.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import numpy as np

import gaussmix as gx

COLUMNS = (50, 200, 500, 1000, 2000)
FACTORS = (1, 2, 5, 10, 20)
_PASSES = 6


def planted(
    n_rows: int, n_features: int, n_components: int, n_factors: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows of a mixture of factor analysers whose means lie well apart."""
    rng = np.random.default_rng([n_features, n_factors])
    mixture = gx.FactorMixture(
        np.full(n_components, 1 / n_components),
        rng.normal(size=(n_components, n_features)),
        rng.normal(size=(n_components, n_features, n_factors)),
        rng.uniform(0.3, 1.5, size=(n_components, n_features)),
    )
    return mixture.sample(n_rows, random_state=0)[0]


def seconds_per_pass(
    X: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    n_components: int,
    covariance_type: str,
    n_factors: int | None,
    n_threads: int,
    repeats: int,
) -> float:
    """The difference of a long fit and a short one, so that what is done once cancels."""

    def seconds(n_passes: int) -> float:
        start = time.perf_counter()
        gx.fit(
            X, n_components, covariance_type=covariance_type, n_factors=n_factors, tol=0.0,
            max_iter=n_passes, init_params="random_from_data", random_state=0, n_threads=n_threads,
        )  # fmt: skip
        return time.perf_counter() - start

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gx.ConvergenceWarning)
        turns = [seconds(1 + _PASSES) - seconds(1) for _ in range(repeats)]
    return statistics.median(turns) / _PASSES


def useful_flops(n_features: int, n_factors: int) -> float:
    """Of a pass, per row and component: 4 for each number that a covariance has."""
    return 4.0 * n_features * (n_factors + 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--components", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    n, K = options.rows, options.components
    print(f"{n} rows, {K} components, {options.threads} threads")
    print("     D    q   ms/pass   ns per row, component, column   GFLOP/s")
    for D in COLUMNS:
        for q in FACTORS:
            X = planted(n, D, K, q)
            seconds = seconds_per_pass(X, K, "factor", q, options.threads, options.repeats)
            cell = seconds / (n * K)
            rate = useful_flops(D, q) / cell / 1e9
            print(
                f"{D:6} {q:4} {1e3 * seconds:9.2f} {1e9 * cell / D:31.3f} {rate:9.1f}", flush=True
            )
        if D <= 500:
            seconds = seconds_per_pass(X, K, "full", None, options.threads, 1)
            print(
                f"{D:6} full {1e3 * seconds:9.2f} {1e9 * seconds / (n * K) / D:31.3f}", flush=True
            )


if __name__ == "__main__":
    main()
