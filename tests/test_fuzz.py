"""Random tiny fits, whatever their data and options, held against the slow oracle.

`nox -s fuzz` looks for new ones, 16,000 at a time; here about 1,600 are the same every time.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

import gaussmix as gx
import reference as ref
from expected import Expected
from fits import quiet
from gaussmix.result import StartOutcome
from strategies import Problem, examples
from structures import COMPARING, NEW
from test_oracle import (
    assert_evaluations,
    assert_public_evaluations,
    assert_statistics,
    assert_within,
)
from tiny_fits import TinyFit, tiny_fits

FAR_APART = 1e4  # of the spreads of columns: rounding may be more than a hundredth of the floor
SECONDS = 30.0  # for one example; the slowest take a tenth of a second


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TimeoutError when the body takes longer; the engine lets signal handlers run."""
    if sys.platform == "win32":
        yield
        return

    def expired(*_: Any) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def result_of(tiny: TinyFit) -> gx.FitResult | None:
    """The fit; None where it had to be refused, and was."""

    def fit() -> gx.FitResult:
        return quiet(tiny.X, tiny.n_components, sample_weight=tiny.sample_weight, **tiny.options)

    if tiny.n_components > tiny.n_positive:
        with pytest.raises(gx.GaussmixError, match="n_components"):
            fit()
        return None
    try:
        return fit()
    except gx.DegenerateError:
        assert tiny.options["on_degenerate"] == "raise" or spread_ratio(tiny) > FAR_APART
        return None
    except gx.GaussmixError as error:
        beyond = without_end(tiny) or spread_ratio(tiny) > FAR_APART
        if "even after repair" in str(error) and beyond:
            return None
        raise


def without_end(tiny: TinyFit) -> bool:
    """Whether there is no floor, and a component of too few rows drives the others' widths up."""
    enough = tiny.n_components * (tiny.X.shape[1] + 1)
    few = len(np.unique(tiny.X, axis=0)) < enough
    options = tiny.options
    return few and options["reg_covar"] == 0.0 and options["covariance_type"] in ("EVE", "EVV")


def means_and_spreads(tiny: TinyFit) -> tuple[ref.Array, ref.Array]:
    """Of the columns that are not constant."""
    rows = ref.real(tiny.X)
    weight = ref.real(np.ones(len(rows)) if tiny.sample_weight is None else tiny.sample_weight)
    mean = weight @ rows / weight.sum()
    spread = np.sqrt(weight @ (rows - mean) ** 2 / weight.sum())
    varies = spread > 4 * np.finfo(float).eps * np.abs(mean)
    return mean[varies], spread[varies]


def spread_ratio(tiny: TinyFit) -> float:
    """Spread of the widest column by that of the narrowest, where the structure compares them."""
    _, spread = means_and_spreads(tiny)
    if tiny.options["covariance_type"] not in COMPARING or not len(spread):
        return 1.0
    spread = np.hypot(spread, np.sqrt(tiny.options["reg_covar"] or 0.0))
    return float(spread.max() / spread.min())


def lost_at_an_offset(tiny: TinyFit) -> float:
    """Of squared distances, what they lose to the last digits of rows that lie far from zero.

    Columns whose offset is more than 2^16 spreads are taken about their mean.
    """
    mean, spread = means_and_spreads(tiny)
    offset = np.min([float(2**16), np.max(np.abs(mean) / spread, initial=0.0)])
    return float(8 * tiny.X.shape[1] * np.finfo(float).eps * offset)


def assert_finite(result: gx.FitResult) -> None:
    mixture = result.mixture
    for name in ("weights", "means", "covariances", "precisions_cholesky", "log_determinants"):
        assert np.all(np.isfinite(getattr(mixture, name))), name
    assert np.all(mixture.weights >= 0)
    assert mixture.weights.sum() == pytest.approx(1, abs=1e-14)
    for value in (result.log_likelihood, result.aic, result.bic, result.icl, result.n_effective):
        assert np.isfinite(value)
    assert np.all(np.isfinite(result.trace))


def lost_to_the_last_digit(mixture: gx.Mixture | None) -> float:
    """Twice what the rounding of the means that are returned may cost a row, at an offset much."""
    if mixture is None:
        return 0.0
    shape = (mixture.covariance_type.value, mixture.precisions_cholesky)
    factors = ref.matrices(*shape, mixture.n_components, mixture.n_features)
    last_digits = np.finfo(float).eps * np.abs(mixture.means)
    moved = np.einsum("ki,kij->kj", last_digits, np.abs(np.asarray(factors, dtype=float)))
    return float(np.max(np.sum(moved**2, axis=1)))


