"""What ``gaussmix fit`` accepts."""

from __future__ import annotations

import argparse
from typing import Any

from gaussmix.cli._data_arguments import add_data, add_model_out, add_quiet, add_running
from gaussmix.cli._fit import run_fit
from gaussmix.covariance import resolve_covariance_type
from gaussmix.exceptions import GaussmixError
from gaussmix.fitting import INIT_PARAMS

_EXAMPLES = """\
examples:
  gaussmix fit data.csv --components 3
  gaussmix fit data.parquet --components 3 --columns height,weight --labels-out labels.csv
  gaussmix fit data.npy --components 8 --covariance tied --n-init 10 --model-out model.npz

CSV, TSV and Parquet files need pandas (and PyArrow): pip install "gaussmix[io]"
"""


def add_fit(commands: Any) -> None:
    """Add the command to the parser."""
    fit = commands.add_parser(
        "fit",
        help="fit a mixture to a CSV, TSV, Parquet or .npy file",
        description="Fit a Gaussian mixture to the columns of a file and print what was found.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    fit.set_defaults(run=run_fit, usage_error=fit.error)
    add_data(fit.add_argument_group("data"))
    _add_model(fit.add_argument_group("model"))
    _add_search(fit.add_argument_group("search for the optimum"))
    _add_output(fit.add_argument_group("output"))


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--components", "-k", type=int, required=True, metavar="K", help="how many components"
    )
    group.add_argument(
        "--covariance",
        type=covariance_type,
        default="full",
        metavar="TYPE",
        help="full, tied, diag, spherical, factor, or a code such as VVV or VEI; default: full",
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
    add_running(group)


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--labels-out", metavar="FILE", help="component of each row, from 0: .csv or .npy"
    )
    group.add_argument(
        "--responsibilities-out",
        metavar="FILE",
        help="probability of each component for each row: .csv or .npy",
    )
    add_model_out(group)
    add_quiet(group)


def covariance_type(text: str) -> str:
    try:
        return str(resolve_covariance_type(text))
    except GaussmixError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
