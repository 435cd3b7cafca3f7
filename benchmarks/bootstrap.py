"""The bootstrap likelihood-ratio tests on Old Faithful, by gaussmix and by R's mclust.

``python -m benchmarks.bootstrap`` tests 1 against 2 and 2 against 3 components of structure VVV by
both, in turns, and prints the least times. mclust fits each sample twice, from what it fitted to
the data, and stops early; gaussmix gives each sample all the starts that the data had, and runs EM
to its end from every one. By default a test ends with the sample that decides it; *all samples* is
without that. *The same starts* is that with the starts of mclust: it tells how the engines compare,
and is no test to rely on.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable
from unittest import mock

import numpy as np

import gaussmix as gx
from gaussmix._best_fits import Best, Sets, best_of
from gaussmix._many_fits import Parameters
from gaussmix.datasets import load_faithful
from gaussmix.likelihood_ratio import _Model

_R = """
suppressMessages(library(mclust)); X <- as.matrix(faithful); set.seed(0)
time <- system.time(
  test <- mclustBootstrapLRT(X, modelName = "VVV", nboot = {count}, maxG = 2))
cat(time["elapsed"], time["user.self"], test$obs, test$p.value, colMeans(test$boot))
"""

Numbers = list[float]


def by_mclust(count: int) -> Numbers:
    """Wall and processor time in seconds; statistics, p-values, mean statistics of the samples."""
    run = subprocess.run(
        ["Rscript", "-e", _R.format(count=count)], check=True, capture_output=True, text=True
    )
    return [float(word) for word in run.stdout.split()]


def has_mclust() -> bool:
    """Whether R and its package are there."""
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(mclust)"], capture_output=True).returncode == 0


def by_gaussmix(count: int, n_threads: int | None = None, stop_early: bool = True) -> Numbers:
    """The same numbers."""
    X = load_faithful().data
    wall, processor = time.perf_counter(), time.process_time()
    test = gx.bootstrap_lrt(
        X,
        n_resamples=count,
        stop_early=stop_early,
        max_components=3,
        n_threads=n_threads,
        random_state=0,
    )
    times = [time.perf_counter() - wall, time.process_time() - processor]
    means = [float(np.nanmean(step.replicates)) for step in test.steps]
    return [*times, *test.statistics, *test.p_values, *means]


def by_gaussmix_from_the_same_starts(count: int) -> Numbers:
    """One start of K + 1 components for each sample: what was fitted to the data."""
    of_data: list[Parameters] = []
    as_ever = _Model.alternative

    def alternative(model: _Model, sets: Sets, null: Parameters) -> Best:
        if len(sets.data) > 1:
            return best_of([sets.run(model.of_size(null.means.shape[1] + 1), of_data[-1])])
        found = as_ever(model, sets, null)
        of_data.append(found.parameters())
        return found

    with mock.patch.object(_Model, "alternative", alternative):
        return by_gaussmix(count, stop_early=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=999, help="bootstrap samples of each test")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    ways: dict[str, Callable[[int], Numbers]] = {
        "gaussmix": by_gaussmix,
        "gaussmix, one thread": lambda count: by_gaussmix(count, 1),
        "gaussmix, all samples": lambda count: by_gaussmix(count, stop_early=False),
        "gaussmix, the same starts": by_gaussmix_from_the_same_starts,
    }
    if has_mclust():
        ways = {"mclust": by_mclust} | ways
    else:
        print("mclust is left out: there is no Rscript, or no package mclust in its library")
    by_gaussmix(19)  # loads what is loaded once
    turns = [[way(arguments.samples) for way in ways.values()] for _ in range(arguments.turns)]
    found = np.array(turns)
    least = found[:, :, :2].min(axis=0)
    print(f"1 vs 2 and 2 vs 3 components, VVV, faithful, of {arguments.samples} samples")
    print(f"{'':26}   seconds  processor  faster   statistics      p-values     means of samples")
    for name, (wall, processor), rest in zip(ways, least, found[0, :, 2:], strict=True):
        cells = [f"{rest[i]:7.4g} {rest[i + 1]:6.3g}" for i in (0, 2, 4)]
        print(f"{name:26}{wall:10.3f}{processor:11.3f}{least[0, 0] / wall:8.1f}  ", *cells)


if __name__ == "__main__":
    main()
