"""Every error and warning that gaussmix raises on purpose.

``GaussmixError`` is a ``ValueError`` and the root of all but two of them: ``FitInterrupted`` is a
``KeyboardInterrupt``, so that Ctrl-C still ends a script, and warnings are warnings. Errors about
the type of an argument are a ``TypeError`` as well.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from gaussmix.result import FitResult
    from gaussmix.results import FitResults
    from gaussmix.selection_result import SelectionResult

__all__ = [
    "ConvergenceWarning",
    "DegenerateError",
    "FitInterrupted",
    "GaussmixError",
    "GaussmixTypeError",
    "InsufficientMemoryError",
    "MissingDependencyError",
    "ModelFileError",
    "NotFittedError",
    "RepairWarning",
]


_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class GaussmixError(ValueError):
    """Root of the errors of gaussmix; a ``ValueError``."""


class GaussmixTypeError(GaussmixError, TypeError):
    """An argument of the wrong type; a ``TypeError`` as well as a ``ValueError``."""


class DegenerateError(GaussmixError):
    """A covariance became singular, and ``on_degenerate="raise"`` or the units forbade its repair.

    Units do so where EVE, VVE, EEV or VEV compare columns whose spreads lie so far apart that the
    rounding of the wide ones is more than the floor that is taken from the narrowest.
    """


class InsufficientMemoryError(GaussmixError, MemoryError):
    """A fit or a search would need more memory than there is, or than ``memory_limit`` allows."""


class ModelFileError(GaussmixError):
    """A model file is damaged, not one of ours, or from a version that we cannot read."""


class MissingDependencyError(GaussmixError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class NotFittedError(GaussmixError, AttributeError):
    """An estimator was used before ``fit``.

    Where scikit-learn is loaded, what is raised is also its ``sklearn.exceptions.NotFittedError``.
    """


class ConvergenceWarning(UserWarning):
    """A fit ended before it converged.

    Where scikit-learn is loaded, what is issued is also its
    ``sklearn.exceptions.ConvergenceWarning``.
    """


class RepairWarning(UserWarning):
    """An M-step that stands alone had to repair a component; a fit counts this in its result."""


class FitInterrupted(KeyboardInterrupt):
    """A fit was stopped by Ctrl-C.

    Attributes
    ----------
    result : FitResult or None
        The best mixture so far with its trace; None when there was none yet.
    results : FitResults or None
        Of `gaussmix.fit_many`: the fits that were finished.
    selection : SelectionResult or None
        Of `gaussmix.select`: the models that were done.
    """

    def __init__(
        self,
        message: str = "",
        result: FitResult | None = None,
        results: FitResults | None = None,
        selection: SelectionResult | None = None,
    ) -> None:
        super().__init__(message)
        self.result = result
        self.results = results
        self.selection = selection

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.result, self.results, self.selection)


def not_fitted_error(message: str) -> NotFittedError:
    """Return the ``NotFittedError`` to raise now: also scikit-learn's, if that is loaded."""
    error: NotFittedError = _shared_with_sklearn(NotFittedError)(message)
    return error


def warn_not_converged(message: str) -> None:
    """Issue a ``ConvergenceWarning`` (also scikit-learn's, if loaded) at the caller's line."""
    warnings.warn(
        message, _shared_with_sklearn(ConvergenceWarning), stacklevel=_first_outer_frame()
    )


def warn_repaired(message: str) -> None:
    """Issue a ``RepairWarning`` at the caller's line."""
    warnings.warn(message, RepairWarning, stacklevel=_first_outer_frame())


def _shared_with_sklearn(ours: type[Any]) -> type[Any]:
    """Return `ours`, or a subclass of both `ours` and scikit-learn's class of the same name."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), ours.__name__, None)
    joint: type[Any] = ours if theirs is None else _joint_class(cast(Hashable, ours), theirs)
    return joint


@cache
def _joint_class(ours: Hashable, theirs: Hashable) -> Any:
    # Made at run time, so pickle cannot find it by name: it is rebuilt in the receiving process,
    # which may be a worker that has not loaded scikit-learn.
    base = cast(type[Any], ours)
    namespace = {
        "__doc__": base.__doc__,
        "__module__": base.__module__,
        "__reduce__": lambda self: (_rebuild, (base, self.args)),
    }
    return type(base.__name__, (base, cast(type[Any], theirs)), namespace)


def _rebuild(ours: type[Any], args: tuple[Any, ...]) -> Any:
    return _shared_with_sklearn(ours)(*args)


def _first_outer_frame() -> int:
    """Find the ``stacklevel`` that makes a warning point at the first line outside this package."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    return level
