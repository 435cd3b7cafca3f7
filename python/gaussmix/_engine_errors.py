"""What the engine refuses, told as an error of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gaussmix.exceptions import GaussmixError

P = ParamSpec("P")
T = TypeVar("T")


def from_engine(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call a function of the engine; its plain ValueError becomes a GaussmixError."""
    try:
        return function(*args, **options)
    except ValueError as error:
        if type(error) is not ValueError or _raised_in_python(error):
            raise
        raise GaussmixError(str(error)) from error


def _raised_in_python(error: Exception) -> bool:
    """Whether it comes from a callback or a signal handler: the engine has no frames to show."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is not None
