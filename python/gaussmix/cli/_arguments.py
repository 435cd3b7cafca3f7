"""What the command line accepts."""

from __future__ import annotations

import argparse
import csv
from typing import Any

from gaussmix import __version__, show_versions
from gaussmix.cli._demo import run_demo
from gaussmix.cli._fit import run_fit
from gaussmix.covariance import resolve_covariance_type
from gaussmix.exceptions import GaussmixError
from gaussmix.fitting import INIT_PARAMS

_FIT_EXAMPLES = """\
examples:
  gaussmix fit data.csv --components 3
  gaussmix fit data.parquet --components 3 --columns height,weight --labels-out labels.csv
  gaussmix fit data.npy --components 8 --covariance tied --n-init 10 --model-out model.npz

CSV, TSV and Parquet files need pandas (and PyArrow): pip install "gaussmix[io]"
"""


def make_parser() -> argparse.ArgumentParser:
    """Build the parser; ``run`` of what it returns is the function to call with it."""
    parser = argparse.ArgumentParser(
        prog="gaussmix",
        description="Fit Gaussian mixtures. Without a command: a fit of bundled data, as a start.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gaussmix {__version__}")
    parser.set_defaults(run=run_demo)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_fit(commands)
    versions = commands.add_parser(
        "versions", help="show how this copy was built and what it runs on", allow_abbrev=False
    )
    versions.set_defaults(run=_show_versions)
    return parser


def _show_versions(_: argparse.Namespace) -> None:
    show_versions()


def _add_fit(commands: Any) -> None:
    fit = commands.add_parser(
        "fit",
        help="fit a mixture to a CSV, TSV, Parquet or .npy file",
        description="Fit a Gaussian mixture to the columns of a file and print what was found.",
        epilog=_FIT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    fit.set_defaults(run=run_fit)
    _add_data(fit.add_argument_group("data"))
    _add_model(fit.add_argument_group("model"))
    _add_search(fit.add_argument_group("search for the optimum"))
    _add_output(fit.add_argument_group("output"))


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument("data", metavar="DATA", help="the file; its suffix tells the format")
    group.add_argument(
        "--columns",
        type=_names,
        metavar="A,B,...",
        help="columns to fit (positions from 0 if unnamed; quote a comma: '\"a,b\",c'); "
        "default: all, which must then be numbers",
    )
    group.add_argument("--weights", metavar="COLUMN", help="column of sample weights")
    group.add_argument(
        "--separator", metavar="CHAR", help="of delimited text; default: by suffix, ',' or a tab"
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first line of delimited text holds the names; default: it must, and "
        "numbers are refused as names",
    )


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--components", "-k", type=int, required=True, metavar="K", help="how many components"
    )
    group.add_argument(
        "--covariance",
        type=_covariance_type,
        default="full",
        metavar="TYPE",
        help="full, tied, diag or spherical (or VVV, EEE, VVI, VII), or factor; default: full",
    )
    group.add_argument(
        "--factors",
        type=int,
        metavar="Q",
        help="how many factors each component has; with --covariance factor, which needs it",
    )
    group.add_argument(
        "--reg-covar",
        type=float,
        metavar="R",
        help="ridge added to every variance; default: none, maximum likelihood with a relative "
        "floor under the variances",
    )


def _add_search(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--n-init", type=int, default=1, metavar="N", help="starts; the best is kept; default: 1"
    )
    group.add_argument(
        "--init", choices=INIT_PARAMS, default="kmeans", help="kind of start; default: kmeans"
    )
    group.add_argument(
        "--tol",
        type=float,
        metavar="T",
        help="stop when the mean log-likelihood changes by less; default: when the gain still to "
        "come is negligible",
    )
    group.add_argument(
        "--max-iter", type=int, default=1000, metavar="N", help="passes at most; default: 1000"
    )
    group.add_argument(
        "--max-seconds",
        type=float,
        metavar="S",
        help="time for the whole fit, after which the best so far is kept; default: no limit",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="S",
        help="of the random start; default: 0, so that a command repeats to the bit",
    )
    group.add_argument(
        "--threads", type=int, metavar="N", help="default: all that this process may use"
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--labels-out", metavar="FILE", help="component of each row, from 0: .csv or .npy"
    )
    group.add_argument(
        "--responsibilities-out",
        metavar="FILE",
        help="probability of each component for each row: .csv or .npy",
    )
    group.add_argument(
        "--model-out", metavar="FILE", help="the mixture, for gaussmix.load (.npz by custom)"
    )
    group.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors")


def _names(text: str) -> list[str]:
    """Split at commas, with the quoting rules of CSV for names that contain one."""
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not names:
        raise argparse.ArgumentTypeError("at least one column name is wanted")
    return names


def _covariance_type(text: str) -> str:
    try:
        return str(resolve_covariance_type(text))
    except GaussmixError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
