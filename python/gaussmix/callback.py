"""What a fit tells its callback at the border between two passes over the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from gaussmix._record import Record

__all__ = ["Callback", "FitState"]


@dataclass(frozen=True, eq=False)
class FitState(Record):
    """How far a fit is: what `callback` of `gaussmix.fit` is called with after a pass.

    Parameters
    ----------
    start : int
        Which start is running, counted from 0. In a race (``race=True``, three starts or more)
        they take turns.
    n_iter : int
        Passes over the data that this start has made. A pass whose parameters the likelihood test
        of an accelerated step rejected is counted, but has no call of its own.
    log_likelihood : float
        Total, at the parameters before this pass.
    gain : float
        By how much that is more than at the call before for the same start; NaN at its first.
    seconds : float
        Since the fit began.

    Examples
    --------
    Stop when the likelihood is high enough:

    >>> import gaussmix as gx
    >>> def enough(state: gx.FitState) -> bool:
    ...     return state.log_likelihood > -20.0
    >>> X = [[-1.0], [0.0], [1.0], [9.0], [10.0], [11.0]]
    >>> result = gx.fit(X, 2, tol=0.0, random_state=0, callback=enough)
    >>> result.status
    'stopped'
    """

    start: int
    n_iter: int
    log_likelihood: float
    gain: float
    seconds: float


Callback: TypeAlias = Callable[[FitState], bool | None]
