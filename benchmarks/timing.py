"""The libraries on one case, in turns."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.adapters import Adapter
from benchmarks.machine import usable_cores
from benchmarks.native import fma_peak
from benchmarks.problems import make_problem, save_problem
from benchmarks.suites import Case
from benchmarks.worker import Worker, WorkerError

BUDGET = 0.3  # seconds of a turn, of which a quick library makes several measurements
PATIENCE = 10.0  # a library whose first fit takes longer is measured once only


@dataclass
class Measured:
    """One library on one case; `seconds` are per iteration, one number for each turn."""

    version: str
    log_likelihood: float
    peak_mib: float
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


Turn = Callable[[], tuple[float, float]]


def measure(
    case: Case, adapters: list[Adapter], repeats: int
) -> tuple[dict[str, Measured], tuple[float, float]]:
    """Each library's measurements by its name, and the peak GFLOP/s in float64 and float32."""
    threads = case.threads or usable_cores()
    found: dict[str, Measured] = {}
    turns: dict[str, Turn] = {}
    peaks = [fma_peak(threads)]
    with _saved(case) as folder, ExitStack() as stack:
        for adapter in adapters:
            copies = threads if case.apart else 1
            workers = [
                stack.enter_context(
                    closing(Worker(adapter.name, folder, case.covariance_type, threads // copies))
                )
                for _ in range(copies)
            ]
            try:
                found[adapter.name], once = _warm_up(workers, case.n_iter)
            except WorkerError as error:
                print(f"{case.name}: {adapter.name} failed: {error}", file=sys.stderr)
                continue
            turns[adapter.name] = _turn(workers, case.n_iter)
            if once:
                _take(turns.pop(adapter.name), found[adapter.name])
        # A busy spell of the machine meets all of them, and none always comes first.
        for repeat in range(repeats):
            for name in list(turns) if repeat % 2 == 0 else reversed(turns):
                _take(turns[name], found[name])
            peaks.append(fma_peak(threads))
    return found, (max(peak[0] for peak in peaks), max(peak[1] for peak in peaks))


def _warm_up(workers: list[Worker], n_iter: int) -> tuple[Measured, bool]:
    replies = [worker.first(n_iter) for worker in workers]
    one = replies[0]
    measured = Measured(
        one["version"], one["log_likelihood"], sum(reply["peak_mib"] for reply in replies)
    )
    return measured, one["seconds"] > PATIENCE


def _turn(workers: list[Worker], n_iter: int) -> Turn:
    """All workers at once; the slowest counts, and the processor time of all."""

    def run() -> tuple[float, float]:
        for worker in workers:
            worker.start(n_iter, BUDGET)
        replies = [worker.answer() for worker in workers]
        return max(r["seconds"] for r in replies), sum(r["cpu_seconds"] for r in replies)

    return run


def _take(turn: Turn, measured: Measured) -> None:
    seconds, cpu_seconds = turn()
    measured.seconds.append(seconds)
    measured.cpu_seconds.append(cpu_seconds)


@contextmanager
def _saved(case: Case) -> Iterator[Path]:
    """A folder with the problem; it is not kept in this process beside the measured ones."""
    with tempfile.TemporaryDirectory() as folder:
        problem = make_problem(
            case.n_rows,
            case.n_features,
            case.n_components,
            separation=case.separation,
            seed=case.seed,
        )
        save_problem(problem, Path(folder))
        del problem
        yield Path(folder)
