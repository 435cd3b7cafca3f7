"""The default model search by gaussmix and by R's mclust: time, likelihoods, consistency.

``python -m benchmarks.selection`` searches all fourteen structures with 1 to 9 components on iris,
Old Faithful and 10,000 rows drawn from a known mixture. Both run with their defaults and take
turns; mclust is timed inside R, and once only on the large set. *Higher* and *lower* count cells
that differ from mclust's by more than 0.05 nats; *nested* the pairs of models of which the larger
has the lower likelihood. mclust leaves cells out where a covariance becomes singular.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

import gaussmix as gx
from benchmarks.bootstrap import has_mclust
from benchmarks.problems import Array, draw, random_mixture
from gaussmix._lattice import contains
from gaussmix.covariance import n_parameters, resolve_covariance_type
from gaussmix.datasets import load_faithful, load_iris

_R = """
suppressMessages(library(mclust)); set.seed(0)
X <- as.matrix(read.csv("{path}", header = FALSE))
time <- system.time(found <- mclustBIC(X, verbose = FALSE))["elapsed"]
cells <- as.data.frame(as.table(unclass(found)[, , drop = FALSE]), stringsAsFactors = FALSE)
cells <- cells[!is.na(cells[[3]]), ]
cat(time, "\\n")
cat(sprintf("%s %s %.17g\\n", cells[[2]], cells[[1]], cells[[3]]), sep = "")
"""
CLOSE = 0.05  # nats

Table = dict[tuple[str, int], float]


class Search(NamedTuple):
    """Seconds, and log-likelihoods by structure and number of components."""

    seconds: float
    table: Table


def by_mclust(X: Array) -> Search:
    """Its own BIC has the opposite sign: 2 log L - p log n."""
    n, D = X.shape
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        np.savetxt(path, X, delimiter=",", fmt="%.17g")
        run = subprocess.run(
            ["Rscript", "-e", _R.format(path=path)], check=True, capture_output=True, text=True
        )
    seconds, *lines = run.stdout.splitlines()
    table = {}
    for line in lines:
        code, K, bic = line.split()
        p = n_parameters(resolve_covariance_type(code), int(K), D)
        table[code, int(K)] = (float(bic) + p * math.log(n)) / 2
    return Search(float(seconds), table)


def by_gaussmix(X: Array, n_threads: int | None = None) -> Search:
    """The same by `gaussmix.select`."""
    began = time.perf_counter()
    found = gx.select(X, n_threads=n_threads, random_state=0)
    seconds = time.perf_counter() - began
    table = found.log_likelihood
    return Search(seconds, {(code, K): table[code][K] for code in table for K in table[code]})


def nested_violations(table: Table) -> int:
    """Pairs of a model and one that it contains which is likelier by more than `CLOSE`."""
    structures = {code: resolve_covariance_type(code) for code, _ in table}
    return sum(
        few <= many
        and contains(structures[larger], structures[smaller])
        and table[larger, many] < table[smaller, few] - CLOSE
        for (smaller, few), (larger, many) in product(table, table)
    )


def compare(name: str, X: Array, turns: int, turns_of_mclust: int) -> None:
    """Measure in turns, and print a line."""
    ours, alone, theirs = [], [], []
    for turn in range(turns):
        ours.append(by_gaussmix(X))
        alone.append(by_gaussmix(X, 1))
        if turn < turns_of_mclust:
            theirs.append(by_mclust(X))
    cells = [name, *(f"{median(s.seconds for s in searches):.2f}" for searches in (ours, alone))]
    table = ours[0].table
    if not theirs:
        print("| " + " | ".join([*cells, "", "", "", "", f"{nested_violations(table)}", ""]), "|")
        return
    other = theirs[0].table
    gains = np.array([table[key] - other[key] for key in other])
    seconds = median(search.seconds for search in theirs)
    cells += [f"{seconds:.2f}", f"{seconds / float(cells[1]):.1f}"]
    cells += [f"{(gains > CLOSE).sum()}", f"{(gains < -CLOSE).sum()}"]
    cells += [f"{nested_violations(table)}", f"{nested_violations(other)} of {len(other)} cells"]
    print("| " + " | ".join(cells), "|")


def drawn(n_rows: int) -> Array:
    """Rows of four components that overlap a little, in two columns."""
    rng = np.random.default_rng(20)
    return draw(rng, random_mixture(rng, 4, 2, 2.5), n_rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000, help="of the set that is drawn")
    arguments = parser.parse_args()
    turns = arguments.turns
    turns_of_mclust = turns if has_mclust() else 0
    if not turns_of_mclust:
        print("mclust is left out: there is no Rscript, or no package mclust in its library")
    by_gaussmix(load_iris().data)  # loads what is loaded once
    names = ["data", "gaussmix, s", "one thread, s", "mclust, s", "faster", "higher", "lower"]
    print("| " + " | ".join([*names, "nested", "nested, mclust"]) + " |\n|" + "---|" * 9)
    compare("iris", load_iris().data, turns, turns_of_mclust)
    compare("faithful", load_faithful().data, turns, turns_of_mclust)
    compare(f"{arguments.rows:,} x 2", drawn(arguments.rows), turns, min(1, turns_of_mclust))


if __name__ == "__main__":
    main()
