"""A search over models tells how much memory it could need, and is refused before it begins."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from gaussmix import _search
from strategies import clusters
from test_memory import MIB, in_little_space, linux_only, not_sanitized

FEW: tuple[Any, ...] = ([1, 2, 3], ["VVI", "EEE", "VVV"])


def needed_by(X: Any, *what: Any, **options: Any) -> int:
    """The bytes that a limit must allow, by the message of one that does not."""
    with pytest.raises(gx.InsufficientMemoryError, match="the search may need") as caught:
        gx.select(X, *what, memory_limit=1, **options)
    return int(re.findall(r"\(([0-9,]+) bytes\)", str(caught.value))[1].replace(",", ""))


def test_a_limit_refuses_or_changes_nothing() -> None:
    X = clusters(0, 300, 4, 3)
    needed = needed_by(X, *FEW)
    with pytest.raises(MemoryError, match=f"{needed:,} bytes.*Search fewer"):
        gx.select(X, *FEW, memory_limit=needed - 1)
    allowed = gx.select(X, *FEW, memory_limit=needed, random_state=0)
    assert allowed == gx.select(X, *FEW, random_state=0)


def test_a_refused_search_has_done_nothing() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    model = gx.GaussianMixtureSelector(*FEW[:1], memory_limit="2 kB", random_state=rng)
    with pytest.raises(gx.InsufficientMemoryError, match=r"1\.95 KiB \(2,000 bytes\)"):
        model.fit(clusters(0, 50, 2, 2))
    assert rng.bit_generator.state == before
    assert not hasattr(model, "result_")
    with pytest.raises(gx.GaussmixError, match="such as '500 MB'"):
        gx.select(clusters(0, 50, 2, 2), memory_limit="lots")


def test_more_cells_more_threads_and_cross_validation_need_more() -> None:
    X = clusters(0, 40_000, 20, 2)
    one = needed_by(X, [2], ["VVV"], n_threads=1)
    assert one < needed_by(X, [2], ["VVV"], n_threads=2)
    assert one < needed_by(X, [2], ["VVI", "VVV"], n_threads=1)
    assert one < needed_by(X, [1, 2], ["VVV"], n_threads=1)
    assert one < needed_by(X, [2], ["VVV"], n_threads=1, criterion="cv")


def test_cells_that_cannot_be_fitted_need_nothing() -> None:
    X = clusters(0, 50, 2, 2)
    assert needed_by(X, [1, 2], ["VVV"]) == needed_by(X, [1, 2, 2**40], ["VVV"])


def test_where_nothing_is_missing_nothing_is_refused() -> None:
    X = clusters(0, 50, 2, 2)
    found = gx.select(X, *FEW)
    assert gx.select(X, *FEW, criterion="aic", resume=found, memory_limit=1).best_structure
    with pytest.raises(gx.InsufficientMemoryError):
        gx.select(X, [4], ["VVV"], resume=found, memory_limit=1)


def test_rows_of_folds_and_labels_go_with_their_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the cyclic collector, which comes when it likes, never comes."""
    agglomerate, held = _search.hierarchical_labels, []

    def watched(data: Any, *arguments: Any, **options: Any) -> Any:
        labels = agglomerate(data, *arguments, **options)
        held.append((data is not X and weakref.ref(data), weakref.ref(labels)))
        return labels

    monkeypatch.setattr(_search, "hierarchical_labels", watched)
    X = clusters(0, 300, 3, 2)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for criterion in ("bic", "nec", "cv"):
            gx.select(X, [1, 2], ["EII", "VVV"], criterion=criterion, n_folds=2)
        left = [refer() is not None for pair in held for refer in pair if refer]
    finally:
        if collecting:
            gc.enable()
    assert len(left) == 2 * 5 - 3  # the rows of the three searches of all are the caller's
    assert not any(left)


@linux_only
@not_sanitized
def test_a_search_too_large_for_the_address_space_is_refused_at_once() -> None:
    begin = time.perf_counter()
    said = in_little_space("gx.select(X, range(1, 6), ['VVI', 'VVV'], n_threads=1)")
    assert said.startswith("InsufficientMemoryError beside the data, the search may need")
    assert "are available" in said
    assert time.perf_counter() - begin < 20


MEASURE = """
import json, sys
import numpy as np
import gaussmix as gx

def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))

shape, counts, structures, options = json.loads(sys.argv[1])
X = np.random.default_rng(0).normal(size=shape)
gx.select(X[:50, :2], [1, 2], ["VVI", "VVV"], n_threads=2)  # loads what is loaded on first use
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the recorded peak starts again from here
before = status("VmRSS")
gx.select(X, counts, structures, random_state=0, max_iter=8, **options)
print(status("VmHWM") - before)
"""


# In which matrices, sums of partitions, rows, and the matrices of variances take most.
@linux_only
@not_sanitized
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    ("shape", "counts", "structures", "n_folds"),
    [
        ((300, 250), [1, 2], ["VVI", "VVV"], 0),
        ((2500, 12), [1, 2, 3, 4], None, 0),
        ((50_000, 2), [1, 3], ["EEE", "VVV"], 2),
        ((200_000, 6), [1, 2], ["EII", "VVV"], 20),
        ((300, 200), [1, 2], ["VVI", "VVV"], 2),
        ((100_000, 10), [1, 3], ["VVI", "VII", "EEI"], 0),
        ((200, 800), [1, 2], ["VVI", "VII"], 0),
    ],
)
def test_the_measured_peak_is_near_and_below_what_was_told(
    shape: tuple[int, int], counts: list[int], structures: list[str], n_folds: int, n_threads: int
) -> None:
    options: dict[str, Any] = {"n_threads": n_threads}
    options |= {"criterion": "cv", "n_folds": n_folds} if n_folds else {}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps([shape, counts, structures, options])],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    peak = int(done.stdout)
    needed = needed_by(np.zeros(shape), counts, structures, **options)
    what = f"{peak / MIB:.1f} of {needed / MIB:.1f} MiB"
    assert peak <= needed, what
    assert needed <= 4 * peak + 12 * MIB, what
