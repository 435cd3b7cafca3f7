"""What the engine refuses, told as an error of this package."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gaussmix.exceptions import GaussmixError

P = ParamSpec("P")
T = TypeVar("T")

# What the engine says where its own numbers are none, or where all weights have underflowed: true,
# but of nothing that the caller gave.
_LOST = re.compile(r"-?\bnan\b|the statistics have no weight")


def from_engine(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call a function of the engine; its plain ValueError becomes a GaussmixError."""
    try:
        return function(*args, **options)
    except ValueError as error:
        if type(error) is not ValueError or _raised_in_python(error):
            raise
        if _LOST.search(str(error)):
            raise beyond_float64() from error
        raise GaussmixError(str(error)) from error


def beyond_float64() -> GaussmixError:
    """Say that a fit of arguments in order came to numbers that are none, or of no digits."""
    return GaussmixError(
        "the fit came to covariances or weights that float64 cannot hold: columns in units, or "
        "sample weights, that are a hundred decades and more apart leave no digits for them. "
        "Bring the columns to a common scale (X / X.std(axis=0)), leave out rows whose weight is "
        "negligible, and leave reg_covar at None."
    )


def _raised_in_python(error: Exception) -> bool:
    """Whether it comes from a callback or a signal handler: the engine has no frames to show."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is not None
