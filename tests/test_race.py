"""Many starts: the first is always finished, those that fall behind are given up and say so."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from fits import image, quiet
from gaussmix import _core
from signals import interrupt_in_the_pass_after
from strategies import clusters

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
DATA = [clusters(seed, 600, 3, 8, 2.5) for seed in range(4)]  # local optima in plenty
K = 8


def fit(X: Any, n_init: int, **options: Any) -> gx.FitResult:
    return quiet(X, K, n_init=n_init, **{"random_state": 1} | options)


@each_structure
def test_the_first_start_is_the_single_fit_and_the_result_is_no_worse(covariance_type: str) -> None:
    for X in DATA:
        one = fit(X, 1, covariance_type=covariance_type)
        ten = fit(X, 10, covariance_type=covariance_type)
        assert ten.starts[0] == one.starts[0]
        assert ten.log_likelihood >= one.log_likelihood


def test_starts_that_fall_behind_are_given_up_and_say_so() -> None:
    result = fit(DATA[0], 10)
    given_up = [start for start in result.starts if start.status == "raced_out"]
    assert len(result.starts) == 10
    assert len(given_up) >= 5  # of nine, five after three passes
    assert [start.n_iter for start in given_up].count(3) == 5
    for start in given_up:
        assert start.n_iter == len(start.trace) + start.rejected
        assert start.log_likelihood == start.trace[-1]
        assert f"given up after {start.n_iter} passes" in start.message
        assert "given up after" in repr(start)
        assert start.log_likelihood <= result.log_likelihood
    assert result.starts[result.best_start].status == "converged"
    assert f"{len(given_up)} given up" in result.summary()
    finished = 10 - len(given_up)
    assert not any("starts disagree" in r and f"of {finished}" not in r for r in result.reasons)


def test_without_the_race_every_start_is_finished() -> None:
    X = DATA[1]
    every = fit(X, 6, race=False)
    assert [start.status for start in every.starts] == ["converged"] * 6
    raced = fit(X, 6)
    assert raced.log_likelihood <= every.log_likelihood + 1
    assert sum(s.n_iter for s in raced.starts) < sum(s.n_iter for s in every.starts)
    for fast, slow in zip(raced.starts, every.starts, strict=True):
        np.testing.assert_array_equal(fast.trace[:3], slow.trace[:3])


def test_four_fifths_of_the_gain_at_the_price_of_three_fits() -> None:
    kept, passes, passes_of_all = [], [], []
    for number in range(16):
        X = clusters(number, 1000, 2, K, 2.0)
        one, ten, every = (
            fit(X, n_init, race=race, random_state=number)
            for n_init, race in ((1, True), (10, True), (10, False))
        )
        gain = every.log_likelihood - one.log_likelihood
        if gain > 1:
            kept.append((ten.log_likelihood - one.log_likelihood) / gain)
        passes.append(sum(s.n_iter for s in ten.starts) / one.n_iter)
        passes_of_all.append(sum(s.n_iter for s in every.starts) / one.n_iter)
    assert len(kept) >= 8
    assert np.median(kept) >= 0.8
    assert np.median(passes) <= 3 < np.median(passes_of_all)


def test_two_starts_and_few_passes_leave_nothing_to_race() -> None:
    assert {start.status for start in fit(DATA[2], 2).starts} == {"converged"}
    for max_iter in (0, 1, 3):
        starts = fit(DATA[2], 5, max_iter=max_iter).starts
        assert [(s.status, s.n_iter) for s in starts] == [("max_iter", max_iter)] * 5


@pytest.mark.parametrize("options", [{"tol": 1e-4}, {"reg_covar": 1e-6}, {"accelerate": True}])
def test_threads_do_not_matter(options: dict[str, Any]) -> None:
    X = clusters(5, 20_000, 3, K, 2.0)
    results = [fit(X, 5, n_threads=threads, max_iter=20, **options) for threads in (1, 2, 3)]
    assert image(results[0]) == image(results[1]) == image(results[2])


def test_verbose_tells_how_each_start_ended(capsys: pytest.CaptureFixture[str]) -> None:
    fit(DATA[0], 10, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert sum("given up after 3 passes" in line for line in lines) == 5


def engine(on_iteration: Any) -> dict[str, Any]:
    absent = ("weights", "means", "covariances", "precisions_cholesky", "responsibilities")
    return _core.fit(
        DATA[0], None, n_components=K, covariance_type="full", tol=None, reg_covar=None,
        max_iter=1000, max_seconds=None, n_init=10, race=True, init_params="kmeans", seed=1,
        accelerate="auto", on_degenerate="repair", max_eigenvalue_ratio=None, one_unit=False,
        gain_left=0.1, prior=None, n_threads=1, history=None, on_iteration=on_iteration,
        **dict.fromkeys([f"{name}_init" for name in absent]),
    )  # fmt: skip


@pytest.mark.parametrize("ending", ["stopped", "interrupted"])
@pytest.mark.parametrize("passes", [1, 2, 3, 4, 5])
def test_a_race_that_is_ended_from_outside(ending: str, passes: int) -> None:
    def end(start: int, iteration: int, log_likelihood: float) -> bool:
        if start == 0 or iteration < passes:
            return True
        if ending == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        return False

    outcome = engine(end)
    statuses = [start["status"] for start in outcome["starts"]]
    assert statuses[0] == "converged"
    assert ending in statuses
    assert set(statuses) <= {"converged", "raced_out", ending}
    mixture = gx.Mixture(outcome["weights"], outcome["means"], outcome["covariances"])
    assert mixture.log_density(DATA[0]).sum() == pytest.approx(outcome["log_likelihood"], rel=1e-9)
    assert outcome["log_likelihood"] >= outcome["starts"][0]["log_likelihood"]


def test_a_start_that_is_interrupted_as_it_goes_on_is_not_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody knows the likelihood of where it was laid down, however far ahead that is."""
    options: dict[str, Any] = {"max_iter": 4, "random_state": 3}
    whole = fit(DATA[0], 3, **options)
    assert [start.n_iter for start in whole.starts] == [4, 3, 4]
    assert whole.starts[2].trace[2] > whole.starts[0].log_likelihood
    interrupt_in_the_pass_after(monkeypatch, start=2, iteration=3)
    with pytest.raises(gx.FitInterrupted, match="start 3 after 3 passes") as caught:
        fit(DATA[0], 3, **options)
    result = caught.value.result
    assert result is not None
    assert (result.best_start, result.starts[2].status) == (0, "interrupted")
    total = float(result.mixture.log_density(DATA[0]).sum())
    assert result.log_likelihood == pytest.approx(total, rel=1e-12)
