"""What the command line accepts."""

from __future__ import annotations

import argparse

from gaussmix import __version__, show_versions
from gaussmix.cli._demo import run_demo
from gaussmix.cli._fit_arguments import add_fit
from gaussmix.cli._select_arguments import add_select


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
    add_fit(commands)
    add_select(commands)
    versions = commands.add_parser(
        "versions", help="show how this copy was built and what it runs on", allow_abbrev=False
    )
    versions.set_defaults(run=_show_versions)
    return parser


def _show_versions(_: argparse.Namespace) -> None:
    show_versions()
