"""The callback of a fit: what it is told, how it stops a fit, and what its errors do."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import image, quiet
from strategies import clusters

X = clusters(3, 400, 2, 3, 1.0)


class Notes:
    """A callback that writes down what it is told, and says True when it has heard enough."""

    def __init__(self, calls: int | None = None) -> None:
        self.states: list[gx.FitState] = []
        self.calls = calls

    def __call__(self, state: gx.FitState) -> bool:
        self.states.append(state)
        return len(self.states) == self.calls


def test_it_is_told_of_every_pass() -> None:
    notes = Notes()
    result = gx.fit(X, 3, random_state=0, accelerate=False, callback=notes)
    assert result.converged
    assert [state.n_iter for state in notes.states] == list(range(1, result.n_iter + 1))
    assert {state.start for state in notes.states} == {0}
    told = [state.log_likelihood for state in notes.states]
    assert told == result.trace.tolist()
    gains = [state.gain for state in notes.states]
    assert math.isnan(gains[0])
    assert gains[1:] == np.diff(result.trace).tolist()
    seconds = [state.seconds for state in notes.states]
    assert seconds == sorted(seconds)
    assert 0 < seconds[0] < seconds[-1] < 60


def test_rejected_extrapolations_are_counted_and_not_told() -> None:
    for seed in range(20):
        notes = Notes()
        result = gx.fit(
            clusters(seed, 300, 2, 3, 0.7), 4, random_state=0, accelerate=True, callback=notes
        )
        assert [state.log_likelihood for state in notes.states] == result.trace.tolist()
        assert notes.states[-1].n_iter == result.n_iter
        if result.starts[0].rejected:
            break
    else:
        pytest.fail("no fit rejected a step: the test shows nothing")
    assert len(notes.states) == result.n_iter - result.starts[0].rejected


def test_a_callback_changes_nothing() -> None:
    for options in ({}, {"n_init": 4}, {"tol": 1e-4}, {"accelerate": True}):
        with_one = gx.fit(X, 3, random_state=0, callback=lambda state: None, **options)  # type: ignore[arg-type]
        assert image(with_one) == image(gx.fit(X, 3, random_state=0, **options))  # type: ignore[arg-type]


def test_gains_are_within_a_start_though_starts_take_turns() -> None:
    notes = Notes()
    result = gx.fit(X, 3, random_state=0, n_init=6, accelerate=False, callback=notes)
    turns = [state.start for state in notes.states]
    assert turns != sorted(turns)
    for number, start in enumerate(result.starts):
        own = [state for state in notes.states if state.start == number]
        assert [state.n_iter for state in own] == list(range(1, start.n_iter + 1))
        assert [state.log_likelihood for state in own] == start.trace.tolist()
        assert math.isnan(own[0].gain)
        assert [state.gain for state in own[1:]] == np.diff(start.trace).tolist()


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("calls", [1, 2, 3, 4, 7])
def test_true_stops_the_fit_and_keeps_the_mixture(calls: int, accelerate: bool) -> None:
    notes = Notes(calls)
    result = gx.fit(X, 3, tol=0.0, random_state=0, accelerate=accelerate, callback=notes)
    assert result.status == "stopped"
    assert not result.converged
    assert len(result.trace) == calls == len(notes.states)
    assert "stopped by the callback" in result.reasons[0]
    assert result.log_likelihood >= result.trace[-1]
    total = result.mixture.log_density(X).sum()
    assert result.log_likelihood == pytest.approx(total, rel=1e-12)
    assert result.starts[0].mixture is result.mixture


@pytest.mark.parametrize("answer", [True, np.True_])
def test_kinds_of_yes(answer: Any) -> None:
    result = gx.fit(X, 3, tol=0.0, random_state=0, callback=lambda state: answer)
    assert (result.status, result.n_iter) == ("stopped", 1)


@pytest.mark.parametrize("answer", [None, False, np.False_])
def test_kinds_of_no(answer: Any) -> None:
    assert gx.fit(X, 3, random_state=0, callback=lambda state: answer).converged


@pytest.mark.parametrize("answer", [1, 0, "stop", 1.5, [], np.ones(2)])
def test_other_answers_are_an_error(answer: Any) -> None:
    with pytest.raises(TypeError, match="callback must return True to stop"):
        gx.fit(X, 3, random_state=0, callback=lambda state: answer)


def test_it_stops_the_whole_fit_though_a_start_has_just_converged() -> None:
    alone = gx.fit(X, 3, random_state=0)
    last = len(alone.trace)
    for n_init in (2, 5):
        result = gx.fit(X, 3, random_state=0, n_init=n_init, callback=Notes(last))
        assert [start.status for start in result.starts] == ["converged"]
        assert result.mixture == alone.mixture


def test_starts_in_the_race_share_the_fate_of_the_one_that_runs() -> None:
    alone = gx.fit(X, 3, random_state=0)
    result = gx.fit(X, 3, random_state=0, n_init=6, callback=Notes(len(alone.trace) + 4))
    assert [start.status for start in result.starts] == ["converged", *["stopped"] * 5]
    assert result.log_likelihood >= alone.log_likelihood
    (reason,) = result.reasons
    assert "stopped by the callback when 5 of the 6 starts" in reason
    assert [start.mixture is None for start in result.starts] == [
        place != result.best_start and not start.finished
        for place, start in enumerate(result.starts)
    ]


def test_the_best_so_far_may_be_in_the_race_still() -> None:
    """Ended while others run, a fit returns the likeliest mixture that it has, done or not."""
    ahead = 0
    for seed in range(10):
        rows = clusters(seed, 600, 3, 8, 2.5)
        alone = gx.fit(rows, 8, random_state=1)
        # Nine starts have made three passes, four of them six, and one of two twelve.
        notes = Notes(len(alone.trace) + 9 * 3 + 4 * 3 + 7)
        result = gx.fit(rows, 8, random_state=1, n_init=10, callback=notes)
        reached = max(state.log_likelihood for state in notes.states)
        assert result.log_likelihood >= max(reached, alone.log_likelihood)
        total = result.mixture.log_density(rows).sum()
        assert result.log_likelihood == pytest.approx(total, rel=1e-12)
        last = notes.states[-1].start
        ahead += result.best_start not in (0, last)
        assert result.starts[result.best_start].status == (
            "stopped" if result.best_start else "converged"
        )
    assert ahead > 0


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError("mine"), gx.GaussmixError("mine")])
@pytest.mark.parametrize("n_init", [1, 4])
def test_its_exceptions_leave_as_themselves(error: Exception, n_init: int) -> None:
    def callback(state: gx.FitState) -> None:
        if state.n_iter == 2:
            raise error

    with pytest.raises(type(error), match="mine") as caught:
        gx.fit(X, 3, random_state=0, n_init=n_init, callback=callback)
    assert caught.value is error
    assert gx.fit(X, 3, random_state=0).converged


def test_an_exception_leaves_the_estimator_as_it_was() -> None:
    def callback(state: gx.FitState) -> None:
        if state.n_iter == 2:
            raise RuntimeError("mine")

    model = gx.GaussianMixture(3, random_state=0).fit(X)
    before = model.result_
    with pytest.raises(RuntimeError, match="mine"):
        model.set_params(callback=callback).fit(X)
    assert model.result_ is before
    assert model.set_params(callback=None).fit(X).result_.mixture == before.mixture


def test_the_estimator_passes_it_on() -> None:
    model = gx.GaussianMixture(3, tol=0.0, random_state=0, callback=Notes(4)).fit(X)
    assert (model.result_.status, model.n_iter_, model.converged_) == ("stopped", 4, False)


def test_it_may_fit_itself() -> None:
    found = []

    def callback(state: gx.FitState) -> None:
        if state.n_iter == 1:
            found.append(gx.fit(X, 2, random_state=1))

    outer = gx.fit(X, 3, random_state=0, callback=callback)
    assert image(outer) == image(gx.fit(X, 3, random_state=0))
    assert image(found[0]) == image(gx.fit(X, 2, random_state=1))


def test_without_a_pass_there_is_no_call() -> None:
    notes = Notes()
    quiet(X, 3, max_iter=0, callback=notes)
    assert notes.states == []


def test_verbose_and_a_callback_together(capsys: pytest.CaptureFixture[str]) -> None:
    notes = Notes(5)
    gx.fit(X, 3, tol=0.0, random_state=0, verbose=1, verbose_interval=2, callback=notes)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "start 1, pass 2",
        "start 1, pass 4",
        "start 1",
    ]
    assert "stopped after 5 passes" in lines[-1]
    assert len(notes.states) == 5


def test_a_state_is_a_frozen_record() -> None:
    state = gx.FitState(start=0, n_iter=1, log_likelihood=-3.0, gain=math.nan, seconds=0.5)
    assert pickle.loads(pickle.dumps(state)) == state
    assert dataclasses.replace(state, n_iter=2) != state
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.n_iter = 3  # type: ignore[misc]
