"""The extension refuses what it cannot use, and no argument takes the interpreter down with it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz_bindings import FUNCTIONS
from gaussmix import _core

FIRST = int(os.environ.get("GAUSSMIX_FUZZ_FIRST", "0"))
COUNT = int(os.environ.get("GAUSSMIX_FUZZ_CALLS", "2000"))
SECONDS = 60 + COUNT / 20
NOT_CALLED = {"build_info", "available_threads", "usable_threads", "structures"}  # no arguments


def test_calls_that_nobody_should_make() -> None:
    script = Path(__file__).parent / "fuzz_bindings.py"
    done = subprocess.run(
        [sys.executable, script, str(FIRST), str(COUNT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    )
    assert done.returncode == 0, f"exit {done.returncode}:\n{done.stderr[-3000:]}"
    endings = ast.literal_eval(done.stdout)
    assert sum(endings.values()) == COUNT
    # Else the cases have become all valid, or all refused at the first argument.
    assert endings["done"] > COUNT / 10
    assert endings["TypeError"] > COUNT / 10
    assert endings["ValueError"] > COUNT / 20


# Calls that ended the process once: starts of many factor analysers had no room for loadings.
@pytest.mark.parametrize("number", [1660029840])
def test_calls_that_were_too_much_once(number: int) -> None:
    script = Path(__file__).parent / "fuzz_bindings.py"
    done = subprocess.run(
        [sys.executable, script, str(number), "1"], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert ast.literal_eval(done.stdout.decode()) == {"done": 1}


def test_every_function_with_arguments_is_called() -> None:
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert public - NOT_CALLED - {"set_degenerate_error"} == set(FUNCTIONS)
