"""Columns of very different spread, and noise wider than them, under every covariance structure."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix._agreement import adjusted_rand_index
from strategies import clusters
from structures import CODES, COMPARING, NEW, matrices, random_scatter, statistics

Float64 = NDArray[np.float64]

FLOOR = 1e-8
each_comparing = pytest.mark.parametrize("code", COMPARING)


def in_other_units(matrix: Float64, units: Float64) -> Float64:
    return matrix * np.outer(units, units)


@pytest.mark.parametrize("code", [*COMPARING, "VEE", "EVV"])
def test_one_component_takes_its_scatter_in_any_units(code: str) -> None:
    """Whatever is equal between components, one has its own: to the rounding of each entry."""
    units = np.array([1e-3, 1e3, 1.0, 2e-4])
    scatter = in_other_units(random_scatter(np.random.default_rng(1), 1, 4, 0.2)[0], units)
    stats = statistics(code, np.array([60.0]), np.zeros((1, 4)), scatter[None])
    found = matrices(gx.m_step(stats, covariance_type=code))[0]
    deviations = np.sqrt(np.diag(scatter / 60))
    error = (found - scatter / 60) / np.outer(deviations, deviations)
    np.testing.assert_allclose(error, 0, atol=1e-13)


@each_comparing
def test_clusters_are_found_in_unlike_units(code: str) -> None:
    X = clusters(2, 400, 3, 3, 8.0) * [1e-3, 1.0, 1e3]
    result = quiet(X, 3, covariance_type=code, random_state=0)
    assert not result.repairs
    trace = np.append(result.trace, result.log_likelihood)
    assert np.all(np.diff(trace) >= -1e-12 * np.abs(trace[1:]))
    again = quiet(X, 3, covariance_type="full", random_state=0)
    labels = (result.mixture.assign(X), again.mixture.assign(X))
    assert adjusted_rand_index(*labels) > 0.99


@each_comparing
def test_singular_data_are_refused_where_units_leave_nothing_to_repair(code: str) -> None:
    X = clusters(3, 60, 3, 2)
    X[:, 2] = X[:, 1]
    result = quiet(X * [1e-3, 1.0, 1e3], 2, covariance_type=code, random_state=0)
    assert result.repairs
    with pytest.raises(gx.DegenerateError, match=rf"covariance_type='{code}'.*standardise"):
        gx.fit(X * [1e-5, 1.0, 1e4], 2, covariance_type=code)


@pytest.mark.parametrize("code", CODES)
def test_a_ridge_wider_than_the_data_is_their_covariance(code: str) -> None:
    X = clusters(4, 80, 3, 2) * [1e-14, 1e-3, 1e-9]
    result = quiet(X, 2, covariance_type=code, reg_covar=1e4, random_state=0)
    covariances = matrices(result.mixture)
    np.testing.assert_allclose(covariances, [1e4 * np.eye(3)] * 2, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("constant", [0.1, 1.7e18])
@pytest.mark.parametrize("code", [*COMPARING, "EII", "VII"])
def test_a_constant_column_is_no_unit(code: str, constant: float) -> None:
    """Neither the rounding of its mean nor its size is a spread that others are measured in."""
    X = clusters(5, 90, 3, 2)
    X[:, 1] = constant
    weight = np.random.default_rng(0).uniform(0, 1, len(X))
    result = quiet(X, 2, covariance_type=code, sample_weight=weight, random_state=0)
    eigenvalues = np.linalg.eigvalsh(matrices(result.mixture))
    if code in COMPARING:
        smallest = np.sqrt(np.cov(X.T, aweights=weight, bias=True).diagonal()[[0, 2]].min())
        assert eigenvalues.min() == pytest.approx(FLOOR * smallest**2, rel=1e-5)
    else:
        other = quiet(X * [1, 0, 1], 2, covariance_type=code, sample_weight=weight, random_state=0)
        assert not result.repairs
        np.testing.assert_allclose(eigenvalues, np.linalg.eigvalsh(matrices(other.mixture)))


@pytest.mark.parametrize("code", [code for code in NEW if code[2] != "I"])
def test_factors_next_to_a_singularity_belong_to_their_covariances(code: str) -> None:
    """The constructor refuses those that do not: a model that was saved could not be read."""
    rng = np.random.default_rng(6)
    rows = rng.standard_normal((3, 1, 4)) * [1e3, 1e3, 1e-1, 1.0]
    rows[2] *= 1e-4
    stats = statistics(code, np.array([7.0, 6.0, 3.0]), np.zeros((3, 4)), rows.mT @ rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gx.RepairWarning)
        mixture = gx.m_step(stats, covariance_type=code, reg_covar=0.0)
    again = gx.Mixture(
        mixture.weights,
        mixture.means,
        mixture.covariances,
        covariance_type=code,
        precisions_cholesky=mixture.precisions_cholesky,
    )
    assert again == mixture
