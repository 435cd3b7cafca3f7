"""``gaussmix fit``: from a file to a mixture, and to files."""

from __future__ import annotations

import argparse

from gaussmix._io import Table, read_table
from gaussmix.cli._outputs import check_outputs, write_outputs
from gaussmix.fitting import fit
from gaussmix.result import FitResult

_NAMES_SHOWN = 8


def run_fit(options: argparse.Namespace) -> None:
    """Read, fit, write the files, and only then print: a closed stdout loses nothing."""
    check_outputs(options)  # before hours of work
    table = read_table(
        options.data,
        columns=options.columns,
        weights=options.weights,
        separator=options.separator,
        header=options.header,
    )
    result = _fit(table, options)
    written = write_outputs(result.mixture, table.X, options)
    if not options.quiet:
        print(_what_was_read(table, options.data), result.summary(), sep="\n\n")
        if written:
            print("", *written, sep="\n")


def _fit(table: Table, options: argparse.Namespace) -> FitResult:
    return fit(
        table.X,
        options.components,
        covariance_type=options.covariance,
        n_factors=options.factors,
        tol=options.tol,
        reg_covar=options.reg_covar,
        max_iter=options.max_iter,
        max_seconds=options.max_seconds,
        n_init=options.n_init,
        init_params=options.init,
        sample_weight=table.weights,
        random_state=options.seed,
        n_threads=options.threads,
    )


def _what_was_read(table: Table, path: str) -> str:
    shown = ", ".join(table.names[:_NAMES_SHOWN])
    more = ", ..." if len(table.names) > _NAMES_SHOWN else ""
    n_rows, n_columns = table.X.shape
    rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
    columns = "1 column" if n_columns == 1 else f"{n_columns} columns"
    return f"{path}: {rows}, {columns} ({shown}{more})"
