"""Ctrl-C in a model search: it ends at once, and what was done can be carried on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from environment import SANITIZED

Array = NDArray[np.float64]
MOST_DELAY = 20.0 if SANITIZED else 2.0  # seconds from the signal to the exception

INTERRUPTED = """
import json, os, signal, sys, threading, time
import numpy as np
import gaussmix as gx
import gaussmix._search_cell
import gaussmix._selection_criteria

rng = np.random.default_rng(0)
X = rng.standard_t(3, size=(int(sys.argv[1]), 6))
sent = []
def send():
    time.sleep(float(sys.argv[2]))
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
criteria = gaussmix._selection_criteria
def held_out(*arguments):
    threading.Thread(target=send, daemon=True).start()
    return original(*arguments)
original, criteria.held_out_log_likelihood = criteria.held_out_log_likelihood, held_out
cell = gaussmix._search_cell.CellFits
def carry_on(self, *arguments):
    if sys.argv[3] != "cv" and self.settings["n_components"] == 12 and not sent:
        threading.Thread(target=send, daemon=True).start()
        self.settings |= {"tol": 0.0, "max_iter": 10**9}
    return original_carry_on(self, *arguments)
original_carry_on, cell._carry_on = cell._carry_on, carry_on
wanted = dict(n_components=[1, 2, 3, 12], covariance_types=["EII", "VVV"], random_state=0)
try:
    gx.select(X, criterion=sys.argv[3], n_threads=int(sys.argv[4]), n_folds=200, **wanted)
    answer = {"kind": "none"}
except KeyboardInterrupt as error:
    answer = {"delay": time.perf_counter() - sent[0], "kind": type(error).__name__}
    selection = error.selection
    answer["done"] = len(selection.cells)
    answer["name"] = selection.criterion_name
    few = gx.select(X, [1], ["EII", "VVV"], resume=selection)
    kept = [id(cell.result) for cell in selection.cells]
    answer["kept"] = any(id(cell.result) in kept for cell in few.cells)
    answer["resumed"] = len(few.cells)
print(json.dumps(answer))
"""


def interrupted(rows: int, seconds: float, criterion: str, n_threads: int) -> dict[str, Any]:
    arguments = (str(rows), str(seconds), criterion, str(n_threads))
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *arguments], capture_output=True, text=True, timeout=90
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_stops_a_search_between_passes(n_threads: int):
    """The signal comes in the midst of a fit of twelve components that would never end."""
    answer = interrupted(20_000, 0.3, "bic", n_threads)
    assert answer["kind"] == "FitInterrupted"
    assert answer["delay"] < MOST_DELAY
    assert 0 < answer["done"] < 8
    assert answer["kept"]
    assert answer["resumed"] == 2


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ctrl_c_stops_cross_validation():
    """Every model is done by then; what is left is the criterion, and BIC takes its place."""
    answer = interrupted(5_000, 0.5, "cv", 1)
    assert answer["kind"] == "FitInterrupted"
    assert answer["delay"] < MOST_DELAY
    assert (answer["done"], answer["name"]) == (8, "bic")
