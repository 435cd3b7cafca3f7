"""Starts depend on what the rows are, not on how they came."""

from __future__ import annotations

import numpy as np
import pytest

import reference as ref
from fits import quiet
from strategies import clusters

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_drawn_start = pytest.mark.parametrize(
    "init_params", ["kmeans", "k-means++", "random_from_data"]
)


@each_drawn_start
@each_structure
@pytest.mark.parametrize("seed", range(5))
def test_the_start_does_not_depend_on_the_order_of_the_rows(
    covariance_type: str, init_params: str, seed: int
) -> None:
    X = clusters(seed, 150, 3, 4, 2.0)
    order = np.random.default_rng(seed).permutation(len(X))
    arguments = {"covariance_type": covariance_type, "init_params": init_params}
    here = quiet(X, 4, max_iter=0, random_state=seed, **arguments).mixture
    there = quiet(X[order], 4, max_iter=0, random_state=seed, **arguments).mixture
    np.testing.assert_allclose(there.weights, here.weights, rtol=1e-12)
    np.testing.assert_allclose(there.means, here.means, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(there.covariances, here.covariances, rtol=1e-10, atol=1e-12)


@each_drawn_start
@each_structure
@pytest.mark.parametrize("seed", range(5))
def test_weighted_and_repeated_rows_lead_to_the_same_start(
    covariance_type: str, init_params: str, seed: int
) -> None:
    X = clusters(seed, 150, 3, 4, 2.0)
    counts = np.random.default_rng(seed).integers(0, 4, size=len(X))
    arguments = {"covariance_type": covariance_type, "init_params": init_params}
    weighted = quiet(
        X, 4, max_iter=0, random_state=seed, sample_weight=counts.astype(float), **arguments
    ).mixture
    repeated = quiet(
        np.repeat(X, counts, axis=0), 4, max_iter=0, random_state=seed, **arguments
    ).mixture
    np.testing.assert_allclose(repeated.weights, weighted.weights, rtol=1e-12)
    np.testing.assert_allclose(repeated.means, weighted.means, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(repeated.covariances, weighted.covariances, rtol=1e-10, atol=1e-12)
