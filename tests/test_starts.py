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


@each_drawn_start
def test_absent_rows_do_not_change_which_rows_are_drawn(init_params: str) -> None:
    # Of so many rows the centres are chosen on a part.
    X = clusters(0, 30_000, 2, 5, 3.0)
    present = np.random.default_rng(0).random(len(X)) < 0.7
    arguments = {"init_params": init_params, "max_iter": 0, "random_state": 1}
    weighted = quiet(X, 5, sample_weight=present.astype(float), **arguments).mixture
    alone = quiet(X[present], 5, **arguments).mixture
    np.testing.assert_allclose(weighted.weights, alone.weights, rtol=1e-12)
    np.testing.assert_allclose(weighted.means, alone.means, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("period", [1, 2, 20, 50])
def test_a_small_cluster_among_many_rows_is_found(period: int) -> None:
    # One row in a hundred, in an order with a period that a regular choice of rows could miss.
    rng = np.random.default_rng(period)
    labels = np.repeat(np.arange(100) == 0, 400).reshape(-1, period).T.ravel()
    X = rng.normal(size=(len(labels), 2)) + 30.0 * labels[:, None]
    start = quiet(X, 2, max_iter=1, random_state=0).mixture  # one pass over all rows
    assert sorted(start.weights) == pytest.approx([0.01, 0.99])
