"""Runs a command and turns how it ended into an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from gaussmix.cli._arguments import make_parser
from gaussmix.cli._wording import in_options, notes_in_options
from gaussmix.exceptions import FitInterrupted, GaussmixError

OK, FAILED, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 done, 1 an error told in one line on stderr, 130 stopped by Ctrl-C.

    Raises
    ------
    SystemExit
        Code 2 for wrong usage; 0 after ``--help`` and ``--version``.
    """
    try:
        with _warnings_as_lines():
            try:
                options = make_parser().parse_args(arguments)
                if getattr(options, "quiet", False):
                    warnings.simplefilter("ignore")
                options.run(options)
            finally:  # argparse leaves by SystemExit after --help, with text still in the buffer
                sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()  # the reader, say `head`, has seen enough; files are written by then
    except KeyboardInterrupt as interruption:
        return _tell_interrupted(interruption)
    except (GaussmixError, OSError, MemoryError) as error:
        _tell("error", _in_one_line(error))
        return FAILED
    return OK


def _tell(kind: str, message: str) -> None:
    print(f"gaussmix: {kind}: {message}", file=sys.stderr)


def _in_one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)!r}: {error.strerror}"
    message = in_options(" ".join(str(error).split()))
    if isinstance(error, MemoryError):
        return f"not enough memory: {message}" if message else "not enough memory"
    return message or type(error).__name__


def _tell_interrupted(interruption: KeyboardInterrupt) -> int:
    """Show the best fit so far, or the models that were done, if there are any."""
    result = selection = None
    if isinstance(interruption, FitInterrupted):
        result, selection = interruption.result, interruption.selection
    with contextlib.suppress(BrokenPipeError):
        if result is not None:
            print(notes_in_options(result.summary()), flush=True)
            _tell("interrupted", "above is the best fit so far; no file was written")
        elif selection is not None and selection.cells:
            print(notes_in_options(selection.summary()), flush=True)
            _tell("interrupted", "above are the models that were done; no file was written")
        else:
            _tell("interrupted", "stopped before there was a result to show")
    return INTERRUPTED


def _give_up_stdout() -> None:
    """Let Python's own flush at exit go nowhere: it would complain about the closed pipe."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print a warning as one line of ours; the place in the source means nothing here."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        _tell("warning", in_options(" ".join(str(message).split())))

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
