"""How the time of an iteration grows: fitted exponents, and what a second thread gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.table import Row, slower

_VARIES = {"n": "n_rows", "K": "n_components", "D": "n_features"}
_WIDE = 32  # columns from which on the work that grows with D squared is nearly all


def exponent(x: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of log(seconds) over log(x), by least squares."""
    return float(np.polyfit(np.log(x), np.log(seconds), 1)[0])


def exponents_markdown(rows: list[Row]) -> str:
    """One line per series and library; empty if there is no series."""
    lines = []
    for series in _VARIES:
        for package in dict.fromkeys(row.package for row in rows if row.series == series):
            mine = [row for row in rows if (row.series, row.package) == (series, package)]
            lines.append(_line(series, mine))
            if series == "D":
                lines.append(_line(series, [row for row in mine if row.n_features >= _WIDE]))
    fitted = [line for line in lines if line]
    if not fitted:
        return ""
    return "\n".join(["| over | library | fitted exponent |", "|---|---|---:|", *fitted, ""])


def _line(series: str, rows: list[Row]) -> str:
    x = [getattr(row, _VARIES[series]) for row in rows]
    if len(set(x)) < 2:
        return ""
    slope = exponent(x, [row.min_seconds for row in rows])
    return f"| {series} = {min(x):,} to {max(x):,} | {rows[0].package} | {slope:.2f} |"


def threads_markdown(rows: list[Row]) -> str:
    """What more threads give, beside what the machine gives to as many processes at once."""
    lines = []
    series = [row for row in rows if row.series == "threads"]
    for case, package in dict.fromkeys((row.case, row.package) for row in series):
        runs = {row.threads: row for row in series if (row.case, row.package) == (case, package)}
        one = runs.get("1")
        if one is None:
            continue
        for count in sorted(int(label) for label in runs if label.isdigit() and label != "1"):
            apart = runs.get(f"{count} x 1")
            given = "" if apart is None else _times(one, apart, count)
            lines.append(
                f"| {case} | {package} | {count} | {_times(one, runs[str(count)])} | {given} |"
            )
    if not lines:
        return ""
    header = "| case | library | threads | times faster than one | the machine gives |"
    told = (
        "The machine gives: the work of as many one-thread processes at once over that of one "
        "alone. Medians of the turns' ratios, in brackets ratios of minima."
    )
    return "\n".join([header, "|---|---|---:|---:|---:|", *lines, "", told, ""])


def _times(one: Row, other: Row, work: int = 1) -> str:
    middle, of_minima = slower(one, other)
    return f"{work * middle:.2f} ({work * of_minima:.2f})"
