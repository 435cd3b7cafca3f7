"""How the time of an iteration grows: fitted exponents, and what a second thread gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from benchmarks.table import OURS, Row

_VARIES = {"n": "n_rows", "K": "n_components", "D": "n_features"}


def exponent(x: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of log(seconds) over log(x), by least squares."""
    return float(np.polyfit(np.log(x), np.log(seconds), 1)[0])


def exponents_markdown(rows: list[Row]) -> str:
    """One line per series and library; empty if there is no series."""
    lines = []
    for series, column in _VARIES.items():
        for package in dict.fromkeys(row.package for row in rows if row.series == series):
            mine = [row for row in rows if (row.series, row.package) == (series, package)]
            x = [getattr(row, column) for row in mine]
            if len(set(x)) < 2:
                continue
            slope = exponent(x, [row.min_seconds for row in mine])
            lines.append(f"| {series} = {min(x):,} to {max(x):,} | {package} | {slope:.2f} |")
    if not lines:
        return ""
    return "\n".join(["| over | library | fitted exponent |", "|---|---|---:|", *lines, ""])


def threads_markdown(rows: list[Row]) -> str:
    """What more threads give, beside what the machine gives to as many processes at once."""
    lines = []
    series = [row for row in rows if row.series == "threads"]
    series.sort(key=lambda row: (row.case, row.package != OURS, row.package))
    for (case, package), group in groupby(series, key=lambda row: (row.case, row.package)):
        by_threads = {row.threads: row.min_seconds for row in group}
        one = by_threads.get("1")
        if one is None:
            continue
        for count in sorted(int(t) for t in by_threads if t.isdigit() and t != "1"):
            apart = by_threads.get(f"{count} x 1")
            machine = "" if apart is None else f"{count * one / apart:.2f}"
            speedup = f"{one / by_threads[str(count)]:.2f}"
            lines.append(f"| {case} | {package} | {count} | {speedup} | {machine} |")
    if not lines:
        return ""
    header = "| case | library | threads | times faster than one | the machine gives |"
    told = (
        "The machine gives: the work of as many one-thread processes at once over that of one "
        "alone. Ratios of minima."
    )
    return "\n".join([header, "|---|---|---:|---:|---:|", *lines, "", told, ""])
