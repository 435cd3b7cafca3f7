"""The table of the suite of whole fits."""

from __future__ import annotations

from itertools import groupby

from benchmarks.layout import amount, cells, number, place, verdict
from benchmarks.table import FitRow

_HEADER = ("case", "quantity", "library", "median", "minimum", "peak MiB", "asked for", "note")


def fits_markdown(rows: list[FitRow]) -> str:
    """One table per machine, day and number of threads."""
    parts = []
    for title, group in groupby(rows, key=lambda row: f"{place(row)}; threads: {row.threads}."):
        lines = [cells(_HEADER), cells(["---"] * 3 + ["---:"] * 3 + ["---"] * 2)]
        lines += [_line(row) for row in group]
        parts.append(f"{title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(row: FitRow) -> str:
    return cells(
        [
            row.case,
            row.quantity,
            f"{row.package} {row.version}",
            amount(row.median, row.unit),
            amount(row.minimum, row.unit),
            number(row.peak_mib, ".0f"),
            _asked(row),
            row.note,
        ]
    )


def _asked(row: FitRow) -> str:
    if row.asked_ratio:
        ratio = f"{row.times_slower:.1f} times slower, {row.asked_ratio}"
        return verdict(ratio, reached=row.times_slower >= float(row.asked_ratio))
    if row.asked_limit:
        limit = f"at most {amount(float(row.asked_limit), row.unit)}"
        return verdict(limit, reached=row.median <= float(row.asked_limit))
    return ""
