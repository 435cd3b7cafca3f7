"""What ten starts cost and gain: one fit, ten raced starts, ten starts run to the end.

``python -m benchmarks.restarts`` prints one line per problem and the medians that the README may
quote. Every iteration visits all rows with all components, so that passes are row-passes.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

import gaussmix as gx
from benchmarks.problems import Array, draw, random_mixture

STARTS = 10
WORTH_A_GAIN = 0.5  # nats in total: below this, one start has found what ten find


class Costs(NamedTuple):
    """Of all starts together."""

    passes: int
    seconds: float


class Line(NamedTuple):
    """One problem."""

    name: str
    gain: float  # nats of ten full runs over one
    kept: float  # share of it that the race keeps
    passes: float  # of the race, in single fits
    seconds: float
    passes_of_all: float  # of ten full runs, in single fits


def problem(number: int) -> tuple[Array, int]:
    """Data with local optima, and the number of components: K = 5..12, D = 2..8, n = 1000..5000."""
    rng = np.random.default_rng([77, number])
    K, D, n = (int(rng.integers(*limits)) for limits in ((5, 13), (2, 9), (1000, 5001)))
    return draw(rng, random_mixture(rng, K, D, float(rng.uniform(1.0, 3.0))), n), K


def costs(result: gx.FitResult) -> Costs:
    """Passes and seconds of all starts, initialisations included in the seconds."""
    passes = sum(start.n_iter for start in result.starts)
    return Costs(passes, result.seconds_init + result.seconds_em)


def measure(number: int) -> Line:
    """Fit one problem three ways from the same seed; the times are the least of three."""
    X, K = problem(number)
    one, raced, every = (
        [
            gx.fit(X, K, n_init=n_init, race=race, random_state=number, n_threads=1)
            for _ in range(repeats)
        ]
        for n_init, race, repeats in ((1, True, 3), (STARTS, True, 3), (STARTS, False, 1))
    )
    base, ten, all_of_them = (result[0].log_likelihood for result in (one, raced, every))
    if ten < base:
        raise AssertionError(f"problem {number}: ten starts ended {base - ten:g} below one")
    gain = all_of_them - base
    single, race, full = (
        Costs(costs(results[0]).passes, min(costs(result).seconds for result in results))
        for results in (one, raced, every)
    )
    return Line(
        f"{len(X)}x{X.shape[1]}-k{K}",
        gain,
        (ten - base) / gain if gain > WORTH_A_GAIN else np.nan,
        race.passes / single.passes,
        race.seconds / single.seconds,
        full.passes / single.passes,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=30)
    lines = [measure(number) for number in range(parser.parse_args().problems)]
    print("problem        gain of ten  kept by the race  passes  seconds  passes of ten (in fits)")
    for line in lines:
        kept = "     -" if np.isnan(line.kept) else f"{line.kept:6.0%}"
        print(
            f"{line.name:<14} {line.gain:11.1f}  {kept:>16}  {line.passes:6.2f}  "
            f"{line.seconds:7.2f}  {line.passes_of_all:13.1f}"
        )
    numbers = np.array([line[1:] for line in lines])
    median, mean = np.nanmedian(numbers, axis=0), np.nanmean(numbers, axis=0)
    print(
        f"median: {median[1]:.0%} of the gain kept (mean {mean[1]:.0%}); "
        f"{median[2]:.2f} fits in passes (mean {mean[2]:.2f}), {median[3]:.2f} in seconds, "
        f"against {median[4]:.1f} for ten full runs"
    )


if __name__ == "__main__":
    main()
