"""The EM loop takes no memory from the heap: more passes cost not one allocation more."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import reference as ref
import structures
from environment import SANITIZED

TESTS = Path(__file__).parent

# Loaded before the C library, so that it sees every request of the process, whoever makes it.
COUNTER = """
#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
static long count;
static void one_more(void) { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }
long allocations(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }
void *malloc(size_t n) { one_more(); return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { one_more(); return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { one_more(); return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { one_more(); return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { one_more(); return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) {
  one_more();
  *p = __libc_memalign(a, n);
  return *p == NULL ? 12 : 0;
}
"""

# Prints [passes, requests] of every repetition of every case, after two to warm up: NumPy keeps the
# small blocks that a result gives back for the next one. What is counted is the call of the engine
# alone: around it Python builds objects and messages as it likes.
PROGRAM = """
import ctypes, json, sys
from fits import quiet
from gaussmix import Prior, _core
from strategies import clusters

allocations = ctypes.CDLL(sys.argv[1]).allocations
allocations.restype = ctypes.c_long
engine_fit = _core.fit

def counting_fit(*arguments, **options):
    before = allocations()
    outcome = engine_fit(*arguments, **options)
    counted.append(allocations() - before)
    return outcome

def requests(n_rows, n_features, n_components, prior=False, **options):
    if prior:
        options["prior"] = Prior()
    X = clusters(n_features, n_rows, n_features, n_components)
    return [fit_and_count(X, n_components, options) for _ in range(4)][2:]

def fit_and_count(X, n_components, options):
    counted.clear()
    result = quiet(X, n_components, tol=0.0, random_state=0, **options)
    assert not result.repairs, "a repair takes memory for its eigenvalues"
    return result.n_iter, *counted

_core.fit = counting_fit
counted = []
print(json.dumps([requests(**case) for case in json.loads(sys.argv[2])]))
"""


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if SANITIZED:
        pytest.skip("the sanitizer counts on being the one that replaces malloc")
    compiler = shutil.which("cc")
    if compiler is None or platform.libc_ver()[0] != "glibc":
        pytest.skip("needs a C compiler and the GNU C library")
    folder = tmp_path_factory.mktemp("counter")
    source, library = folder / "counter.c", folder / "counter.so"
    source.write_text(COUNTER)
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def count(counter: Path, cases: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Passes and requests of each case; the fewest, should Python itself have asked for more."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(counter), json.dumps(cases)],
        env=os.environ
        | {"LD_PRELOAD": str(counter), "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        min((passes, n) for passes, n in case)
        for case in json.loads(finished.stdout.splitlines()[-1])
    ]


# Rows for one leaf and for several; a width for each way of working: one column, a few, more than
# one tile, more than one block of the factorisation.
SHAPES = [(500, 2, 3), (35011, 1, 3), (17011, 3, 4), (5003, 16, 3), (1501, 65, 3), (803, 150, 2)]
FEW, MORE = 15, 30  # what is known of that many steps has been given its memory
# M-steps know nothing of rows; beyond a hundred columns products of matrices take their blocks from
# the heap.
OF_M_STEPS = [(500, 2, 3), (35011, 1, 3), (1011, 3, 4), (1003, 16, 3), (1501, 50, 3)]
WITH = {
    "prior": [{"covariance_type": name, "prior": True} for name in ref.COVARIANCE_TYPES],
    "ratio": [
        {"covariance_type": name, "max_eigenvalue_ratio": 30.0} for name in ref.COVARIANCE_TYPES
    ],
    "factors": [{"covariance_type": "factor", "n_factors": q} for q in (1, 2)],
}


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_further_passes_allocate_nothing(counter: Path, covariance_type: str) -> None:
    check_further_passes(counter, SHAPES, [{"covariance_type": covariance_type}])


@pytest.mark.parametrize("structure", structures.CODES)
def test_nor_do_those_of_any_structure(counter: Path, structure: str) -> None:
    check_further_passes(counter, OF_M_STEPS, [{"covariance_type": structure}])


@pytest.mark.parametrize("options", WITH.values(), ids=WITH.keys())
def test_nor_with_a_prior_a_bound_or_factors(counter: Path, options: list[dict[str, Any]]) -> None:
    check_further_passes(counter, OF_M_STEPS[3:], options)


def check_further_passes(
    counter: Path, shapes: list[tuple[int, int, int]], options: list[dict[str, Any]]
) -> None:
    cases = [
        {"n_rows": n, "n_features": d, "n_components": k}
        | {"n_threads": n_threads, "accelerate": accelerate}
        | more
        for n, d, k in shapes
        for n_threads in (1, 2)
        for accelerate in (False, True)
        for more in options
    ]
    counted = count(counter, [case | {"max_iter": n} for n in (FEW, MORE) for case in cases])
    few, more = counted[: len(cases)], counted[len(cases) :]
    assert {passes for passes, _ in few} == {FEW}
    assert {passes for passes, _ in more} == {MORE}
    further = {
        str(case): after - before
        for case, (_, before), (_, after) in zip(cases, few, more, strict=True)
    }
    assert {case: n for case, n in further.items() if n > 0} == {}


def test_the_counter_sees_what_a_start_allocates(counter: Path) -> None:
    case = {"n_rows": 500, "n_features": 2, "n_components": 3, "max_iter": FEW}
    (_, one), (_, four) = count(counter, [case | {"n_init": 1}, case | {"n_init": 4}])
    assert four > one > 0
