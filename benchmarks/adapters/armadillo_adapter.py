"""Armadillo's `gmm_full` and `gmm_diag`, by a C++ program that is compiled for this machine."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.adapters.base import Fit
from benchmarks.native import program
from benchmarks.problems import Array, Parameters


class ArmadilloAdapter:
    """``native/armadillo_em.cpp``, whose own clock and memory count."""

    name = "Armadillo"
    covariance_types = ("full", "diag")
    note = "no ridge: variances are kept above 1e-6"

    def available(self) -> bool:
        return program("armadillo_em") is not None

    def version(self) -> str:
        return _run("--version").strip()

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        parts = (start.weights, start.means, start.covariances)
        with tempfile.TemporaryDirectory() as folder:
            given, found = Path(folder) / "in", Path(folder) / "out"
            with given.open("wb") as file:
                for part in (X, *parts):
                    np.ascontiguousarray(part).tofile(file)
            sizes = map(str, (*X.shape, len(start.weights), n_iter))
            printed = _run(str(given), str(found), covariance_type, *sizes, n_threads=n_threads)
            values = np.fromfile(found)
        seconds, cpu_seconds, kib = map(float, printed.split())
        cuts = np.cumsum([part.size for part in parts])[:-1]
        shaped = [v.reshape(p.shape) for v, p in zip(np.split(values, cuts), parts, strict=True)]
        return Fit(seconds, cpu_seconds, Parameters(*shaped), kib / 1024)


def _run(*arguments: str, n_threads: int = 1) -> str:
    command = [str(program("armadillo_em")), *arguments]
    threads = {"OMP_NUM_THREADS": str(n_threads), "OPENBLAS_NUM_THREADS": str(n_threads)}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **threads}
    )
    return done.stdout
