"""The likelihood climbs in every structure where components are nearly singular, too."""

from __future__ import annotations

import numpy as np
import pytest

from fits import quiet
from gaussmix.result import StartOutcome
from structures import NEW

# Few rows of whole numbers, many in one plane.
X = np.array(
    [
        [0, -1, -4, -3, -2, -3, -1, 1, 1, 0, 1, 1, -2, -1, -4, 2, 0, -1, -2, -2, -2, 0],
        [1, 1, -1, 0, 1, 0, 1, 2, 2, 2, 1, 2, 1, 1, -1, 3, 1, 1, 0, 0, 0, 0],
        [-3, -1, -1, -1, 0, 0, -1, 0, 0, -2, -1, -2, 0, -3, 1, -1, -1, -1, -1, -1, 0, -2],
    ],
    dtype=float,
).T
WEIGHTS = np.array([1, 3, 1, 1, 3, 3, 1, 1, 2, 3, 2, 3, 2, 2, 1, 3, 0, 2, 2, 3, 2, 1.0])
ROUNDING = 1e-6  # nats, where eigenvalues are 1e-8 of others


def falls(start: StartOutcome) -> list[int]:
    """Passes whose likelihood is below that of the pass before."""
    return (1 + np.flatnonzero(np.diff(start.trace) < -ROUNDING)).tolist()


@pytest.mark.parametrize("code", NEW)
@pytest.mark.parametrize("K", [3, 5, 6])
def test_the_likelihood_falls_at_no_pass(code: str, K: int) -> None:
    for seed in range(6):
        fit = quiet(
            X, K, covariance_type=code, sample_weight=WEIGHTS, max_iter=60, random_state=seed
        )
        assert falls(fit.starts[0]) == [], (seed, fit.trace)


@pytest.mark.parametrize("code", NEW)
@pytest.mark.parametrize("K", [5, 6])
def test_after_a_component_is_seeded_anew_it_climbs_again(code: str, K: int) -> None:
    """What it is seeded with is of the structure; else the next M-step would have to lose."""
    for seed in range(6):
        fit = quiet(
            X, K, covariance_type=code, sample_weight=WEIGHTS, max_iter=60, random_state=seed,
            on_degenerate="restart",
        )  # fmt: skip
        start = fit.starts[0]
        # Rejected passes are counted in an event's iteration and have no place in the trace.
        seeded = {
            fall
            for event in start.events
            if event.action == "restarted"
            for fall in range(event.iteration - start.rejected, event.iteration + 1)
        }
        assert set(falls(start)) <= seeded, (seed, fit.trace, start.events)
