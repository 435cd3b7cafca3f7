"""``python -m benchmarks.report FILE.csv ...``: result files as Markdown tables."""

from __future__ import annotations

import math
import sys
from itertools import groupby
from pathlib import Path

from benchmarks.table import Row, read_csv

AGREEMENT = 1e-6  # relative difference of log-likelihoods beyond which the fits were not the same
OURS = "gaussmix"

_HEADER = (
    "n",
    "D",
    "K",
    "library",
    "ms / iteration (median)",
    "(minimum)",
    "ns / row / component",
    "peak MiB above data",
    "mean log-likelihood",
    "times slower than gaussmix",
    "asked for",
)


def markdown(rows: list[Row]) -> str:
    """One table per machine and day, one block of lines per case."""
    parts = []
    for title, group in groupby(rows, key=_title):
        lines = [_cells(_HEADER), _cells(["---:" if h != "library" else "---" for h in _HEADER])]
        for _, case in groupby(group, key=lambda row: row.case):
            lines += _case_lines(list(case))
        parts.append(f"{title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _title(row: Row) -> str:
    return (
        f"Measured {row.date} on {row.cpu}, {row.cores} cores, {row.system}, Python {row.python}, "
        f"NumPy {row.numpy}; threads: {row.threads}."
    )


def _case_lines(rows: list[Row]) -> list[str]:
    ours = next((row for row in rows if row.package == OURS), None)
    return [_line(row, ours, rows) for row in rows]


def _line(row: Row, ours: Row | None, case: list[Row]) -> str:
    compared = ours is not None and row is not ours
    slower = row.median_seconds / ours.median_seconds if ours and compared else math.nan
    return _cells(
        [
            f"{row.n_rows:,}",
            str(row.n_features),
            str(row.n_components),
            f"{row.package} {row.version}",
            f"{1e3 * row.median_seconds:.1f}",
            f"{1e3 * row.min_seconds:.1f}",
            f"{row.ns_per_row_component:.2f}",
            f"{row.peak_mib:.0f}",
            f"{row.log_likelihood:.9f}" + ("" if agrees(case) else " **DISAGREE**"),
            "" if math.isnan(slower) else f"{slower:.1f}",
            "" if math.isnan(slower) else _asked(row.required_speedup, slower),
        ]
    )


def agrees(case: list[Row]) -> bool:
    """Whether all libraries ended the same iterations at the same log-likelihood."""
    values = [row.log_likelihood for row in case]
    spread = max(values) - min(values)
    return spread <= AGREEMENT * max(abs(value) for value in values)  # False for NaN


def _asked(required: str, slower: float) -> str:
    if not required:
        return ""
    return f"{required} " + ("reached" if slower >= float(required) else "**MISSED**")


def _cells(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(markdown(read_csv(Path(argument))))
