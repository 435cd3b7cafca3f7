"""A good neighbour: how many threads it takes, and the state of the process it leaves behind."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix import _core
from gaussmix._progress import Monitor
from strategies import clusters
from test_runtime import run

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


def told_by(code: str, **environment: str) -> int:
    preamble = "import os, sys\nfrom gaussmix._runtime import core\n"
    return int(run(preamble + code, **environment).stdout)


# --- Threads ----------------------------------------------------------------------------------

AVAILABLE = "print(core.available_threads())"


@linux_only
def test_by_default_as_many_threads_as_the_process_may_use() -> None:
    allowed = len(os.sched_getaffinity(0))
    assert 1 <= told_by(AVAILABLE) <= allowed
    assert told_by(AVAILABLE, OMP_NUM_THREADS="1") == 1
    assert told_by(AVAILABLE, OMP_NUM_THREADS="64") <= allowed
    # Read at each call: after the import, and in a thread that may use less than the others.
    narrow = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert told_by(narrow + AVAILABLE, OMP_NUM_THREADS="8") == 1


def test_threadpoolctl_limits_the_threads() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = _core.available_threads()
    with threadpoolctl.threadpool_limits(1, user_api="openmp"):
        assert _core.available_threads() == 1
    assert _core.available_threads() == before


def in_worker(seed: int) -> tuple[int, bytes]:
    X = clusters(seed, 20_000, 2, 3)
    return _core.available_threads(), quiet(X, 3, random_state=0, max_iter=5).trace.tobytes()


def test_a_worker_of_joblib_keeps_to_its_share() -> None:
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend="loky", n_jobs=2, inner_max_num_threads=1):
        found = joblib.Parallel()(joblib.delayed(in_worker)(seed) for seed in range(2))
    joblib.externals.loky.get_reusable_executor().shutdown()
    assert [threads for threads, _ in found] == [1, 1]
    assert [trace for _, trace in found] == [in_worker(seed)[1] for seed in range(2)]


def while_fitting(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Any], **options: Any) -> None:
    """Call `ask` at each iteration of a fit."""
    monkeypatch.setattr(Monitor, "__call__", lambda self, *progress: ask() is None)
    monkeypatch.setattr(Monitor, "report", lambda self, result: None)
    quiet(clusters(0, 40_000, 2, 2), 2, verbose=1, max_iter=2, **options)


def test_calls_side_by_side_share_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one call has at work the next one leaves to it, but for one thread of its own."""
    seen: list[int] = []
    available = _core.usable_threads()
    for n_threads in (1, 2, None):
        while_fitting(monkeypatch, lambda: seen.append(_core.usable_threads()), n_threads=n_threads)
        assert _core.usable_threads() == available
    of_one, of_two, of_all = max(1, available - 1), max(1, available - 2), 1
    assert seen == [of_one] * 2 + [of_two] * 2 + [of_all] * 2


def test_a_call_that_fails_gives_its_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    available = _core.usable_threads()

    def fail() -> None:
        raise RuntimeError("the callback's own")

    with pytest.raises(RuntimeError, match="the callback's own"):
        while_fitting(monkeypatch, fail, n_threads=2)
    with pytest.raises(gx.GaussmixError, match="rescale"):
        gx.fit(np.full((40_000, 2), 1e300) * np.tile([[1.0], [-1.0]], (20_000, 1)), n_threads=2)
    assert _core.usable_threads() == available


FORK_DURING_A_FIT = """
import warnings
import numpy as np
import gaussmix as gx
from gaussmix._progress import Monitor

def fork(self, *progress):
    child = os.fork()
    if child == 0:
        os._exit(100 + core.usable_threads())
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) - 100)
    return True

warnings.simplefilter("ignore")
statuses = []
Monitor.__call__, Monitor.report = fork, lambda self, result: None
gx.fit(np.random.default_rng(0).normal(size=(40_000, 2)), 2, verbose=1, verbose_interval=1,
       max_iter=1, n_threads=2)
assert statuses == [core.usable_threads()], statuses
print(1)
"""


@linux_only
def test_a_child_forked_during_a_fit_has_all_threads_to_itself() -> None:
    assert told_by(FORK_DURING_A_FIT) == 1


# --- Floating point ---------------------------------------------------------------------------

SUBNORMAL = 5e-324
FLUSH_RESULTS, FLUSH_OPERANDS, ROUND_UP = 0x8000, 0x40, 0x4000  # bits of MXCSR

x86_linux = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="knows where glibc keeps MXCSR in an x86-64 fenv_t",
)


