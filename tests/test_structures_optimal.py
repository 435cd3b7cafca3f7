"""The M-step of every structure: in the structure, and the best there is in it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from structures import (
    CODES,
    Parts,
    assert_in_structure,
    contains,
    expected_log_likelihood,
    matrices,
    random_scatter,
    statistics,
)

Float64 = NDArray[np.float64]

# Components, columns, spread of the logs of eigenvalues, and of those of the weights.
CASES = [
    (1, 1, 0.5, 0.0),
    (3, 1, 0.5, 1.0),
    (1, 4, 0.5, 0.0),
    (2, 2, 0.3, 0.5),
    (3, 3, 1.0, 0.5),
    (5, 4, 0.5, 4.0),
    (4, 6, 0.7, 2.0),
]
each_structure = pytest.mark.parametrize("code", CODES)
each_case = pytest.mark.parametrize("case", range(len(CASES)))


def problem(case: int) -> tuple[Float64, Float64, Float64]:
    """Weights, means and scatters."""
    K, D, spread, of_weights = CASES[case]
    rng = np.random.default_rng(case)
    weight = 50 * np.exp(of_weights * rng.standard_normal(K))
    return (
        weight,
        rng.standard_normal((K, D)),
        random_scatter(rng, K, D, spread) * weight[:, None, None],
    )


def solved(code: str, case: int) -> Float64:
    return matrices(gx.m_step(statistics(code, *problem(case)), covariance_type=code))


@each_structure
@each_case
def test_it_is_in_the_structure(code: str, case: int) -> None:
    weight, mean, scatter = problem(case)
    mixture = gx.m_step(statistics(code, weight, mean, scatter), covariance_type=code)
    np.testing.assert_array_equal(mixture.means, mean)
    np.testing.assert_allclose(mixture.weights, weight / weight.sum(), rtol=1e-15)
    assert_in_structure(code, matrices(mixture))


@each_structure
@each_case
def test_no_step_within_the_structure_is_an_improvement(code: str, case: int) -> None:
    weight, _, scatter = problem(case)
    covariances = solved(code, case)
    found = expected_log_likelihood(weight, scatter, covariances)
    parts = Parts.of(code, covariances)
    np.testing.assert_allclose(parts.covariances(), covariances, rtol=1e-9, atol=1e-12)
    rng = np.random.default_rng(100 + case)
    for size in np.repeat([1e-1, 1e-2, 1e-3, 1e-4, 1e-5], 60):
        there = expected_log_likelihood(weight, scatter, parts.moved(rng, size).covariances())
        assert there <= found + 1e-12 * abs(found) + 1e-13 * weight.sum(), size


@each_structure
@each_case
def test_it_is_as_good_as_every_structure_it_contains(code: str, case: int) -> None:
    weight, _, scatter = problem(case)
    found = expected_log_likelihood(weight, scatter, solved(code, case))
    for other in CODES:
        if contains(code, other):
            smaller = expected_log_likelihood(weight, scatter, solved(other, case))
            assert smaller <= found + 1e-11 * abs(found), other


def test_what_contains_what() -> None:
    """Celeux & Govaert (1995): VVV contains all, EII is contained in all."""
    assert all(contains("VVV", code) for code in CODES if code != "VVV")
    assert all(contains(code, "EII") for code in CODES if code != "EII")
    assert contains("VVE", "VVI")
    assert not contains("EVE", "VEE")


@each_structure
def test_scatters_of_the_structure_come_back(code: str) -> None:
    """The likeliest covariances for scatters that are of the structure are these."""
    parts = Parts.of(code, solved(code, 4)).moved(np.random.default_rng(0), 0.2)
    weight = np.array([3.0, 40.0, 500.0])
    scatter = parts.covariances() * weight[:, None, None]
    mixture = gx.m_step(statistics(code, weight, np.zeros((3, 3)), scatter), covariance_type=code)
    np.testing.assert_allclose(matrices(mixture), parts.covariances(), rtol=1e-8, atol=1e-8)
