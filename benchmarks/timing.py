"""The libraries on one case, in turns."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.adapters import Adapter
from benchmarks.machine import usable_cores
from benchmarks.native import exponential, fma_peak
from benchmarks.problems import make_problem, save_problem
from benchmarks.suites import Case
from benchmarks.table import OURS
from benchmarks.worker import Worker, WorkerError

BUDGET = 0.3  # seconds of a turn, of which a quick library makes several measurements
PATIENCE = 10.0  # a library whose first fit takes longer is measured once only


@dataclass(frozen=True)
class Runner:
    """A library on so many threads; `copies` processes at once, each of which does all the work."""

    adapter: Adapter
    threads: int
    copies: int = 1

    @property
    def label(self) -> str:
        """The threads, for a table."""
        return str(self.threads) if self.copies == 1 else f"{self.copies} x {self.threads}"


@dataclass
class Measured:
    """A runner on one case; `seconds` are per iteration, one number for each turn."""

    version: str
    log_likelihood: float
    peak_mib: float
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


Turn = Callable[[], tuple[float, float]]


class Peak(NamedTuple):
    """What the machine can do at best."""

    double: float  # GFLOP/s in float64
    single: float
    exponential: float  # ns, all threads together


def runners(case: Case, adapters: list[Adapter]) -> list[Runner]:
    """Who is measured on a case: with the series "threads" each library on one, two, four, ..."""
    cores = usable_cores()
    if case.series != "threads":
        return [Runner(adapter, case.threads or cores) for adapter in adapters]
    counts = [2**power for power in range(cores.bit_length())]
    found = [Runner(adapter, count) for count in counts for adapter in adapters]
    ours = [adapter for adapter in adapters if adapter.name == OURS]
    return found + [Runner(adapter, 1, count) for count in counts[1:] for adapter in ours]


def measure(
    case: Case, wanted: list[Runner], repeats: int
) -> tuple[dict[Runner, Measured], dict[int, Peak]]:
    """The measurements, and the machine's peak by the number of threads."""
    found: dict[Runner, Measured] = {}
    turns: dict[Runner, Turn] = {}
    peaks: dict[int, list[Peak]] = {runner.threads * runner.copies: [] for runner in wanted}
    with _saved(case) as folder, ExitStack() as stack:
        for runner in wanted:
            processes = (_worker(runner, folder, case) for _ in range(runner.copies))
            workers = [stack.enter_context(closing(process)) for process in processes]
            try:
                found[runner], once = _warm_up(workers, case.n_iter)
            except WorkerError as error:
                print(f"{case.name}: {runner.adapter.name} failed: {error}", file=sys.stderr)
                continue
            turns[runner] = _turn(workers, case.n_iter)
            if once:
                _take(turns.pop(runner), found[runner])
        # A busy spell of the machine meets all of them, and none always comes first.
        for repeat in range(repeats):
            for runner in list(turns) if repeat % 2 == 0 else reversed(turns):
                _take(turns[runner], found[runner])
            for threads, several in peaks.items():
                several.append(Peak(*fma_peak(threads), exponential() / threads))
    return found, {threads: _best(several) for threads, several in peaks.items()}


def _best(peaks: list[Peak]) -> Peak:
    return Peak(
        max(peak.double for peak in peaks),
        max(peak.single for peak in peaks),
        min(peak.exponential for peak in peaks),
    )


def _worker(runner: Runner, folder: Path, case: Case) -> Worker:
    return Worker(runner.adapter.name, folder, case.covariance_type, runner.threads)


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
