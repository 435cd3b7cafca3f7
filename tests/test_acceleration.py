"""Acceleration: fewer passes to the same optimum, never downhill."""

from __future__ import annotations

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from fits import image
from strategies import clusters

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
OVERLAPPING = [clusters(seed, 1000, 2, 3, 1.0) for seed in range(6)]


def test_overlapping_components_need_less_than_half_the_passes() -> None:
    fewer = []
    for seed, X in enumerate(OVERLAPPING):
        # Plain EM to its end: it may take a plateau that acceleration crosses for the maximum.
        plain = gx.fit(X, 3, tol=1e-12, accelerate=False, max_iter=10**5, random_state=seed)
        auto = gx.fit(X, 3, random_state=seed)
        assert plain.converged
        assert auto.converged
        assert len(auto.trace) + auto.starts[0].rejected == auto.n_iter
        passes_as_far = np.searchsorted(plain.trace, auto.log_likelihood)
        fewer.append(passes_as_far / auto.n_iter)
        # The default rule leaves up to 0.1 nats, which it knows to a factor of three.
        assert auto.log_likelihood == pytest.approx(plain.log_likelihood, abs=0.3)
    assert np.median(fewer) >= 2


@each_structure
def test_no_accepted_pass_goes_downhill(covariance_type: str) -> None:
    for X in OVERLAPPING:
        fit = gx.fit(X, 4, covariance_type=covariance_type, accelerate=True, random_state=0)
        rounding = 1e-12 * np.abs(fit.trace).max()
        assert np.diff(fit.trace).min() >= -rounding
        assert fit.log_likelihood >= fit.trace[-1] - rounding


@each_structure
def test_units_of_the_columns_do_not_matter(covariance_type: str) -> None:
    scale = np.array([2.0**20 if covariance_type == "spherical" else 2.0**-20, 2.0**20])
    X = OVERLAPPING[0]
    here = gx.fit(X, 3, covariance_type=covariance_type, accelerate=True, random_state=0)
    there = gx.fit(X * scale, 3, covariance_type=covariance_type, accelerate=True, random_state=0)
    shift = len(X) * np.log(scale).sum()
    assert there.log_likelihood + shift == pytest.approx(here.log_likelihood, abs=1e-3)


def test_a_tolerance_asks_for_plain_em() -> None:
    X = OVERLAPPING[1]
    auto = gx.fit(X, 3, tol=1e-6, random_state=0)
    plain = gx.fit(X, 3, tol=1e-6, accelerate=False, random_state=0)
    assert image(auto) == image(plain)


def test_extrapolations_are_seldom_in_vain() -> None:
    """One that failed is not tried again and again from where little has changed."""
    passes = rejected = 0
    for seed in range(8):
        X = clusters(seed, 3000, 2, 3, 2.0)
        for K in (4, 6):
            start = gx.fit(X, K, random_state=0).starts[0]
            passes += start.n_iter
            rejected += start.rejected
    assert rejected <= 0.04 * passes
