"""Of many rows the default start comes from short runs of EM on a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from fits import image, quiet
from strategies import clusters

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
MANY = 20_000


def likelihood_of_start(X: Any, n_components: int, **options: Any) -> float:
    return float(quiet(X, n_components, max_iter=0, **options).log_likelihood)


@each_structure
def test_the_start_is_ahead_of_any_of_centres(covariance_type: str) -> None:
    """One assignment of the rows stays below ten passes from it, and below the best of six."""
    for seed in range(6):
        X = clusters(seed, MANY, 2, 5, 1.0)
        options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": seed}
        short_run = likelihood_of_start(X, 5, **options)
        # Few rows: as they are, without a sample.
        few = quiet(X[:600], 5, max_iter=0, **options).mixture
        assert short_run > MANY * float(few.log_density(X).mean())
        assert short_run > likelihood_of_start(X, 5, init_params="k-means++", **options)


def test_default_fits_of_many_rows_end_higher_than_those_from_one_assignment() -> None:
    gains = []
    for seed in range(20):
        X = clusters(100 + seed, MANY, 2, 8, 1.5)
        ours = gx.fit(X, 8, random_state=seed, max_iter=10_000)
        other = gx.fit(X, 8, random_state=seed, max_iter=10_000, init_params="k-means++")
        gains.append((ours.log_likelihood - other.log_likelihood) / MANY)
    assert np.mean(gains) > 0
    assert sum(gain > 5e-3 for gain in gains) > sum(gain < -5e-3 for gain in gains)


@each_structure
def test_the_same_bits_for_any_number_of_threads(covariance_type: str) -> None:
    X = clusters(1, MANY, 3, 4, 1.0)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    one, three = (quiet(X, 4, max_iter=3, n_threads=n, **options) for n in (1, 3))
    assert image(one) == image(three)


def test_nobody_hears_of_the_short_runs() -> None:
    """Neither callbacks nor counts of passes."""
    heard: list[int] = []

    def listen(state: gx.FitState) -> bool:
        heard.append(state.n_iter)
        return True

    result = gx.fit(clusters(2, MANY, 2, 3), 3, random_state=0, callback=listen)
    assert heard == list(range(1, result.n_iter + 1))
    assert not result.events


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_what_is_wrong_with_the_data_is_told(covariance_type: str) -> None:
    """A constant column: the start itself had to be repaired, or may not be."""
    X = clusters(2, MANY, 2, 2)
    X[:, 1] = 7.25
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    start = quiet(X, 2, max_iter=0, **options)
    assert {event.iteration for event in start.events} == {0}
    with pytest.raises(gx.DegenerateError):
        gx.fit(X, 2, on_degenerate="raise", **options)


def test_a_time_that_is_up_ends_them() -> None:
    """The first run then makes the one pass that every fit makes, and is the start."""
    X = clusters(5, MANY, 2, 5, 1.0)
    hurried = likelihood_of_start(X, 5, random_state=0, max_seconds=1e-9)
    assert hurried < likelihood_of_start(X, 5, random_state=0)


def test_the_first_of_many_starts_is_that_of_one() -> None:
    X = clusters(3, MANY, 2, 4, 1.0)
    one = quiet(X, 4, random_state=0, max_iter=20)
    many = quiet(X, 4, random_state=0, max_iter=20, n_init=3)
    np.testing.assert_array_equal(many.starts[0].trace, one.trace)


def test_weights_count_rows() -> None:
    """A part of the rows that weighs nothing has no say, however it would have been assigned."""
    X = clusters(4, 30_000, 2, 4, 1.0)  # enough of them without those
    present = np.random.default_rng(0).random(len(X)) < 0.9
    X[~present] = 1e6
    assert likelihood_of_start(X[present], 4, random_state=0) > likelihood_of_start(
        X[present], 4, random_state=0, init_params="k-means++"
    )
    weighted = quiet(X, 4, sample_weight=present.astype(float), random_state=0, max_iter=0)
    alone = quiet(X[present], 4, random_state=0, max_iter=0)
    np.testing.assert_allclose(weighted.mixture.means, alone.mixture.means, rtol=1e-9, atol=1e-11)
    assert weighted.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-12)


@each_structure
def test_a_prior_has_no_part_in_them(covariance_type: str) -> None:
    """It counts in rows of the data, and would be twenty times as strong among a twentieth."""
    X = clusters(6, MANY, 2, 3, 1.0)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0, "max_iter": 0}
    prior = gx.Prior(shrinkage=50.0, mean=np.zeros(2), dof=2000.0, scale=2000.0 * np.eye(2))
    assert quiet(X, 3, prior=prior, **options).mixture == quiet(X, 3, **options).mixture
