"""The files that ``gaussmix select`` writes: all of them or none."""

from __future__ import annotations

import argparse
import csv
import io
import shlex
from contextlib import ExitStack
from pathlib import PurePath
from typing import BinaryIO

from gaussmix._io import Table
from gaussmix._model_file import write_to
from gaussmix._replace_file import replace_file
from gaussmix.cli._outputs import model_written
from gaussmix.plotting._canvas import matplotlib
from gaussmix.reporting import criterion_figure, report_html
from gaussmix.selection_result import SelectionResult

SELECT_OUTPUTS = {
    "plot": (".png", ".svg", ".pdf"),
    "report": (".html", ".htm"),
    "table": (".csv",),
    "model_out": (),
}
# What is not to differ between two runs of the same command.
_NO_DATE = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def write_outputs(
    selection: SelectionResult, table: Table, options: argparse.Namespace
) -> list[str]:
    """Write the files that were asked for; return a sentence about each."""
    written = []
    with ExitStack() as files:  # each takes its name at the end, when all have been written

        def opened(path: str) -> BinaryIO:
            return files.enter_context(replace_file(path))

        if options.plot is not None:
            _write_plot(opened(options.plot), selection, PurePath(options.plot).suffix)
            written.append(f"criterion curves written to {options.plot}")
        if options.report is not None:
            page = report_html(
                selection, table.X, sample_weight=table.weights, reproduce=_command(options)
            )
            opened(options.report).write(page.encode())
            written.append(f"report written to {options.report}")
        if options.table is not None:
            opened(options.table).write(_as_csv(selection).encode())
            written.append(f"table written to {options.table}")
        if options.model_out is not None:
            write_to(opened(options.model_out), selection.best.mixture)
            written.append(model_written(options.model_out))
    return written


def _write_plot(file: BinaryIO, selection: SelectionResult, suffix: str) -> None:
    kind = suffix.lower().removeprefix(".")
    with matplotlib("style").context({"svg.hashsalt": "gaussmix"}):
        criterion_figure(selection).savefig(file, format=kind, dpi=150, metadata=_NO_DATE.get(kind))


def _as_csv(selection: SelectionResult) -> str:
    """Lay out the table; a float's repr reads back to the same bits."""
    rows = selection.rows()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _command(options: argparse.Namespace) -> str:
    """Return the command that repeats the search."""
    structures = options.structures
    words = {
        "--components": ",".join(map(str, options.components)),
        "--structures": "all" if structures is None else ",".join(s.code for s in structures),
        "--criterion": options.criterion,
        "--sample-size": None if options.sample_size == "weight" else options.sample_size,
        "--folds": options.folds if options.criterion == "cv" else None,
        "--max-iter": options.max_iter,
        "--seed": options.seed,
        "--columns": None if options.columns is None else _one_line(options.columns),
        "--weights": options.weights,
        "--separator": options.separator,
    }
    given = [
        word
        for flag, value in words.items()
        if value is not None
        for word in _option(flag, str(value))
    ]
    if options.header is not None:
        given.append("--header" if options.header else "--no-header")
    named_as_option = options.data.startswith("-") and options.data != "-"
    data = f"./{options.data}" if named_as_option else options.data
    return shlex.join(["gaussmix", "select", data, *given])


def _option(flag: str, value: str) -> list[str]:
    """Write an option; a value such as ``-b`` on its own would be taken for one itself."""
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]


def _one_line(names: list[str]) -> str:
    """Join names as ``--columns`` splits them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
