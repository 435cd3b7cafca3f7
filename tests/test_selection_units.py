"""The number of components is chosen alike in other units of the columns.

Powers of two change exponents and nothing else: every likelihood is that in the old units, less
the logarithm of how the volume grew.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from strategies import clusters
from structures import BY_COLUMN, CODES

Float64 = NDArray[np.float64]

# Fits of a search stop where a hundredth of a nat is left. Most cells agree to 1e-10, but long fits
# multiply the rounding of their sums.
OF_STOP = 0.02
POWERS = np.array([1, 7, -4, 3, -9])
COMMON = [code for code in CODES if code not in BY_COLUMN]


def t_distributed() -> Float64:
    return np.random.default_rng(0).standard_t(3, size=(120, 3))


def overlapping() -> Float64:
    rng = np.random.default_rng(0)
    return clusters(5, 200, 5, 3) @ rng.normal(size=(5, 5))


@pytest.fixture(params=["iris", "faithful", "t", "overlapping"])
def X(request: pytest.FixtureRequest) -> Float64:  # noqa: N802
    of_name = {"t": t_distributed, "overlapping": overlapping}
    if request.param in of_name:
        return of_name[request.param]()
    found: Float64 = request.getfixturevalue(request.param)
    return found


def powers_of_two(X: Float64) -> tuple[Float64, float]:
    """Another unit for each column, and what the log-likelihoods lose by them."""
    powers = POWERS[: X.shape[1]]
    return 2.0**powers, len(X) * float(powers.sum()) * math.log(2)


def test_every_cell_of_a_search_is_the_same_in_other_units(X: Float64) -> None:
    units, loss = powers_of_two(X)
    options: dict[str, Any] = {"covariance_types": BY_COLUMN, "random_state": 0}
    plain, other = (gx.select(rows, range(1, 6), **options) for rows in (X, X * units))
    assert not plain.failures
    assert other.spurious.keys() == plain.spurious.keys()
    assert (other.best_structure, other.best_n_components) == (
        plain.best_structure,
        plain.best_n_components,
    )
    for a, b in zip(plain.cells, other.cells, strict=True):
        assert b.log_likelihood + loss == pytest.approx(a.log_likelihood, abs=OF_STOP)


def test_structures_of_one_unit_are_searched_alike_in_another_one(X: Float64) -> None:
    loss = X.size * 10 * math.log(2)
    options: dict[str, Any] = {"covariance_types": COMMON, "random_state": 0}
    plain, other = (gx.select(rows, range(1, 6), **options) for rows in (X, X * 1024))
    for a, b in zip(plain.cells, other.cells, strict=True):
        assert b.log_likelihood + loss == pytest.approx(a.log_likelihood, abs=OF_STOP)


@pytest.mark.parametrize("covariance_type", ["VVV", "EEE", "VVI"])
def test_likelihood_ratios_are_the_same_in_other_units(covariance_type: str, X: Float64) -> None:
    """Fits to samples stop within a tenth of a nat, and a long one may do so a pass later."""
    units, _ = powers_of_two(X)
    options: dict[str, Any] = {
        "covariance_type": covariance_type,
        "n_resamples": 19,
        "max_components": 4,
        "random_state": 0,
    }
    plain, other = (gx.bootstrap_lrt(rows, **options) for rows in (X, X * units))
    assert other.p_values == plain.p_values
    for a, b in zip(plain.steps, other.steps, strict=True):
        assert b.statistic == pytest.approx(a.statistic, abs=2 * OF_STOP)
        np.testing.assert_allclose(b.replicates, a.replicates, atol=0.4)
