"""The file that a command reads."""

from __future__ import annotations

import argparse
from typing import Any

from gaussmix._io import Table

_NAMES_SHOWN = 8


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options of a command say about reading its file."""
    return {name: getattr(options, name) for name in ("columns", "weights", "separator", "header")}


def what_was_read(table: Table, path: str) -> str:
    """Say in a line how large the table is and what it holds."""
    shown = ", ".join(table.names[:_NAMES_SHOWN])
    more = ", ..." if len(table.names) > _NAMES_SHOWN else ""
    n_rows, n_columns = table.X.shape
    rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
    columns = "1 column" if n_columns == 1 else f"{n_columns} columns"
    return f"{path}: {rows}, {columns} ({shown}{more})"
