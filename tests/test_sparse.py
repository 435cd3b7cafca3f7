"""Components that cannot matter to a row are left out of a fit, and nothing of it is to be seen.

A single E-step knows nothing of earlier ones and visits every component of every row, so a chain of
`e_step` and `m_step` is the dense fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import fixed_passes, given, image

PASSES = 25


def separated(
    seed: int, n_rows: int, n_features: int, n_components: int, separation: float
) -> tuple[NDArray[np.float64], gx.Mixture]:
    """Rows of well-separated components, and a start a good way from where they came from."""
    rng = np.random.default_rng(seed)
    means = separation * rng.standard_normal((n_components, n_features))
    labels = rng.integers(n_components, size=n_rows)
    X = means[labels] + rng.standard_normal((n_rows, n_features))
    away = means + 0.5 * rng.standard_normal(means.shape)
    identities = np.stack([2.0 * np.eye(n_features)] * n_components)
    weights = np.full(n_components, 1.0 / n_components)
    return X, gx.Mixture(weights, away, identities, covariance_type="full")


def dense_fit(
    X: Any, start: gx.Mixture, n_passes: int, sample_weight: Any = None
) -> tuple[list[float], gx.Mixture]:
    """Log-likelihoods at the start of every pass, and the mixture after the last."""
    trace, mixture = [], start
    for _ in range(n_passes):
        statistics = gx.e_step(X, mixture, sample_weight=sample_weight)
        trace.append(statistics.log_likelihood)
        mixture = gx.m_step(statistics, covariance_type="full", previous=mixture)
    return trace, mixture


CASES = {
    "wide gaps": {"n_rows": 6000, "n_features": 8, "n_components": 32, "separation": 4.0},
    "narrow gaps": {"n_rows": 5000, "n_features": 8, "n_components": 16, "separation": 2.0},
    "few columns": {"n_rows": 9000, "n_features": 2, "n_components": 24, "separation": 9.0},
    "overlap": {"n_rows": 3000, "n_features": 3, "n_components": 12, "separation": 0.8},
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_fit_is_the_dense_fit(case: str, weighted: bool) -> None:
    X, start = separated(len(case), **CASES[case])
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(X)) if weighted else None
    trace, dense = dense_fit(X, start, PASSES, weight)
    result = fixed_passes(X, start.n_components, PASSES, sample_weight=weight, **given(start))
    assert not result.repairs
    np.testing.assert_allclose(result.trace, trace, rtol=1e-12)
    np.testing.assert_allclose(result.mixture.weights, dense.weights, rtol=1e-9)
    np.testing.assert_allclose(result.mixture.means, dense.means, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(result.mixture.covariances, dense.covariances, rtol=1e-8, atol=1e-9)


def test_components_that_move_far_take_their_rows_along() -> None:
    """Means start in the wrong places, so that what is left out early matters later."""
    X, start = separated(3, 8000, 8, 16, 4.0)
    scattered = X[np.random.default_rng(4).choice(len(X), 16, replace=False)]
    start = gx.Mixture(start.weights, scattered, 9.0 * start.covariances, covariance_type="full")
    trace, dense = dense_fit(X, start, 60)
    result = fixed_passes(X, 16, 60, **given(start))
    np.testing.assert_allclose(result.trace, trace, rtol=1e-12)
    np.testing.assert_allclose(result.mixture.means, dense.means, rtol=1e-7, atol=1e-8)


def test_far_rows_among_the_others() -> None:
    X, start = separated(5, 8000, 4, 12, 6.0)
    X[::7] *= 40.0
    trace, _ = dense_fit(X, start, 8)
    result = fixed_passes(X, 12, 8, **given(start))
    np.testing.assert_allclose(result.trace, trace, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_same_bytes_for_any_number_of_threads(dtype: type) -> None:
    X, start = separated(1, 30011, 8, 32, 4.0)
    data = X.astype(dtype)
    one, *others = [
        fixed_passes(data, 32, PASSES, n_threads=n, **given(start)) for n in (1, 2, 3, 7)
    ]
    assert all(image(other) == image(one) for other in others)


def test_the_next_start_forgets_the_rows_of_the_last() -> None:
    """What the first start knew of them was of fewer components, for it lost some on its way."""
    X, _ = separated(2, 5000, 2, 12, 20.0)
    X[:125] = 30.0
    options: dict[str, Any] = {"n_init": 2, "race": False, "init_params": "random_from_data"}
    options |= {"on_degenerate": "drop", "random_state": 5}
    first, second = fixed_passes(X, 12, 15, **options).starts
    assert "dropped" in {event.action for event in first.events}
    assert not second.events
    begin = fixed_passes(X, 12, 0, **options).starts[1].mixture
    assert begin is not None
    trace, _ = dense_fit(X, begin, 15)
    np.testing.assert_allclose(second.trace, trace, rtol=1e-12)


@pytest.mark.parametrize("far", [1e6, 1e200])
def test_absent_rows_far_out_do_not_matter(far: float) -> None:
    X, start = separated(7, **CASES["wide gaps"])
    present = (np.arange(len(X)) % 40 > 0).astype(float)
    here = fixed_passes(X, start.n_components, PASSES, sample_weight=present, **given(start))
    X[present == 0] = far
    there = fixed_passes(X, start.n_components, PASSES, sample_weight=present, **given(start))
    np.testing.assert_allclose(there.trace, here.trace, rtol=1e-12)
    np.testing.assert_allclose(there.mixture.means, here.mixture.means, rtol=1e-9, atol=1e-12)
