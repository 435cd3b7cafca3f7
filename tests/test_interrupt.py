"""Signals, forks and many threads at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from environment import SANITIZED
from fits import image
from strategies import clusters

# Filters of warnings belong to the process, so the threads below cannot set their own.
pytestmark = pytest.mark.filterwarnings("ignore::gaussmix.ConvergenceWarning")
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and fork")

MOST_DELAY = 2.0 if SANITIZED else 0.2  # seconds from the signal to the exception

# A fit that would take far longer than anybody waits; a second thread ends it, and the time from
# the signal to the exception is taken inside the process, where start-up does not count.
PREAMBLE = """
import json, os, signal, sys, threading, time, warnings
import numpy as np
import gaussmix as gx

rng = np.random.default_rng(0)
X = rng.standard_normal((300_000, 8))
sent = []

def send_later(number, seconds):
    def send():
        time.sleep(seconds)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), number)
    threading.Thread(target=send, daemon=True).start()

def endless_fit(**options):
    return gx.fit(X, 16, tol=0.0, max_iter=10**9, random_state=0, **options)
"""

SIGINT_PROGRAM = (
    PREAMBLE
    + """
options = json.loads(sys.argv[1])
send_later(signal.SIGINT, float(sys.argv[2]))
try:
    endless_fit(**options)
except KeyboardInterrupt as error:
    delay = time.perf_counter() - sent[0]
    kind, result = type(error).__name__, getattr(error, "result", None)
answer = {"delay": delay, "kind": kind, "has_result": result is not None}
if result is not None:
    answer["status"] = result.status
    answer["n_iter"] = result.n_iter
    answer["trace_is_monotone"] = bool(np.all(np.diff(result.trace) >= -1e-10 * 1e7))
    total = float(result.mixture.log_density(X).sum())
    answer["relative_error"] = abs(total - result.log_likelihood) / abs(total)
# The package works on, and Ctrl-C is still Ctrl-C.
again = gx.fit(X[:5000], 1)
answer["usable"] = again.converged
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    answer["next_sigint"] = "lost"
except KeyboardInterrupt:
    answer["next_sigint"] = "KeyboardInterrupt"
print(json.dumps(answer))
"""
)

MANY_PROGRAM = (
    PREAMBLE
    + """
small = [X[i * 100 : (i + 1) * 100] for i in range(20)]
send_later(signal.SIGINT, 2.0)
try:
    gx.fit_many([*small, X], 16, accelerate=False, random_state=0, n_threads=int(sys.argv[1]))
except gx.FitInterrupted as error:
    delay, results = time.perf_counter() - sent[0], error.results
answer = {"delay": delay, "done": int(results.ok.sum()), "last": results.statuses[-1]}
done = [place for place, ok in enumerate(results.ok) if ok]
answer["same"] = all(
    results[i].mixture == gx.fit(small[i], 16, accelerate=False, random_state=i).mixture
    for i in done
)
print(json.dumps(answer))
"""
)

CALLBACK_PROGRAM = (
    PREAMBLE
    + """
def callback(state):
    if state.n_iter == 2:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)

