"""``python -m benchmarks.structures``: a pass of EM by covariance structure, on one thread.

Processor time of a fit of several passes less that of a fit of one, against the structure without
restrictions that gathers the same statistics: VVV, or VVI for those along the axes.
"""

from __future__ import annotations

import warnings
from time import process_time

import numpy as np

import gaussmix as gx
from benchmarks.problems import Array

SIZES = ((2, 5), (4, 8), (8, 16), (16, 16), (32, 16))  # columns, components
AGAINST = {
    "VVI": ("EII", "VII", "EEI", "VEI", "EVI"),
    "VVV": ("EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV"),
}
N_ROWS = 100_000
PASSES = 5
TURNS = 3


def seconds(X: Array, n_components: int, code: str, passes: int) -> float:
    """Processor time of a fit of so many passes."""
    before = process_time()
    gx.fit(
        X,
        n_components,
        covariance_type=code,
        means_init=X[:n_components],
        tol=0.0,
        accelerate=False,
        max_iter=passes,
        n_threads=1,
    )
    return process_time() - before


def of_a_pass(X: Array, n_components: int, code: str) -> float:
    """The least of several turns."""
    return min(
        (seconds(X, n_components, code, 1 + PASSES) - seconds(X, n_components, code, 1)) / PASSES
        for _ in range(TURNS)
    )


def main() -> None:
    """Print milliseconds per pass, and times those of VVI or VVV."""
    warnings.simplefilter("ignore", gx.ConvergenceWarning)
    for D, K in SIZES:
        rng = np.random.default_rng([D, K])
        X = 2.0 * rng.standard_normal((K, D))[rng.integers(K, size=N_ROWS)]
        X = X + rng.standard_normal((N_ROWS, D))
        print(f"D = {D}, K = {K}")
        for base, codes in AGAINST.items():
            unit = of_a_pass(X, K, base)
            print(f"  {base} {1e3 * unit:8.2f} ms")
            for code in codes:
                found = of_a_pass(X, K, code)
                print(f"  {code} {1e3 * found:8.2f} ms  {found / unit:5.2f} times {base}")


if __name__ == "__main__":
    main()
