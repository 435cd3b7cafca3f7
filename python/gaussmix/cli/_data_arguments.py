"""The arguments that every command about a file has."""

from __future__ import annotations

import argparse
import csv


def add_data(group: argparse._ArgumentGroup) -> None:
    """Add the file and what to read of it."""
    group.add_argument(
        "data",
        metavar="DATA",
        help="the file; its suffix tells the format; - is standard input, delimited text as from "
        "any pipe",
    )
    group.add_argument(
        "--columns",
        type=names,
        metavar="A,B,...",
        help="columns to fit (0 or x0 is the first if unnamed; quote a comma: '\"a,b\",c'); "
        "default: all, which must then be numbers",
    )
    group.add_argument("--weights", metavar="COLUMN", help="column of sample weights")
    group.add_argument(
        "--separator",
        type=separator,
        metavar="CHAR",
        help="of delimited text: a character, tab, or \\s+ for blanks; default: by suffix, ',' or "
        "a tab; ',' of a pipe",
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first line of delimited text holds the names; default: it must, and "
        "numbers are refused as names",
    )


def add_running(group: argparse._ArgumentGroup) -> None:
    """Add what does not change the question."""
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="S",
        help="of all that is random; default: 0, so that a command repeats to the bit",
    )
    group.add_argument(
        "--threads", type=int, metavar="N", help="default: all that this process may use"
    )


def add_model_out(group: argparse._ArgumentGroup) -> None:
    """Add the file for the mixture."""
    group.add_argument(
        "--model-out", metavar="FILE", help="the mixture, for gaussmix.load (.npz by custom)"
    )


def add_quiet(group: argparse._ArgumentGroup) -> None:
    """Add the wish for silence."""
    group.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors")


def separator(text: str) -> str:
    r"""Read a separator; a tab is hard to type, and may be ``tab`` or ``\t``."""
    character = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if character != r"\s+" and not (len(character) == 1 and character.isascii()):
        raise argparse.ArgumentTypeError(
            rf"one character is wanted, or tab, or \s+ for blanks, got {text!r}"
        )
    return character


def names(text: str) -> list[str]:
    """Split at commas, with the quoting rules of CSV for names that contain one."""
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not names:
        raise argparse.ArgumentTypeError("at least one column name is wanted")
    return names