model = gx.GaussianMixture(16, tol=0.0, max_iter=2, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    before = model.fit(X).result_
try:
    model.set_params(callback=callback, max_iter=10**9, progress=True, verbose=1).fit(X)
except KeyboardInterrupt as error:
    delay = time.perf_counter() - sent[0]
    kind, result = type(error).__name__, error.result
answer = {"delay": delay, "kind": kind, "status": result.status, "n_iter": result.n_iter}
answer["estimator_is_as_before"] = model.result_ is before
answer["usable"] = bool(np.isfinite(model.score(X[:100])))
model.set_params(callback=None, max_iter=2, progress=False, verbose=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    answer["fits_again"] = model.fit(X).result_.mixture == before.mixture
print(json.dumps(answer))
"""
)

SIGALRM_PROGRAM = (
    PREAMBLE
    + """
class OutOfTime(Exception):
    pass

def handler(number, frame):
    raise OutOfTime("the handler's own")

signal.signal(signal.SIGALRM, handler)
send_later(signal.SIGALRM, 1.0)
try:
    endless_fit()
except OutOfTime as error:
    answer = {"delay": time.perf_counter() - sent[0], "message": str(error)}
answer["usable"] = gx.fit(X[:5000], 1).converged
print(json.dumps(answer))
"""
)

HANDLED_PROGRAM = (
    PREAMBLE
    + """
calls = []
signal.signal(signal.SIGALRM, lambda number, frame: calls.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    disturbed = gx.fit(X, 16, tol=0.0, max_iter=10, random_state=0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    quiet = gx.fit(X, 16, tol=0.0, max_iter=10, random_state=0)
print(json.dumps({"calls": len(calls), "same": disturbed.mixture == quiet.mixture}))
"""
)


def answer_of(program: str, *arguments: str) -> dict[str, Any]:
    """What the program printed; subprocess.run kills it, by its own id, when it takes too long."""
    process = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@posix_only
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_ctrl_c_stops_em(covariance_type: str) -> None:
    options = json.dumps({"covariance_type": covariance_type, "init_params": "random_from_data"})
    answer = answer_of(SIGINT_PROGRAM, options, "2.0")
    assert answer["delay"] < MOST_DELAY
    assert answer["kind"] == "FitInterrupted"
    assert answer["has_result"]
    assert answer["status"] == "interrupted"
    assert answer["n_iter"] > 0
    assert answer["trace_is_monotone"]
    assert answer["relative_error"] < 1e-10
    assert answer["usable"]
    assert answer["next_sigint"] == "KeyboardInterrupt"


@posix_only
def test_ctrl_c_while_the_callback_runs() -> None:
    pytest.importorskip("tqdm")
    answer = answer_of(CALLBACK_PROGRAM)
    assert answer["delay"] < MOST_DELAY
    assert (answer["kind"], answer["status"], answer["n_iter"]) == (
        "FitInterrupted",
        "interrupted",
        2,
    )
    assert answer["estimator_is_as_before"]
    assert answer["usable"]
    assert answer["fits_again"]


@pytest.mark.parametrize("passes", [1, 2, 5])
@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("start", [0, 3])
def test_an_interrupt_at_any_pass_keeps_the_best_so_far(
    passes: int, accelerate: bool, start: int
) -> None:
    X = clusters(5, 500, 2, 3, 1.0)
    options: dict[str, Any] = {"tol": 1e-6, "accelerate": accelerate, "random_state": 0}

    def callback(state: gx.FitState) -> None:
        if (state.start, state.n_iter) >= (start, passes) and state.start == start:
            raise KeyboardInterrupt

    with pytest.raises(gx.FitInterrupted, match=f"start {start + 1} after") as caught:
        gx.fit(X, 3, n_init=5, race=False, callback=callback, **options)
    result = caught.value.result
    assert result is not None
    assert len(result.starts) == start + 1
    assert result.starts[-1].status == "interrupted"
    assert result.starts[-1].log_likelihood == result.starts[-1].trace[-1]
    assert result.log_likelihood == max(one.log_likelihood for one in result.starts)
    total = result.mixture.log_density(X).sum()
    assert result.log_likelihood == pytest.approx(total, rel=1e-12)
    assert any("from the keyboard" in reason for reason in result.reasons)
    assert gx.fit(X, 3, start=result, **options).log_likelihood >= result.log_likelihood


@posix_only
@pytest.mark.parametrize("seconds", ["0.02", "0.1"])
def test_ctrl_c_stops_the_initialisation(seconds: str) -> None:
    """Early enough to meet the start of the work: there need not be a result yet, and before the
    engine has begun Ctrl-C is Python's own KeyboardInterrupt."""
    options = json.dumps({"init_params": "kmeans", "n_init": 50})
    answer = answer_of(SIGINT_PROGRAM, options, seconds)
    assert answer["delay"] < MOST_DELAY
    assert answer["usable"]
    assert answer["next_sigint"] == "KeyboardInterrupt"


@posix_only
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_stops_many_fits(n_threads: int) -> None:
    """The largest set goes first: one thread reaches no other; of two, one is soon done with all
    the others and waits, and it may be the one that Python's signals come to."""
    answer = answer_of(MANY_PROGRAM, str(n_threads))
    assert answer["delay"] < MOST_DELAY
    assert answer["last"] == "not run"
    assert (answer["done"] > 0) == (n_threads > 1)
    assert answer["same"]


@posix_only
def test_another_handlers_exception_propagates_as_itself() -> None:
    answer = answer_of(SIGALRM_PROGRAM)
    assert answer["message"] == "the handler's own"
    assert answer["delay"] < MOST_DELAY
    assert answer["usable"]


@posix_only
def test_a_handler_that_returns_changes_nothing() -> None:
    answer = answer_of(HANDLED_PROGRAM)
    assert answer["calls"] > 0
    assert answer["same"]


def fit_of(seed: int) -> tuple[bytes, ...]:
    """A fit by several threads, and several fits by a thread each."""
    X = clusters(seed, 20_000, 4, 3)
    many = gx.fit_many(np.split(X, 4), 2, random_state=seed, max_iter=10, n_threads=2)
    alone = gx.fit(X, 3, random_state=seed, max_iter=10, n_threads=2)
    return tuple(part for result in (alone, *many) for part in image(result))


def fit_in_child(connection: Connection, seed: int) -> None:
    connection.send(fit_of(seed))
    connection.close()


@posix_only
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_fork_after_use() -> None:
    """The children neither hang nor differ, and the parent works on."""
    expected = [fit_of(seed) for seed in range(2)]
    context = multiprocessing.get_context("fork")
    children = []
    for seed in range(2):
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=fit_in_child, args=(theirs, seed))
        child.start()
        theirs.close()
        children.append((child, ours))
    try:
        for (child, ours), answer in zip(children, expected, strict=True):
            assert ours.poll(30), f"child {child.pid} hangs after fork"
            assert ours.recv() == answer
            child.join(30)
            assert child.exitcode == 0
    finally:
        for child, ours in children:
            if child.is_alive() and child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
            child.join()
            ours.close()
    assert fit_of(0) == expected[0]


def test_many_threads_at_once() -> None:
    serial = [fit_of(seed) for seed in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(fit_of, range(8))) == serial


def test_one_mixture_serves_many_threads() -> None:
    X = clusters(1, 20_000, 4, 3)
    mixture = gx.fit(X, 3, random_state=0, max_iter=0).mixture
    expected = mixture.log_density(X)
    with ThreadPoolExecutor(max_workers=8) as pool:
        for found in pool.map(lambda _: mixture.log_density(X), range(32)):
            np.testing.assert_array_equal(found, expected)