def lost_in_scatters(tiny: TinyFit, start: StartOutcome) -> float:
    """What the rounding of scatters may cost a row where a structure's M-step heeds the bound.

    A direction at the bound has 1e-8 of the variance of the narrowest column, and a scatter knows
    no direction better than to the last digits of the widest.
    """
    code = tiny.options["covariance_type"]
    if code not in NEW or not any(event.action == "floored" for event in start.events):
        return 0.0
    digits = np.finfo(float).eps * spread_ratio(tiny) ** 2
    # Of what is more than a hundredth of the bound, a DegenerateError tells.
    return float(tiny.X.shape[1] * min(4 * digits / 1e-8, 1e-2))


def assert_climbed(tiny: TinyFit, result: gx.FitResult) -> None:
    """What a start climbs falls where a component is dropped or seeded anew, and nowhere else.

    A ridge is no part of it, so with one it may.
    """
    assert result.starts[result.best_start].objective == max(
        start.objective
        for start in result.starts
        if start.status not in ("raced_out", "degenerate")
    )
    if tiny.options["reg_covar"] is not None:
        return
    for start in result.starts:
        last = [] if start.status == "degenerate" else [start.objective]
        trace = np.append(start.trace, last)
        relative = max(1e-10, lost_at_an_offset(tiny))
        rounding = relative * np.maximum(np.abs(trace[1:]), result.total_weight)
        lost = lost_in_scatters(tiny, start)
        rounding += lost * result.total_weight + min(lost, 1e-6) * np.abs(trace[1:])
        if len(rounding):
            rounding[-1] += lost_to_the_last_digit(start.mixture) * result.total_weight
        # Rejected passes are counted in an event's iteration and have no place in the trace.
        excused = [
            range(event.iteration - start.rejected, event.iteration + 1)
            for event in start.events
            if event.action in ("dropped", "restarted")
        ]
        falls = 1 + np.flatnonzero(np.diff(trace) < -rounding)
        assert len(falls) <= len(excused), (trace, start.events)
        for fall in falls:
            assert any(fall in passes for passes in excused), (trace, start.events)


def present(mixture: gx.Mixture) -> gx.Mixture:
    """The components that have a weight: the logarithm of none is no number to compare."""
    held = mixture.weights > 0
    if held.all():
        return mixture
    own = slice(None) if mixture.covariance_type.value == "tied" else held
    return gx.Mixture(
        mixture.weights[held],
        mixture.means[held],
        mixture.covariances[own],
        covariance_type=mixture.covariance_type,
        precisions_cholesky=mixture.precisions_cholesky[own],
    )


def expected_at(mixture: gx.Mixture, tiny: TinyFit) -> Expected:
    parameters = (mixture.weights, mixture.means, mixture.covariances)
    kind = mixture.covariance_type.value
    return Expected(Problem(tiny.X, tiny.sample_weight, kind, *parameters), mixture)


def assert_matches_the_oracle(tiny: TinyFit, result: gx.FitResult) -> None:
    """Likelihood, densities, responsibilities, labels and statistics at the returned mixture."""
    mixture = present(result.mixture)
    expected = expected_at(mixture, tiny)
    rows = 1e-12 * np.abs(expected.log_density) + expected.log_density_bound
    weights = ref.real(expected.problem.row_weights())
    truth = np.sum(weights * expected.log_density)
    assert_within(result.log_likelihood, truth, weights @ rows, "log_likelihood")
    assert_evaluations(mixture, expected)
    assert_public_evaluations(mixture, expected)
    assert_statistics(gx.e_step(tiny.X, mixture, sample_weight=tiny.sample_weight), expected)
    np.testing.assert_array_equal(result.mixture.log_density(tiny.X), mixture.log_density(tiny.X))


def check(tiny: TinyFit) -> None:
    with deadline(SECONDS):
        result = result_of(tiny)
        if result is None:
            return
        assert_finite(result)
        assert_climbed(tiny, result)
        assert_matches_the_oracle(tiny, result)


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@for_all(data=st.data())
@settings(max_examples=examples(2))
def test_tiny_fits(covariance_type: str, data: st.DataObject) -> None:
    check(data.draw(tiny_fits(covariance_type)))


@pytest.mark.parametrize("covariance_type", NEW)
@for_all(data=st.data())
@settings(max_examples=examples(0.5))
def test_tiny_fits_of_other_structures(covariance_type: str, data: st.DataObject) -> None:
    check(data.draw(tiny_fits(covariance_type)))


def test_the_deadline_ends_a_fit_that_hangs() -> None:
    X = np.random.default_rng(0).normal(size=(40_000, 3))
    with pytest.raises(TimeoutError), deadline(0.2):
        quiet(X, 8, tol=0.0, max_iter=10**6, accelerate=False, random_state=0)
