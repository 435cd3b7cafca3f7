"""What acceleration saves on overlapping mixtures: passes over the data, and where the fits end.

``python -m benchmarks.acceleration`` prints both tables of the numbers that the README may quote.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

import gaussmix as gx
from benchmarks.problems import Array, draw, random_mixture
from gaussmix import _core
from gaussmix._initial import NO_START
from gaussmix._settings import engine_settings

PROBLEMS = ((2, 3, 1.5), (2, 4, 0.8), (5, 4, 1.2), (5, 4, 0.6), (10, 5, 0.6))
"""D, K and separation of the closest components in standard deviations (`random_mixture`)."""

WAYS = ("never", "by rate", "always")  # the engine's words for False, "auto", True
CLOSE = 1e-7  # nats per row from the optimum of the run: the passes up to there are counted
SAME = 0.1  # nats in total: what the default stopping rule leaves open
MOST_PASSES = 4000


class Run(NamedTuple):
    """Passes until `CLOSE` to the end, and the log-likelihood there."""

    passes: int
    log_likelihood: float


def data_of(n_features: int, n_components: int, separation: float, number: int, rows: int) -> Array:
    """Data set `number` of one problem."""
    rng = np.random.default_rng([number, n_features, n_components, int(100 * separation)])
    return draw(rng, random_mixture(rng, n_components, n_features, separation), rows)


def run_to_the_end(X: Array, n_components: int, way: str, seed: int) -> Run:
    """Run EM far beyond its own stop; the engine is called by itself as ``fit`` would stop it."""
    passes: list[int] = []
    values: list[float] = []

    def note(start: int, n_iter: int, log_likelihood: float) -> bool:
        passes.append(n_iter)
        values.append(log_likelihood)
        return True

    settings = engine_settings(
        n_components=n_components, covariance_type="full", tol=0.0, max_iter=MOST_PASSES
    )
    settings |= NO_START | {"accelerate": way, "prior": None, "seed": seed, "n_threads": 1}
    _core.fit(X, None, on_iteration=note, **settings)
    near = np.asarray(values) >= max(values) - CLOSE * len(X)
    return Run(passes[int(np.argmax(near))], max(values))


def compare_passes(sets: int, rows: int) -> None:
    """Print the passes of each way, and how many times fewer they are than those of plain EM."""
    print(f"passes to within {CLOSE:g} nats per row of the end, {sets} data sets of {rows} rows")
    print("problem          plain EM            auto  fewer          always  fewer   (medians)")
    ratios = []
    for d, k, separation in PROBLEMS:
        sets_of_data = [data_of(d, k, separation, number, rows) for number in range(sets)]
        runs = [[run_to_the_end(X, k, way, i) for way in WAYS] for i, X in enumerate(sets_of_data)]
        passes = np.array([[run.passes for run in of_set] for of_set in runs])
        fewer = passes[:, :1] / passes
        ratios.append(fewer[:, 1:])
        cells = [f"{np.median(p):5.0f} ({p.min()}-{p.max()})" for p in passes.T]
        times = [f"{ratio:5.2f}" for ratio in np.median(fewer, axis=0)]
        print(
            f"d{d} K{k} sep {separation}{cells[0]:>16}{cells[1]:>16}  {times[1]}"
            f"{cells[2]:>16}  {times[2]}"
        )
    auto, always = np.median(np.concatenate(ratios), axis=0)
    print(f"all: auto {auto:.2f} times fewer, always {always:.2f} times fewer\n")


def compare_ends(sets: int, rows: int) -> None:
    """Print where default fits with and without acceleration end, over all problems."""
    differences, fewer = [], []
    for d, k, separation in PROBLEMS:
        for number in range(sets):
            X = data_of(d, k, separation, number, rows)
            plain = gx.fit(X, k, accelerate=False, max_iter=MOST_PASSES, random_state=number)
            auto = gx.fit(X, k, max_iter=MOST_PASSES, random_state=number)
            differences.append(auto.log_likelihood - plain.log_likelihood)
            fewer.append(plain.n_iter / auto.n_iter)
    difference = np.asarray(differences)
    print(
        f"{len(difference)} default fits against the same without acceleration: "
        f"{np.count_nonzero(difference > SAME)} end more than {SAME} nats better, "
        f"{np.count_nonzero(difference < -SAME)} worse; median difference "
        f"{np.median(difference):+.2g} nats; {np.median(fewer):.2f} times fewer passes"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=10, help="data sets of each problem")
    parser.add_argument("--rows", type=int, default=1000, help="rows of a data set")
    arguments = parser.parse_args()
    compare_passes(arguments.sets, arguments.rows)
    compare_ends(arguments.sets, arguments.rows)


if __name__ == "__main__":
    main()
