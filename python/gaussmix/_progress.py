"""What ``verbose`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaussmix._summary import how_it_ended

if TYPE_CHECKING:
    from gaussmix.result import FitResult


class Progress:
    """Called by the engine at the border of every iteration; prints every so many of them."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._previous: tuple[int, float] | None = None

    @classmethod
    def wanted(cls, verbose: int, interval: int) -> Progress | None:
        """Return a printer, or None for silence: then the engine calls nothing at all."""
        return cls(interval) if verbose > 0 else None

    def __call__(self, start: int, iteration: int, log_likelihood: float) -> bool:
        """Print if it is time to; True lets the fit go on."""
        if iteration % self._interval == 0:
            print(
                f"start {start + 1}, pass {iteration}: log-likelihood {log_likelihood:.10g}"
                f"{self._gain(start, log_likelihood)}",
                flush=True,
            )
            self._previous = (start, log_likelihood)
        return True

    def report(self, result: FitResult) -> None:
        """Print how each start ended."""
        for number, one in enumerate(result.starts, 1):
            print(
                f"start {number}: {how_it_ended(one)}, log-likelihood {one.log_likelihood:.10g}",
                flush=True,
            )

    def _gain(self, start: int, log_likelihood: float) -> str:
        if self._previous is None or self._previous[0] != start:
            return ""
        return f" ({log_likelihood - self._previous[1]:+.3g})"
