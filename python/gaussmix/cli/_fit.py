"""``gaussmix fit``: from a file to a mixture, and to files."""

from __future__ import annotations

import argparse

from gaussmix._io import Table, read_table
from gaussmix.cli._input import check_usage, reading, what_was_read
from gaussmix.cli._output_checks import check_outputs
from gaussmix.cli._outputs import FIT_OUTPUTS, write_outputs
from gaussmix.cli._wording import notes_in_options
from gaussmix.fitting import fit
from gaussmix.result import FitResult


def run_fit(options: argparse.Namespace) -> None:
    """Read, fit, write the files, and only then print: a closed stdout loses nothing."""
    check_usage(options)
    check_outputs(options, FIT_OUTPUTS)  # before hours of work
    table = read_table(options.data, **reading(options))
    result = _fit(table, options)
    written = write_outputs(result.mixture, table.X, options)
    if not options.quiet:
        summary = notes_in_options(result.summary())
        print(what_was_read(table, options.data), summary, sep="\n\n")
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
