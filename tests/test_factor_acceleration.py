"""Accelerated fits of factor analysers: fewer passes, no fall, and digits where noise vanishes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

import gaussmix as gx
import reference as ref
from factor_oracle import least_gain, parameters, planted
from fits import quiet

CANCER, WINE = load_breast_cancer().data, load_wine().data
OVERLAPPING = planted(1, 2000, 12, 3, 2, spread=0.6)[0]
# Columns, factors and components: with as many factors some explain all of a column.
CASES: dict[str, tuple[Any, int, int]] = {
    "wine 2 of 2": (WINE, 2, 2),
    "wine 4 of 1": (WINE, 4, 1),
    "wine 4 of 3": (WINE, 4, 3),
    "cancer 2 of 2": (CANCER, 2, 2),
    "cancer 5 of 1": (CANCER, 5, 1),
    "cancer 5 of 2": (CANCER, 5, 2),
    "cancer 10 of 1": (CANCER, 10, 1),
    "planted": (OVERLAPPING, 2, 3),
    "planted with a factor more": (OVERLAPPING, 3, 3),
}


def run(name: str, accelerate: Any, **options: Any) -> gx.FitResult:
    X, n_factors, n_components = CASES[name]
    return quiet(
        X,
        n_components,
        covariance_type="factor",
        n_factors=n_factors,
        random_state=0,
        accelerate=accelerate,
        **{"max_iter": 10_000} | options,
    )


def test_half_as_many_passes_lead_at_least_as_high() -> None:
    shares, gains = [], []
    for name in CASES:
        plain, accelerated = (run(name, accelerate) for accelerate in (False, "auto"))
        assert accelerated.converged
        shares.append(accelerated.n_iter / plain.n_iter)
        gains.append(accelerated.log_likelihood - plain.log_likelihood)
    assert np.median(shares) < 0.5
    assert min(gains) > -0.1  # which is what the stop may leave


@pytest.mark.parametrize("accelerate", ["auto", True])
@pytest.mark.parametrize("name", CASES)
def test_the_likelihood_never_falls(name: str, accelerate: Any) -> None:
    assert least_gain(run(name, accelerate, max_iter=300)) > -1


def test_what_is_predicted_is_left() -> None:
    good = []
    for name in CASES:
        result = run(name, "auto")
        further = run(name, True, start=result, tol=0.0, max_iter=3000)
        truth = further.log_likelihood - result.log_likelihood
        good.append(truth / 3 <= result.predicted_gain <= 3 * truth)
    assert sum(good) >= len(CASES) - 2  # eight, or seven with other rounding


@pytest.mark.parametrize("least", [1e-3, 1e-8, 1e-12])
def test_densities_keep_their_digits_where_noise_vanishes(least: float) -> None:
    """Log determinants lose 1e-16 over the noise; extended precision a thousandth of that."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0.1, 1.0, size=(3, 9))
    noise[:, :2] = least
    loadings = rng.normal(size=(3, 9, 3))
    mixture = gx.FactorMixture([0.2, 0.3, 0.5], rng.normal(size=(3, 9)), loadings, noise)
    X = np.concatenate([mixture.sample(200, 0)[0], rng.normal(size=(20, 9))])
    expected = ref.log_sum_exp(ref.joint_log_density(X, parameters(mixture)))
    difference = np.abs(mixture.log_density(X) - expected)
    assert (difference / np.maximum(1, np.abs(expected))).max() < max(1e-11, 1e-18 / least)
