"""``gaussmix select``: from a file to the model that suits it, and to files."""

from __future__ import annotations

import argparse

from gaussmix._io import Table, read_table
from gaussmix._selection_text import components
from gaussmix._without_choice import advice_for_none, why_none
from gaussmix.cli._input import check_usage, reading, what_was_read
from gaussmix.cli._output_checks import check_outputs
from gaussmix.cli._select_outputs import SELECT_OUTPUTS, write_outputs
from gaussmix.cli._wording import notes_in_options
from gaussmix.exceptions import GaussmixError
from gaussmix.plotting._canvas import matplotlib
from gaussmix.selection import select
from gaussmix.selection_result import SelectionResult


def run_select(options: argparse.Namespace) -> None:
    """Read, search, write the files, and only then print: a closed stdout loses nothing."""
    check_usage(options)
    _check_folds(options)
    check_outputs(options, SELECT_OUTPUTS)  # before hours of work
    if options.plot is not None or options.report is not None:
        matplotlib("figure")
    table = read_table(options.data, **reading(options))
    selection = _select(table, options)
    # A search in vain has a table that says why; the error follows.
    written = write_outputs(selection, table, options) if selection.ranking else []
    if not options.quiet:
        summary = notes_in_options(selection.summary())
        print(what_was_read(table, options.data), summary, sep="\n\n")
        if selection.ranking:
            print("", notes_in_options(selection.best.summary()), sep="\n")
        if written:
            print("", *written, sep="\n")
    if not selection.ranking:
        raise GaussmixError(_why_none(selection))


def _check_folds(options: argparse.Namespace) -> None:
    if options.folds is not None and options.criterion != "cv":
        options.usage_error(
            f"--folds is for --criterion cv, and the criterion is {options.criterion}: say "
            "--criterion cv, or leave --folds out"
        )


def _select(table: Table, options: argparse.Namespace) -> SelectionResult:
    folds = {} if options.folds is None else {"n_folds": options.folds}
    return select(
        table.X,
        options.components,
        options.structures,
        criterion=options.criterion,
        sample_weight=table.weights,
        sample_size=options.sample_size,
        max_iter=options.max_iter,
        random_state=options.seed,
        n_threads=options.threads,
        **folds,
    )


def _why_none(selection: SelectionResult) -> str:
    first = ""
    for (code, K), why in {**selection.failures, **selection.spurious}.items():
        first = f" (the first, {code} with {components(K)}: {why})"
        break
    return (
        f"no model can be recommended, and no file was written: {why_none(selection)}{first}. "
        f"{advice_for_none(selection)}"
    )