def mode() -> int:
    environment = (ctypes.c_uint32 * 8)()
    ctypes.CDLL("libm.so.6").fegetenv(environment)
    return int(environment[7]) & ~0x3F  # the low bits are exceptions that have happened


def set_mode(bits: int) -> None:
    library, environment = ctypes.CDLL("libm.so.6"), (ctypes.c_uint32 * 8)()
    library.fegetenv(environment)
    environment[7] |= bits
    library.fesetenv(environment)


def in_thread(call: Callable[[], Any]) -> Any:
    """Run in a thread of its own, so that no mode outlives the test."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    thread.join()
    assert answers, "the thread failed"
    return answers[0]


@pytest.fixture(scope="module")
def subnormals() -> tuple[NDArray[Any], NDArray[Any]]:
    """Numbers of ordinary size with subnormal ones among them, and subnormal ones alone."""
    X = clusters(3, 30_000, 2, 3)
    X[::7, 0] = SUBNORMAL * np.arange(1, len(X[::7]) + 1)
    return X, X * 1e-310


def engine_bytes(data: tuple[NDArray[Any], NDArray[Any]]) -> list[bytes]:
    """What the engine makes of such data, on several threads of its own."""
    X, tiny = data
    many = gx.fit_many([X[:3000], X[3000:9000]], 2, random_state=0, n_threads=2)
    result = gx.fit(X, 3, random_state=0, tol=1e-3, n_threads=2)
    statistics = gx.e_step(tiny, gx.Mixture([1.0], [[0.0, 0.0]], [1.0], "spherical"))
    mixtures = [result.mixture, *(one.mixture for one in many)]
    arrays: list[NDArray[Any]] = [result.trace, statistics.mean, statistics.scatter]
    arrays += [result.mixture.log_density(X, n_threads=2), result.mixture.sample(9, 0)[0]]
    for mixture in mixtures:
        arrays += [mixture.weights, mixture.means, mixture.covariances, mixture.precisions_cholesky]
    return [array.tobytes() for array in arrays]


@x86_linux
@pytest.mark.parametrize("bits", [FLUSH_RESULTS | FLUSH_OPERANDS, ROUND_UP], ids=["flush", "up"])
def test_results_do_not_depend_on_the_callers_mode_which_stays(bits: int, subnormals: Any) -> None:
    expected = in_thread(lambda: engine_bytes(subnormals))

    def fit_in_mode() -> tuple[int, list[bytes], int, bool]:
        set_mode(bits)
        before, found = mode(), engine_bytes(subnormals)
        flushed = bool(np.float64(SUBNORMAL) * np.float64(1.0) == 0)
        return before, found, mode(), flushed

    before, found, after, flushed = in_thread(fit_in_mode)
    assert before & bits == bits  # else this has shown nothing
    assert flushed == bool(bits & FLUSH_OPERANDS)
    assert after == before
    assert found == expected


@x86_linux
def test_the_mode_of_every_thread_is_left_alone(subnormals: Any) -> None:
    here, elsewhere = mode(), in_thread(mode)
    engine_bytes(subnormals)
    assert (mode(), in_thread(mode)) == (here, elsewhere)


def test_subnormal_numbers_are_kept(subnormals: Any) -> None:
    def product() -> bool:
        return bool(np.float64(SUBNORMAL) * np.float64(1.0) == SUBNORMAL)

    engine_bytes(subnormals)
    assert product()
    assert in_thread(product)


def test_subnormal_data_give_right_answers() -> None:
    counts = np.arange(1.0, 20_001.0)[:, None]  # their mean, 10000.5, is no multiple of the unit
    unit = gx.Mixture([1.0], [[0.0]], [1.0], "spherical")
    statistics = gx.e_step(counts[:-1] * SUBNORMAL, unit, n_threads=2)
    assert statistics.mean[0, 0] == 10_000 * SUBNORMAL
    np.testing.assert_allclose(
        unit.log_density(counts * SUBNORMAL), -0.5 * np.log(2 * np.pi), rtol=1e-15
    )
    # Beside numbers of ordinary size they count as nothing, which is what they are.
    X = clusters(3, 900, 2, 3)
    X[::5, 1] = 0.0
    with_subnormals = X.copy()
    with_subnormals[::5, 1] = SUBNORMAL * np.arange(1, 181)
    exact, other = (gx.fit(data, 3, random_state=0) for data in (X, with_subnormals))
    np.testing.assert_allclose(other.log_likelihood, exact.log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(other.mixture.means, exact.mixture.means, rtol=1e-10, atol=1e-12)
