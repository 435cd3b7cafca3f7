"""Signals that come while a pass is being made, when no callback is running."""

from __future__ import annotations

import _thread
import signal
import time
from typing import Any

import pytest

from gaussmix import _core


def interrupt_in_the_pass_after(
    monkeypatch: pytest.MonkeyPatch, start: int, iteration: int
) -> None:
    """Have Ctrl-C come to the next fits right after this pass of this start has been reported.

    Python runs handlers after calls, and `in` is none: it is left to the engine, which looks for
    signals every 50 ms, to find this one as the next pass begins.
    """

    def report(*reported: Any) -> bool:
        if reported[:2] != (start, iteration):
            return True
        time.sleep(0.06)
        return None in map(_thread.interrupt_main, [signal.SIGINT])

    engine_fit = _core.fit
    told = {"on_iteration": report}
    monkeypatch.setattr(
        _core, "fit", lambda *arguments, **options: engine_fit(*arguments, **(options | told))
    )
