"""Pieces of the Markdown reports."""

from __future__ import annotations

import math

from benchmarks.table import TextRow


def cells(texts: list[str] | tuple[str, ...]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(texts) + " |"


def place(row: TextRow) -> str:
    """Where and when, as the beginning of a sentence."""
    return (
        f"Measured {row.date} on {row.cpu}, {row.cores} cores, {row.system}, Python {row.python}, "
        f"NumPy {row.numpy}"
    )


def number(value: float, form: str, unit: str = "") -> str:
    """A number, or nothing for NaN."""
    return "" if math.isnan(value) else f"{value:{form}}{unit}"


def amount(value: float, unit: str) -> str:
    """A number with its unit; seconds as ms or microseconds where these read better."""
    if unit != "s" or not math.isfinite(value):
        return number(value, ".4g", f" {unit}" if unit else "")
    for factor, name in ((1.0, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.4g} {name}"
    return f"{value * 1e6:.4g} µs"


def verdict(asked: str, *, reached: bool) -> str:
    """What was asked for, and whether it was reached; nothing if nothing was asked for."""
    return f"{asked} " + ("reached" if reached else "**MISSED**") if asked else ""
