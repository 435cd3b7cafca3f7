"""Loads the compiled extension: the one place that does.

GNU's OpenMP runtime lets idle threads spin before they sleep, and on a machine with other work to
do that makes a small call a hundred times slower. It reads ``GOMP_SPINCOUNT`` once, when it is
loaded, so that is set for the length of the import alone; a setting of the user's always wins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gaussmix.exceptions import DegenerateError

__all__ = ["core"]


@contextmanager
def _idle_threads_sleep() -> Iterator[None]:
    if "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ:
        yield
        return
    os.environ["GOMP_SPINCOUNT"] = "0"
    try:
        yield
    finally:
        os.environ.pop("GOMP_SPINCOUNT", None)


with _idle_threads_sleep():
    from gaussmix import _core as core

core.set_degenerate_error(DegenerateError)
