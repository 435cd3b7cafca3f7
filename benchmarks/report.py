"""``python -m benchmarks.report [--brief] FILE.csv ...``: result files as Markdown tables."""

from __future__ import annotations

import argparse
import math
from itertools import groupby
from pathlib import Path

from benchmarks.brief import brief_markdown
from benchmarks.fits_report import fits_markdown
from benchmarks.layout import cells, number, place, verdict
from benchmarks.scaling import exponents_markdown, threads_markdown
from benchmarks.suites import SINGLE
from benchmarks.table import OURS, FitRow, Row, columns, read_csv, slower

AGREEMENT = 1e-6  # relative difference of log-likelihoods beyond which the fits were not the same

_HEADER = (
    "n",
    "D",
    "K",
    "covariances",
    "library",
    "ms / iteration (median)",
    "(minimum)",
    "ns / row / component",
    "useful share of FMA peak",
    "asked for",
    "times the limit",
    "cores busy",
    "peak MiB above data",
    "mean log-likelihood",
    "times slower than gaussmix (median)",
    "(of minima)",
    "asked for",
)
_TEXT = ("library", "covariances")


def markdown(rows: list[Row]) -> str:
    """One table per machine, day and number of threads, one block of lines per case."""
    parts = []
    titles = dict.fromkeys(_title(row) for row in rows)
    for title in titles:
        lines = [cells(_HEADER), cells(["---" if h in _TEXT else "---:" for h in _HEADER])]
        measured = [row for row in rows if _title(row) == title]
        for _, case in groupby(measured, key=lambda row: (row.case, row.series)):
            lines += _case_lines(list(case))
        parts.append(f"{title}\n\n" + "\n".join(lines) + "\n\n" + _notes(measured))
    parts += [exponents_markdown(rows), threads_markdown(rows)]
    return "\n".join(part for part in parts if part)


def _title(row: Row) -> str:
    clock = "" if row.clock == "wall" else " Processor time, not wall time."
    return f"{place(row)}; threads: {row.threads}.{clock}"


def _notes(rows: list[Row]) -> str:
    notes = dict.fromkeys(f"{row.package}: {row.note}." for row in rows if row.note)
    return "\n".join(notes) + "\n" if notes else ""


def _case_lines(rows: list[Row]) -> list[str]:
    ours = next((row for row in rows if row.package == OURS), None)
    return [_line(row, ours, rows) for row in rows]


def _line(row: Row, ours: Row | None, case: list[Row]) -> str:
    compared = ours is not None and row is not ours
    middle, of_minima = slower(row, ours) if ours and compared else (math.nan, math.nan)
    return cells(
        [
            f"{row.n_rows:,}",
            str(row.n_features),
            str(row.n_components),
            row.covariance_type,
            f"{row.package} {row.version}",
            f"{1e3 * row.median_seconds:.1f}",
            f"{1e3 * row.min_seconds:.1f}",
            f"{row.ns_per_row_component:.2f}",
            number(100 * row.share, ".0f", " %"),
            _asked_share(row),
            number(row.times_limit, ".2f" if row.times_limit < 10 else ".1f"),
            number(row.cores_busy, ".2f"),
            f"{row.peak_mib:.0f}",
            f"{row.log_likelihood:.9f}{_mark(row, ours, case)}",
            number(middle, ".2f" if middle < 10 else ".1f"),
            number(of_minima, ".2f" if of_minima < 10 else ".1f"),
            "" if math.isnan(middle) else _asked_ratio(row, middle),
        ]
    )


def _mark(row: Row, ours: Row | None, case: list[Row]) -> str:
    """A row that disagrees with ours is marked; without ours, all rows of a case that disagree."""
    return "" if agrees([row, ours] if ours else case) else " **DISAGREE**"


def agrees(case: list[Row]) -> bool:
    """Whether all libraries ended the same iterations at the same log-likelihood."""
    values = [row.log_likelihood for row in case]
    spread = max(values) - min(values)
    return spread <= AGREEMENT * max(abs(value) for value in values)  # False for NaN


def _asked_ratio(row: Row, times_slower: float) -> str:
    """What is asked of a rival's line; of our float32 line it is how much *faster* that is."""
    if not row.required_speedup:
        return ""
    asked = float(row.required_speedup)
    if row.package == SINGLE:
        return verdict(f"1 / {asked:g}", reached=1 / times_slower >= asked)
    return verdict(f"{asked:g}", reached=times_slower >= asked) + _beyond(row, asked)


def _beyond(row: Row, asked: float) -> str:
    """Said of a ratio that not even a kernel at this machine's limit could reach."""
    return f" (at the limit {row.times_limit:.3g})" if row.times_limit < asked else ""


def _asked_share(row: Row) -> str:
    if not row.required_share:
        return ""
    asked = float(row.required_share)
    return verdict(f"{100 * asked:.0f} %", reached=row.share >= asked)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--brief", action="store_true", help="a line per case, as in the README")
    options = parser.parse_args()
    for path in options.files:
        if "quantity" in columns(path):
            print(fits_markdown(read_csv(path, FitRow)))
        else:
            print((brief_markdown if options.brief else markdown)(read_csv(path, Row)))
