"""What ``gaussmix select`` accepts."""

from __future__ import annotations

import argparse
from typing import Any

from gaussmix._selection_criteria import CRITERIA
from gaussmix.cli._data_arguments import add_data, add_model_out, add_quiet, add_running
from gaussmix.cli._select import run_select
from gaussmix.covariance import CovarianceType, resolve_covariance_type
from gaussmix.exceptions import GaussmixError

_EXAMPLES = """\
examples:
  gaussmix select data.csv
  gaussmix select data.csv --components 1:15 --structures VVV,EEE,VVI --criterion icl
  gaussmix select data.parquet --columns height,weight --report choice.html --model-out model.npz

CSV, TSV and Parquet files need pandas (and PyArrow): pip install "gaussmix[io]"
--plot and --report need matplotlib: pip install "gaussmix[plot]"
"""


def add_select(commands: Any) -> None:
    """Add the command to the parser."""
    select = commands.add_parser(
        "select",
        help="choose the number of components and the covariance structure for a file",
        description="Fit every number of components with every covariance structure, and tell "
        "which is the best model of the data.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    select.set_defaults(run=run_select, usage_error=select.error)
    add_data(select.add_argument_group("data"))
    _add_models(select.add_argument_group("models"))
    running = select.add_argument_group("running")
    running.add_argument(
        "--max-iter", type=int, default=2000, metavar="N", help="passes of a fit; default: 2000"
    )
    add_running(running)
    _add_output(select.add_argument_group("output"))


def _add_models(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--components",
        "-k",
        type=counts,
        default="1:9",
        metavar="1:9",
        help="numbers of components: 1:9 (both ends included), 1,2,5 or 1:4,8; default: 1:9",
    )
    group.add_argument(
        "--structures",
        type=structures,
        default="all",
        metavar="VVV,...",
        help="covariance structures by code or word (full, tied, diag, spherical); default: all "
        "fourteen, or E and V for one column",
    )
    group.add_argument(
        "--criterion",
        choices=CRITERIA,
        default="bic",
        help="what the best model has the lowest value of; default: bic",
    )
    group.add_argument(
        "--sample-size",
        choices=("weight", "effective"),
        default="weight",
        help="what the criterion counts: the sum of the weights, or effective rows, for weights "
        "that are shares or importances; default: weight",
    )
    group.add_argument("--folds", type=int, metavar="N", help="of the criterion cv; default: 5")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--plot", metavar="FILE", help="the criterion of all models: .png, .svg or .pdf"
    )
    group.add_argument(
        "--report", metavar="FILE", help="a page that tells it all, with pictures: .html"
    )
    group.add_argument("--table", metavar="FILE", help="a row per model: .csv")
    add_model_out(group)
    add_quiet(group)


def counts(text: str) -> list[int]:
    """Read numbers of components: single ones, and ranges with both ends."""
    found: list[int] = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        try:
            low, high = int(first), int(last if colon else first)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{part!r} is neither a number nor a range such as 1:9"
            ) from None
        if low > high:
            raise argparse.ArgumentTypeError(f"the range {part!r} is empty; write {high}:{low}")
        found += range(low, high + 1)
    return found


def structures(text: str) -> list[CovarianceType] | None:
    """Read names of structures; None stands for all."""
    if text.strip() == "all":
        return None
    try:
        return [resolve_covariance_type(name.strip()) for name in text.split(",")]
    except GaussmixError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
