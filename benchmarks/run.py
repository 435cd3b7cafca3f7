"""``python -m benchmarks.run``: measure every installed library on every case of a suite."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks import machine
from benchmarks.adapters import ADAPTERS, Adapter
from benchmarks.memory import peak_above_data
from benchmarks.problems import SUITES, Case, make_problem, save_problem
from benchmarks.report import markdown
from benchmarks.table import Row, write_csv
from benchmarks.timing import Timing, interleaved

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> None:
    """Run a suite, write its CSV file, print its table."""
    options = _parse(arguments)
    adapters = [ADAPTERS[name] for name in options.libraries if ADAPTERS[name].available()]
    for name in sorted(set(options.libraries) - {adapter.name for adapter in adapters}):
        print(f"{name} is not installed and left out", file=sys.stderr)
    if not adapters:
        raise SystemExit("nothing to measure: none of the libraries is installed")
    rows: list[Row] = []
    for case in SUITES[options.suite]:
        print(f"{case.name} ...", file=sys.stderr, flush=True)
        rows += measure(case, adapters, options.threads, options.repeats)
        write_csv(rows, options.output)  # after every case: an interrupted run is not lost
    print(markdown(rows))
    print(f"written to {options.output}", file=sys.stderr)


def measure(case: Case, adapters: list[Adapter], threads: int | None, repeats: int) -> list[Row]:
    """One row per library."""
    problem = make_problem(case)
    timings = interleaved(adapters, problem.X, problem.start, case.n_iter, threads, repeats)
    with tempfile.TemporaryDirectory() as folder:
        save_problem(problem, Path(folder))
        del problem  # or the measured processes would share the machine's memory with it
        peaks = {a.name: peak_above_data(a, Path(folder), 2, threads) for a in adapters}
    return [_row(case, a, timings[a.name], peaks[a.name], threads) for a in adapters]


def _row(
    case: Case, adapter: Adapter, timings: list[Timing], peak_mib: float, threads: int | None
) -> Row:
    seconds = [timing.seconds for timing in timings]
    return Row(
        date=date.today().isoformat(),
        **machine.describe(),
        case=case.name,
        n_rows=case.n_rows,
        n_features=case.n_features,
        n_components=case.n_components,
        n_iter=case.n_iter,
        repeats=len(timings),
        threads="all cores" if threads is None else str(threads),
        required_speedup="" if case.required_speedup is None else f"{case.required_speedup:g}",
        package=adapter.name,
        version=adapter.version(),
        median_seconds=median(seconds),
        min_seconds=min(seconds),
        ns_per_row_component=1e9 * median(seconds) / (case.n_rows * case.n_components),
        log_likelihood=timings[-1].log_likelihood,
        peak_mib=peak_mib,
    )


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--suite", choices=sorted(SUITES), default="required")
    parser.add_argument("--libraries", nargs="+", choices=list(ADAPTERS), default=list(ADAPTERS))
    parser.add_argument("--repeats", type=int, default=5, help="measurements per library")
    parser.add_argument("--threads", type=int, help="threads for every library (default: all)")
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / f"local-{date.today():%Y%m%d}.csv",
        help="result file; names that begin with local- are ignored by git",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
