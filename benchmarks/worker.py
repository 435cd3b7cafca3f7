"""A process that belongs to one library on one problem, and is asked to fit again and again.

Each library has its own process because some can be told their number of threads only once, and
because the thread pools of several in one process get in each other's way. While one works the
others wait for a line of input.

``python -m benchmarks.worker LIBRARY FOLDER COVARIANCE_TYPE THREADS`` answers each line "N_ITER
BUDGET" of its input with a line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.adapters import ADAPTERS, Adapter
from benchmarks.memory import PeakCounter
from benchmarks.problems import load_problem
from benchmarks.shapes import in_shape, mean_log_likelihood

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(RuntimeError):
    """The library could not do it; the message is its own."""


class Worker:
    """The parent's side: `first` once, then `start` and `answer` as often as wanted."""

    def __init__(self, library: str, folder: Path, covariance_type: str, threads: int) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", library, str(folder)]
        self._process = subprocess.Popen(
            [*command, covariance_type, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **dict.fromkeys(_POOLS, str(threads))},
        )

    def first(self, n_iter: int) -> dict[str, Any]:
        """Fit twice to warm up: the peak memory, the seconds and the final log-likelihood."""
        self.start(n_iter, -1.0)
        return self.answer()

    def start(self, n_iter: int, budget: float) -> None:
        """Begin to time iterations, again until `budget` seconds are used."""
        assert self._process.stdin is not None
        print(n_iter, budget, file=self._process.stdin, flush=True)

    def answer(self) -> dict[str, Any]:
        """Wait for the reply to what was started."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        reply: dict[str, Any] = json.loads(line) if line else {"error": "the process died"}
        if "error" in reply:
            raise WorkerError(reply["error"])
        return reply

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class _Server:
    """The process's side."""

    def __init__(self, adapter: Adapter, folder: Path, covariance_type: str, threads: int) -> None:
        self._adapter, self._threads, self._kind = adapter, threads, covariance_type
        self._X, start = load_problem(folder)
        self._start = in_shape(start, covariance_type)

    def answer(self, n_iter: int, budget: float) -> dict[str, Any]:
        return self._first(n_iter) if budget < 0 else self._time(n_iter, budget)

    def _first(self, n_iter: int) -> dict[str, Any]:
        version = self._adapter.version()  # imports the library, whose own size is not the fit's
        counter = PeakCounter()
        fit = self._fit(2)
        peak = counter.mib() if fit.peak_mib is None else fit.peak_mib
        fit = self._fit(1 + n_iter)
        likelihood = mean_log_likelihood(self._X, fit.mixture, self._kind)
        return {
            "version": version,
            "peak_mib": peak,
            "seconds": fit.seconds,
            "log_likelihood": likelihood,
        }

    def _time(self, n_iter: int, budget: float) -> dict[str, Any]:
        """Time ``1 + n_iter`` iterations less one iteration, per iteration.

        What every fit does once (checks, the first factorisations, a closing E-step at the
        returned parameters) is in both and cancels. Quick fits are repeated: their median counts.
        """
        wall: list[float] = []
        cpu: list[float] = []
        used = 0.0
        while used < budget or not wall:
            short, long = self._fit(1), self._fit(1 + n_iter)
            wall.append((long.seconds - short.seconds) / n_iter)
            cpu.append((long.cpu_seconds - short.cpu_seconds) / n_iter)
            used += short.seconds + long.seconds
        return {"seconds": median(wall), "cpu_seconds": median(cpu)}

    def _fit(self, n_iter: int) -> Any:
        return self._adapter.fit(self._X, self._start, self._kind, n_iter, self._threads)


def _serve(library: str, folder: str, covariance_type: str, threads: str) -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not look like a reply
    server = None
    for line in sys.stdin:
        n_iter, budget = line.split()
        try:
            if server is None:
                server = _Server(ADAPTERS[library], Path(folder), covariance_type, int(threads))
            reply = server.answer(int(n_iter), float(budget))
        except Exception as error:  # of whatever kind a library raises
            reply = {"error": f"{type(error).__name__}: {error}".partition("\n")[0]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
