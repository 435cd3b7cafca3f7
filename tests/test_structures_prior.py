"""Fits of every covariance structure under a prior: the posterior is what they climb."""

from __future__ import annotations

import numpy as np
import pytest

import gaussmix as gx
from fits import quiet
from strategies import clusters
from structures import CODES, Parts, assert_in_structure, in_array_form, matrices

each_structure = pytest.mark.parametrize("code", CODES)


@each_structure
@pytest.mark.parametrize("accelerate", [False, True])
def test_the_posterior_never_falls(code: str, accelerate: bool) -> None:
    X = np.concatenate([clusters(1, 40, 3, 2), np.ones((6, 3))])
    for seed in range(4):
        result = quiet(
            X,
            4,
            covariance_type=code,
            prior=gx.Prior(),
            accelerate=accelerate,
            random_state=seed,
        )
        trace = np.append(result.trace, result.log_likelihood + result.log_prior)
        assert np.all(np.diff(trace) >= -1e-10 * np.abs(trace[1:]))
        assert not result.repairs
        assert_in_structure(code, matrices(result.mixture), rtol=1e-7)


@each_structure
def test_no_small_change_improves_a_converged_fit(code: str) -> None:
    X = clusters(2, 90, 2, 2)
    prior = gx.Prior(
        shrinkage=0.7, mean=np.array([0.3, -0.2]), dof=6.0, scale=np.array([[2.0, 0.5], [0.5, 1.0]])
    )
    result = quiet(X, 2, covariance_type=code, prior=prior, tol=0.0, max_iter=2000, random_state=0)
    found = result.log_likelihood + result.log_prior
    parts = Parts.of(code, matrices(result.mixture))
    rng = np.random.default_rng(0)
    for size in np.repeat([1e-1, 1e-2, 1e-3], 15):
        there = quiet(
            X,
            2,
            covariance_type=code,
            prior=prior,
            max_iter=0,
            weights_init=result.mixture.weights,
            means_init=result.mixture.means + size * rng.standard_normal((2, 2)),
            covariances_init=in_array_form(code, parts.moved(rng, size).covariances()),
        )
        assert there.log_likelihood + there.log_prior <= found + 1e-9 * abs(found)
