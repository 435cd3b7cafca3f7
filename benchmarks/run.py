"""``python -m benchmarks.run``: measure every installed library on every case of a suite."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks import fits, machine
from benchmarks.adapters import ADAPTERS, Adapter
from benchmarks.fits_report import fits_markdown
from benchmarks.native import program
from benchmarks.report import markdown
from benchmarks.shapes import useful_flops, whitening_flops
from benchmarks.suites import SINGLE, SUITES, Case
from benchmarks.table import OURS, FitRow, Row, write_csv
from benchmarks.timing import Measured, Peak, Runner, measure, runners

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> None:
    """Run a suite, write its CSV file, print its tables."""
    options = _parse(arguments)
    adapters = [ADAPTERS[name] for name in options.libraries if ADAPTERS[name].available()]
    for name in sorted(set(options.libraries) - {adapter.name for adapter in adapters}):
        print(f"{name} is not installed and left out", file=sys.stderr)
    if not adapters:
        raise SystemExit("nothing to measure: none of the libraries is installed")
    if program("fma_peak") is None:
        print("no C++ compiler: the machine's peak stays unknown", file=sys.stderr)
    if options.suite == "fits":
        _run_fits(options)
    else:
        _run_cases(options, adapters)
    print(f"written to {options.output}", file=sys.stderr)


def _run_cases(options: argparse.Namespace, adapters: list[Adapter]) -> None:
    rows: list[Row] = []
    for case in SUITES[options.suite]:
        if options.threads is not None:  # the series "threads" does not ask
            case = replace(case, threads=options.threads)
        if options.cases and not any(word in case.name for word in options.cases):
            continue
        print(f"{case.name} ...", file=sys.stderr, flush=True)
        rows += case_rows(case, _taking_part(case, adapters), options.repeats, options.clock)
        if rows:
            write_csv(rows, options.output)  # after every case: an interrupted run is not lost
    print(markdown(rows))


def _run_fits(options: argparse.Namespace) -> None:
    rows: list[FitRow] = []
    for found in fits.run(options.libraries, options.threads, options.repeats, options.cases):
        rows += found
        write_csv(rows, options.output)
    print(fits_markdown(rows))


def _taking_part(case: Case, adapters: list[Adapter]) -> list[Adapter]:
    return [
        adapter
        for adapter in adapters
        if case.covariance_type in adapter.covariance_types
        and (adapter.name != SINGLE or SINGLE in case.asked)
    ]


def case_rows(case: Case, adapters: list[Adapter], repeats: int, clock: str) -> list[Row]:
    """One row per library, and number of threads, that could do it."""
    found, peaks = measure(case, runners(case, adapters), repeats)
    return [
        _row(case, runner, measured, peaks[runner.threads * runner.copies], clock)
        for runner, measured in found.items()
    ]


def _row(case: Case, runner: Runner, measured: Measured, peak: Peak, clock: str) -> Row:
    name = runner.adapter.name
    asked_of_ours = case.asked.get("peak") if name == OURS else None
    seconds = measured.seconds if clock == "wall" else measured.cpu_seconds
    asked = "" if name == OURS else _text(case.asked.get(name))
    return Row(
        date=date.today().isoformat(),
        **machine.describe(),
        case=case.name,
        n_rows=case.n_rows,
        n_features=case.n_features,
        n_components=case.n_components,
        n_iter=case.n_iter,
        repeats=len(seconds),
        threads=runner.label,
        required_speedup=asked,
        package=name,
        version=measured.version,
        median_seconds=median(seconds),
        min_seconds=min(seconds),
        ns_per_row_component=1e9 * median(seconds) / (case.n_rows * case.n_components),
        log_likelihood=measured.log_likelihood,
        peak_mib=measured.peak_mib,
        covariance_type=case.covariance_type,
        series=case.series,
        clock=clock,
        cores_busy=median(measured.cpu_seconds) / median(measured.seconds),
        peak_gflops=peak.single if name == SINGLE else peak.double,
        note=runner.adapter.note,
        required_share=_text(asked_of_ours),
        useful_flops=runner.copies * useful_flops(case.covariance_type, case.n_features),
        limit_ns=limit_ns(case, peak) if name != SINGLE and runner.copies == 1 else math.nan,
        seconds=" ".join(f"{value:.6g}" for value in seconds),
    )


def limit_ns(case: Case, peak: Peak) -> float:
    """Ns per row and component if there were nothing but multiply-adds and exponentials."""
    flops = useful_flops(case.covariance_type, case.n_features)
    if case.covariance_type == "tied":
        flops += whitening_flops(case.n_features) / case.n_components
    return flops / peak.double + peak.exponential


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--suite", choices=[*sorted(SUITES), "fits"], default="required")
    parser.add_argument("--libraries", nargs="+", choices=list(ADAPTERS), default=list(ADAPTERS))
    parser.add_argument("--cases", nargs="+", help="only cases with one of these in their name")
    parser.add_argument("--repeats", type=int, default=5, help="measurements per library")
    parser.add_argument("--threads", type=int, help="threads for every library")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time, for one-thread runs on a machine with other work to do",
    )
    parser.add_argument("--output", type=Path, help="result file (default: in benchmarks/results)")
    options = parser.parse_args(arguments)
    if options.output is None:  # git ignores names that begin with local-
        options.output = RESULTS / f"local-{date.today():%Y%m%d}-{options.suite}.csv"
    return options


if __name__ == "__main__":
    main()
