"""The same numbers as scikit-learn, where the same numbers were promised.

With ``reg_covar`` and ``tol`` given as numbers and the same start, EM is the same algorithm, so
every iterate must agree. One quantity differs on purpose: scikit-learn's ``lower_bound_`` belongs
to the parameters *before* the last M-step, ours to the parameters that are returned, so ours is
compared with scikit-learn's ``score`` of the training data.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gaussmix

pytest.importorskip("sklearn", minversion="1.8")  # the first with float32 parameters
sklearn_mixture = pytest.importorskip("sklearn.mixture")

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
PROBLEMS = ((200, 1, 1), (300, 1, 3), (257, 2, 3), (400, 5, 4), (301, 17, 2))  # (n, D, K)
PARAMETERS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def blobs(n: int, d: int, k: int) -> np.ndarray:
    """Overlapping blobs of different widths around the origin, correlated columns."""
    rng = np.random.default_rng([n, d, k])
    centres = rng.normal(scale=3.0, size=(k, d))
    mixing = np.eye(d) + 0.3 * rng.normal(size=(d, d))
    labels = rng.integers(k, size=n)
    widths = rng.uniform(0.5, 2.0, size=k)[labels, None]
    return centres[labels] + widths * rng.normal(size=(n, d)) @ mixing


def start(X: np.ndarray, k: int, covariance_type: str) -> dict[str, Any]:
    """Unequal weights, rows of the data as means, and precisions that differ by component."""
    rng = np.random.default_rng(7)
    d = X.shape[1]
    scale = rng.uniform(0.5, 1.5, size=k) / X.var()
    full = np.eye(d) + 0.2 / d * np.ones((d, d))
    precisions = {
        "full": scale[:, None, None] * full,
        "tied": scale[0] * full,
        "diag": scale[:, None] * np.linspace(0.5, 1.5, d),
        "spherical": scale,
    }[covariance_type]
    weights = np.arange(1.0, k + 1)
    return {
        "weights_init": weights / weights.sum(),
        "means_init": X[rng.choice(len(X), size=k, replace=False)],
        "precisions_init": precisions,
    }


def fit_both(X: np.ndarray, k: int, covariance_type: str, **settings: Any) -> tuple[Any, Any]:
    arguments = {
        "covariance_type": covariance_type,
        "reg_covar": 1e-6,
        "tol": 0.0,
        **start(X.astype(float), k, covariance_type),
        **settings,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few iterations: neither converges, both say so
        theirs = sklearn_mixture.GaussianMixture(k, **arguments).fit(X)
        ours = gaussmix.GaussianMixture(k, **arguments).fit(X)
    return ours, theirs


def assert_close(actual: object, expected: object, tolerance: float = 1e-9) -> None:
    """Relative to the largest entry: entries near 0 are differences of larger ones."""
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("n", "d", "k"), PROBLEMS)
@pytest.mark.parametrize("max_iter", range(1, 9))
def test_every_iterate_agrees(n: int, d: int, k: int, covariance_type: str, max_iter: int) -> None:
    X = blobs(n, d, k)
    ours, theirs = fit_both(X, k, covariance_type, max_iter=max_iter)
    assert ours.n_iter_ == theirs.n_iter_ == max_iter
    assert ours.converged_ is theirs.converged_ is False
    for name in PARAMETERS:
        assert_close(getattr(ours, name), getattr(theirs, name))
    assert_close(ours.lower_bounds_, theirs.lower_bounds_)
    assert_close(ours.lower_bound_, theirs.score(X))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_a_numeric_tol_stops_at_the_same_iteration(covariance_type: str, tol: float) -> None:
    X = blobs(257, 2, 3)
    ours, theirs = fit_both(X, 3, covariance_type, max_iter=500, tol=tol)
    assert theirs.converged_
    assert ours.converged_
    assert ours.n_iter_ == theirs.n_iter_ > 2
    for name in PARAMETERS:
        assert_close(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_warm_start_takes_the_same_steps(covariance_type: str) -> None:
    """The second fit compares its first likelihood with the last of the first fit."""
    X = blobs(257, 2, 3)
    ours, theirs = fit_both(X, 3, covariance_type, max_iter=4, warm_start=True)
    for model in (ours, theirs):
        model.set_params(max_iter=500, tol=1e-4)
        model.fit(X)
    assert theirs.converged_
    assert ours.converged_
    assert ours.n_iter_ == theirs.n_iter_ > 2
    for name in PARAMETERS:
        assert_close(getattr(ours, name), getattr(theirs, name))


def scikit_learn_with_parameters_of(model: Any) -> Any:
    """A scikit-learn estimator that holds our fitted parameters."""
    twin = sklearn_mixture.GaussianMixture(
        model.n_components, covariance_type=model.covariance_type
    )
    for name in PARAMETERS:
        setattr(twin, name, getattr(model, name))
    return twin


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("n", "d", "k"), PROBLEMS)
def test_evaluation_agrees_at_equal_parameters(
    n: int, d: int, k: int, covariance_type: str
) -> None:
    X = blobs(n, d, k)
    ours, _ = fit_both(X, k, covariance_type, max_iter=5)
    theirs = scikit_learn_with_parameters_of(ours)
    fresh = blobs(n + 3, d, k)
    np.testing.assert_allclose(ours.score_samples(fresh), theirs.score_samples(fresh), rtol=1e-10)
    np.testing.assert_allclose(ours.predict_proba(fresh), theirs.predict_proba(fresh), atol=1e-11)
    np.testing.assert_array_equal(ours.predict(fresh), theirs.predict(fresh))
    for name in ("score", "bic", "aic"):
        assert_close(getattr(ours, name)(fresh), getattr(theirs, name)(fresh), 1e-11)
    assert ours._n_parameters() == theirs._n_parameters()


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("asked", [np.float32, np.float64])
def test_dtypes_agree(covariance_type: str, fitted: type, asked: type) -> None:
    X = blobs(257, 2, 3)
    ours, theirs = fit_both(
        X.astype(fitted), 3, covariance_type, max_iter=20, **float_start(X, covariance_type, fitted)
    )
    for name in PARAMETERS:
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype, name
    for method in ("score_samples", "predict_proba", "predict"):
        expected = getattr(theirs, method)(X.astype(asked)).dtype
        assert getattr(ours, method)(X.astype(asked)).dtype == expected, method
    for name in ("score", "bic", "aic"):
        assert isinstance(getattr(ours, name)(X.astype(asked)), float)
        assert isinstance(getattr(theirs, name)(X.astype(asked)), float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's float32 covariances are not symmetric
        expected = [array.dtype for array in theirs.sample(5)]
    assert [array.dtype for array in ours.sample(5)] == expected


def float_start(X: np.ndarray, covariance_type: str, dtype: type) -> dict[str, Any]:
    return {name: value.astype(dtype) for name, value in start(X, 3, covariance_type).items()}


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_float32_data_give_the_fit_of_the_same_numbers_in_float64(covariance_type: str) -> None:
    """So few rows are computed in float64: the only loss is the final rounding to float32."""
    X = blobs(400, 5, 4).astype(np.float32)
    single, _ = fit_both(X, 4, covariance_type, max_iter=8)
    double, _ = fit_both(X.astype(np.float64), 4, covariance_type, max_iter=8)
    for name in PARAMETERS:
        np.testing.assert_array_equal(
            getattr(single, name), getattr(double, name).astype(np.float32)
        )
