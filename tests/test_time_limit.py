"""max_seconds: fits end in time, say so, and lose nothing."""

from __future__ import annotations

import signal
import time
import warnings
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import image, quiet
from signals import interrupt_in_the_pass_after
from strategies import clusters

X = clusters(3, 400, 2, 3, 1.0)
NO_TIME = 1e-9  # over before the first pass is


def slowly(seconds: float) -> Any:
    """A callback that makes every pass take at least this long."""
    return lambda state: time.sleep(seconds)


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_pass_is_made_however_short_the_time(accelerate: bool, dtype: type) -> None:
    rows = np.tile(X, (20, 1)).astype(dtype)
    options: dict[str, Any] = {"random_state": 0, "accelerate": accelerate}
    cut = quiet(rows, 3, max_seconds=NO_TIME, **options)
    one = quiet(rows, 3, max_iter=1, **options)
    assert (cut.status, cut.n_iter, cut.converged) == ("max_seconds", 1, False)
    assert image(cut) == image(one)


def test_time_that_runs_out_before_a_pass_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pass is undone, to be made again in double precision: it is made all the same.

    The gain of the second is small beside such a tolerance, and that is when precision changes.
    """
    rows = clusters(0, 5000, 2, 3, 1.0).astype(np.float32)
    options: dict[str, Any] = {"random_state": 0, "tol": 1.0}
    one = quiet(rows, 3, max_iter=1, **options)
    assert gx.fit(rows, 3, **options).trace[0] != one.trace[0], "the first pass was not repeated"
    interrupt_in_the_pass_after(monkeypatch, start=0, iteration=1)
    before = signal.signal(signal.SIGINT, lambda *_: time.sleep(0.3))
    try:
        cut = quiet(rows, 3, max_seconds=0.3, **options)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (cut.status, cut.n_iter, len(cut.trace)) == ("max_seconds", 1, 1)
    assert cut.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-6)


def test_a_fit_without_end_ends_in_time() -> None:
    begin = time.perf_counter()
    result = quiet(X, 3, tol=0.0, max_iter=10**9, accelerate=False, random_state=0, max_seconds=0.3)
    assert 0.3 <= time.perf_counter() - begin < 1.5
    assert result.status == "max_seconds"
    assert result.n_iter > 10
    total = result.mixture.log_density(X).sum()
    assert result.log_likelihood == pytest.approx(total, rel=1e-12)


def test_it_is_told_with_a_remedy() -> None:
    with pytest.warns(gx.ConvergenceWarning, match=r"max_seconds .* after 1 pass.* Raise") as told:
        result = gx.fit(X, 3, random_state=0, max_seconds=NO_TIME)
    assert [warning.filename for warning in told] == [__file__]
    assert "fit(..., start=result)" in result.reasons[0]
    assert "out of time after 1 pass" in result.summary()
    assert "out of time" in repr(result.starts[0])


@pytest.mark.parametrize("limit", [1e3, 10**400, float("inf"), 1e300, None, np.float32(100)])
def test_time_enough_changes_nothing(limit: Any) -> None:
    for n_init in (1, 2, 5):
        timed = gx.fit(X, 3, random_state=0, n_init=n_init, max_seconds=limit)
        assert image(timed) == image(gx.fit(X, 3, random_state=0, n_init=n_init))


@pytest.mark.parametrize("race", [False, True])
def test_starts_for_which_there_is_no_time_are_absent(race: bool) -> None:
    result = quiet(X, 3, random_state=0, n_init=5, race=race, max_seconds=NO_TIME)
    assert [start.status for start in result.starts] == ["max_seconds"]


@pytest.mark.parametrize(("race", "n_init"), [(True, 2), (False, 40), (True, 40)])
def test_the_limit_is_for_all_starts_together(race: bool, n_init: int) -> None:
    """The first start is done in time, and a later one is cut short."""
    alone = gx.fit(X, 3, random_state=0, tol=1e-3)

    def callback(state: gx.FitState) -> None:
        if state.start > 0:
            time.sleep(0.2)

    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the best start may have converged
        result = gx.fit(
            X, 3, random_state=0, tol=1e-3, n_init=n_init, race=race, max_seconds=0.5,
            callback=callback,
        )  # fmt: skip
    assert time.perf_counter() - begin < 2
    assert result.starts[0].status == "converged"
    assert result.starts[0].mixture == alone.mixture
    assert result.log_likelihood >= alone.log_likelihood
    assert "max_seconds" in {start.status for start in result.starts}
    assert len(result.starts) == (n_init if race else len(result.starts)) > 1
    assert any("stopped by max_seconds" in reason for reason in result.reasons)


def test_it_counts_what_the_initialisation_takes() -> None:
    rows = np.random.default_rng(0).standard_normal((100_000, 8))
    begin = time.perf_counter()
    result = quiet(rows, 16, n_init=1000, race=False, tol=1.0, random_state=0, max_seconds=0.5)
    assert time.perf_counter() - begin < 2.5
    assert len(result.starts) < 1000


def test_passes_come_first_when_both_run_out() -> None:
    result = quiet(X, 3, random_state=0, max_iter=1, max_seconds=NO_TIME)
    assert result.status == "max_iter"
    assert gx.fit(X, 3, random_state=0, max_iter=0, max_seconds=NO_TIME).n_iter == 0


def test_the_estimator_passes_it_on() -> None:
    with pytest.warns(gx.ConvergenceWarning, match="max_seconds"):
        model = gx.GaussianMixture(3, random_state=0, max_seconds=NO_TIME).fit(X)
    assert (model.result_.status, model.n_iter_) == ("max_seconds", 1)


def test_many_fits_have_the_time_each() -> None:
    sets = [X[:100], X[100:200], X[200:]]
    with pytest.warns(gx.ConvergenceWarning, match=r"3 of 3 fits .* max_seconds .*of 0\.") as told:
        results = gx.fit_many(sets, 3, random_state=0, max_seconds=NO_TIME)
    assert len(told) == 1
    assert results.statuses == ("max_seconds",) * 3
    for i, one in enumerate(sets):
        alone = quiet(one, 3, random_state=i, max_seconds=NO_TIME)
        assert image(results[i]) == image(alone)
        assert results[i].starts == alone.starts
    # One set after the other: together they take longer than any may.
    endless: dict[str, Any] = {"tol": 0.0, "max_iter": 10**9, "accelerate": False}
    begin = time.perf_counter()
    with pytest.warns(gx.ConvergenceWarning, match="3 of 3"):
        results = gx.fit_many(sets, 3, random_state=0, max_seconds=0.2, n_threads=1, **endless)
    assert 0.6 <= time.perf_counter() - begin < 3
    assert min(results.n_iter) > 10


def test_many_fits_are_short_of_passes_or_of_time() -> None:
    with pytest.warns(gx.ConvergenceWarning, match=r"2 of 2 fits used up the 2 passes"):
        gx.fit_many([X[:100], X[100:]], 3, tol=0.0, max_iter=2, max_seconds=100.0)
