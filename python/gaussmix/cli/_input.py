"""The file that a command reads."""

from __future__ import annotations

import argparse
from typing import Any

from gaussmix._io import Table
from gaussmix._sources import called, is_text
from gaussmix._validation import feature_names_of, shown_names

_NAMES_SHOWN = 8


def check_usage(options: argparse.Namespace) -> None:
    """End with a usage error where an option about delimited text meets a file of another kind."""
    given = {
        "--header" if options.header else "--no-header": options.header,
        "--separator": options.separator,
    }
    flag = next((flag for flag, value in given.items() if value is not None), None)
    if flag is not None and not is_text(options.data):
        options.usage_error(
            f"{flag} is for delimited text, and {options.data!r} is none: leave it out"
        )


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options of a command say about reading its file."""
    return {name: getattr(options, name) for name in ("columns", "weights", "separator", "header")}


def what_was_read(table: Table, path: str) -> str:
    """Say in a line how large the table is and what it holds."""
    shown = ", ".join(_names(table)[:_NAMES_SHOWN])
    more = ", ..." if len(table.names) > _NAMES_SHOWN else ""
    n_rows, n_columns = table.X.shape
    rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
    columns = "1 column" if n_columns == 1 else f"{n_columns} columns"
    return f"{called(path, quoted=False)}: {rows}, {columns} ({shown}{more})"


def _names(table: Table) -> tuple[str, ...]:
    """Name the columns; where the summary has to call them otherwise than the file, by both."""
    in_summary = shown_names(feature_names_of(table.X), len(table.names))
    both = zip(in_summary, table.names, strict=True)
    return tuple(here if here == there else f"{here} = {there} of the file" for here, there in both)
