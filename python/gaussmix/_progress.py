"""Who is told of the passes of a fit: what ``verbose`` prints, a progress bar, a callback."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._optional import optional_module
from gaussmix._summary import how_it_ended
from gaussmix.callback import Callback, FitState
from gaussmix.exceptions import GaussmixTypeError

if TYPE_CHECKING:
    from gaussmix.result import FitResult

_DELAY = 0.5  # seconds that a fit takes before it shows a bar


class Monitor:
    """Called by the engine at the border of every iteration; tells all who want to know."""

    def __init__(self, callback: Callback | None, printer: Printer | None, bar: Bar | None) -> None:
        self._callback = callback
        self._printer = printer
        self._bar = bar
        self._begin = perf_counter()
        self._log_likelihoods: dict[int, float] = {}  # the last of each start: in a race they mix

    @classmethod
    def wanted(
        cls, callback: Callback | None, verbose: int, interval: int, progress: bool
    ) -> Monitor | None:
        """Return a monitor, or None if nobody wants to know: the engine then calls nothing."""
        if callback is None and not verbose and not progress:
            return None
        bar = Bar() if progress else None
        write = _print if bar is None else bar.write
        return cls(callback, Printer(interval, write) if verbose else None, bar)

    def __call__(self, start: int, n_iter: int, log_likelihood: float) -> bool:
        """Tell everybody of the pass; False, if the callback says True, stops the fit."""
        before = self._log_likelihoods.get(start, math.nan)
        self._log_likelihoods[start] = log_likelihood
        seconds = perf_counter() - self._begin
        state = FitState(start, n_iter, log_likelihood, log_likelihood - before, seconds)
        if self._printer is not None:
            self._printer.show(state)
        if self._bar is not None:
            self._bar.show(state)
        return self._callback is None or not _wants_to_stop(self._callback(state))

    def report(self, result: FitResult) -> None:
        """Print how each start ended, if that is wanted."""
        if self._printer is not None:
            self._printer.report(result)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


def _wants_to_stop(answer: object) -> bool:
    if answer is None or isinstance(answer, bool | np.bool_):
        return bool(answer)
    raise GaussmixTypeError(
        "callback must return True to stop the fit, or False or None to go on, but returned "
        f"{answer!r} of type {type(answer).__name__}."
    )


def _print(line: str) -> None:
    print(line, flush=True)


class Printer:
    """Writes a line every so many passes, and one for each start in the end."""

    def __init__(self, interval: int, write: Callable[[str], None]) -> None:
        self._interval = interval
        self._write = write
        self._previous: tuple[int, float] | None = None

    def show(self, state: FitState) -> None:
        """Write if it is time to."""
        if state.n_iter % self._interval == 0:
            self._write(
                f"start {state.start + 1}, pass {state.n_iter}: "
                f"log-likelihood {state.log_likelihood:.10g}{self._gain(state)}"
            )
            self._previous = (state.start, state.log_likelihood)

    def report(self, result: FitResult) -> None:
        """Write how each start ended."""
        for number, one in enumerate(result.starts, 1):
            self._write(
                f"start {number}: {how_it_ended(one)}, log-likelihood {one.log_likelihood:.10g}"
            )

    def _gain(self, state: FitState) -> str:
        if self._previous is None or self._previous[0] != state.start:
            return ""
        return f" ({state.log_likelihood - self._previous[1]:+.3g})"


class Bar:
    """Counts the passes of a long fit, in a terminal or a notebook.

    How many there will be is not known, so it shows a count and no percentage.
    """

    def __init__(self) -> None:
        module = optional_module("tqdm.auto", extra="progress", purpose="progress=True")
        self._tqdm: Any = module.tqdm
        self._bar: Any = None  # made at the first pass: before it, an argument may still be refused
        self._n_iter: dict[int, int] = {}

    def show(self, state: FitState) -> None:
        """Count the passes since the last call; the bar decides when it is time to draw."""
        if self._bar is None:
            self._bar = self._tqdm(unit=" passes", delay=_DELAY)
        gain = "" if math.isnan(state.gain) else f", gain {state.gain:.3g}"
        self._bar.set_description_str(f"start {state.start + 1}", refresh=False)
        self._bar.set_postfix_str(
            f"log-likelihood {state.log_likelihood:.10g}{gain}", refresh=False
        )
        self._bar.update(state.n_iter - self._n_iter.get(state.start, 0))
        self._n_iter[state.start] = state.n_iter

    def write(self, line: str) -> None:
        """Print a line above the bar."""
        self._tqdm.write(line)

    def close(self) -> None:
        """Draw it for the last time, if it was ever drawn."""
        if self._bar is not None:
            self._bar.close()


class ModelBar:
    """Counts the models of a long search that are done."""

    def __init__(self, n_models: int) -> None:
        module = optional_module("tqdm.auto", extra="progress", purpose="progress=True")
        self._bar: Any = module.tqdm(total=n_models, unit=" models", delay=_DELAY)
        self._lock = Lock()  # models end on several threads

    def show(self, code: str, n_components: int) -> None:
        """Count the model that was done last."""
        with self._lock:
            self._bar.set_description_str(f"{code} {n_components}", refresh=False)
            self._bar.update(1)

    def close(self) -> None:
        """Draw it for the last time, if it was ever drawn."""
        self._bar.close()
