"""What a mixture says of data as a whole: its score and its criteria."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from strategies import clusters

Float64 = NDArray[np.float64]

X = clusters(2, 200, 3, 3)
COUNTS = np.random.default_rng(1).integers(0, 4, len(X))
METHODS = ("score", "bic", "aic")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_method = pytest.mark.parametrize("method", METHODS)


def fitted(covariance_type: str) -> gx.Mixture:
    return gx.fit(X, 3, covariance_type=covariance_type, random_state=0).mixture


def by_hand() -> gx.FactorMixture:
    loadings = np.array([[[1.0], [0.5], [-0.3]], [[0.2], [0.0], [2.0]]])
    noise = np.array([[0.5, 1.0, 0.7], [2.0, 0.3, 0.4]])
    return gx.FactorMixture([0.3, 0.7], [[0.0, 1.0, 2.0], [4.0, 3.0, 0.0]], loadings, noise)


@each_structure
def test_the_numbers_are_those_of_scikit_learn(covariance_type: str) -> None:
    sklearn = pytest.importorskip("sklearn.mixture")
    theirs = sklearn.GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    ours = gx.Mixture(theirs.weights_, theirs.means_, theirs.covariances_, covariance_type)
    for method in METHODS:
        assert getattr(ours, method)(X) == pytest.approx(getattr(theirs, method)(X), rel=1e-12)


def test_the_numbers_are_those_of_the_textbook() -> None:
    """Two components of two factor analysers each, their densities by scipy."""
    stats, special = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.special")
    mixture = by_hand()
    parts = [
        np.log(weight) + stats.multivariate_normal(mean, covariance).logpdf(X)
        for weight, mean, covariance in zip(
            mixture.weights, mixture.means, mixture.covariances, strict=True
        )
    ]
    logs = special.logsumexp(parts, axis=0)
    n_parameters = 1 + 2 * 3 * 3  # a weight; means, loadings and noise
    assert mixture.score(X) == pytest.approx(logs.mean(), rel=1e-12)
    assert mixture.aic(X) == pytest.approx(-2 * logs.sum() + 2 * n_parameters, rel=1e-12)
    penalty = n_parameters * math.log(len(X))
    assert mixture.bic(X) == pytest.approx(-2 * logs.sum() + penalty, rel=1e-12)


@each_method
def test_a_weight_of_two_is_the_row_twice(method: str) -> None:
    for mixture in (fitted("full"), by_hand()):
        weighted = getattr(mixture, method)(X, sample_weight=COUNTS)
        repeated = getattr(mixture, method)(np.repeat(X, COUNTS, axis=0))
        assert weighted == pytest.approx(repeated, rel=1e-12)
        assert weighted != pytest.approx(getattr(mixture, method)(X), rel=1e-6)


@each_structure
def test_the_result_and_the_estimator_say_the_same(covariance_type: str) -> None:
    model = gx.GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    model.fit(X, sample_weight=COUNTS)
    result = model.result_
    for method in METHODS:
        ours = getattr(result.mixture, method)(X, COUNTS)
        assert ours == getattr(model, method)(X, sample_weight=COUNTS)
    assert result.mixture.bic(X, COUNTS) == pytest.approx(result.bic, rel=1e-12)
    assert result.mixture.aic(X, COUNTS) == pytest.approx(result.aic, rel=1e-12)


@each_method
def test_threads_change_nothing(method: str) -> None:
    call = partial(getattr(fitted("full"), method), X, COUNTS)
    assert call(n_threads=1) == call(n_threads=2) == call()
    with pytest.raises(gx.GaussmixError, match="n_threads"):
        call(n_threads=0)


@each_method
@pytest.mark.parametrize(
    ("data", "weight", "message"),
    [
        (X[:, :2], None, "X has 2 features, but Mixture is expecting 3"),
        (X, COUNTS[1:], r"sample_weight must hold one weight per row, shape \(200,\)"),
        (X, -COUNTS, "sample_weight must be finite and not negative"),
    ],
)
def test_bad_data_are_refused(method: str, data: Any, weight: Any, message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        getattr(fitted("full"), method)(data, weight)


@each_method
def test_other_columns_are_refused(method: str) -> None:
    pandas = pytest.importorskip("pandas")
    mixture = gx.fit(pandas.DataFrame(X, columns=["a", "b", "c"])).mixture
    with pytest.raises(gx.GaussmixError, match="same order"):
        getattr(mixture, method)(pandas.DataFrame(X, columns=["b", "a", "c"]))
