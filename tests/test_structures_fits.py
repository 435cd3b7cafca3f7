"""Fits of every covariance structure: what holds of any fit holds of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

import gaussmix as gx
from fits import fixed_passes, given, image, quiet
from gaussmix.persistence import load
from strategies import clusters, soft_start
from structures import BY_COLUMN, CODES, NEW, assert_in_structure, contains, matrices

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("code", CODES)
each_new = pytest.mark.parametrize("code", NEW)
plain_and_accelerated = pytest.mark.parametrize("accelerate", [False, True])


def oracle(X: Float64, mixture: gx.Mixture) -> Float64:
    """Log densities by SciPy."""
    parts = zip(mixture.weights, mixture.means, matrices(mixture), strict=True)
    joint = [np.log(w) + stats.multivariate_normal(m, S).logpdf(X) for w, m, S in parts]
    return np.asarray(logsumexp(joint, axis=0))


def one_start(seed: int, n_rows: int, n_components: int) -> dict[str, Any]:
    return {"responsibilities_init": soft_start(seed, n_rows, n_components)}


@each_structure
@plain_and_accelerated
def test_the_likelihood_never_falls(code: str, accelerate: bool) -> None:
    for seed, (n, D, K) in enumerate([(200, 3, 4), (60, 5, 2), (40, 2, 6)]):
        X = clusters(seed, n, D, 3, 1.0)
        weight = np.random.default_rng(seed).gamma(1.0, size=n) if seed else None
        result = quiet(
            X,
            K,
            covariance_type=code,
            accelerate=accelerate,
            sample_weight=weight,
            tol=0.0,
            max_iter=200,
            **one_start(seed, n, K),
        )
        trace = np.append(result.trace, result.log_likelihood)
        assert np.all(np.diff(trace) >= -1e-10 * np.abs(trace[1:]))
        if not result.repairs:
            assert_in_structure(code, matrices(result.mixture), rtol=1e-7)
        if weight is None:
            expected = oracle(X, result.mixture)
            assert result.log_likelihood == pytest.approx(expected.sum(), rel=1e-11)


@each_structure
def test_acceleration_ends_at_the_same_optimum(code: str) -> None:
    X = clusters(11, 300, 3, 3, 1.5)
    options: dict[str, Any] = {"covariance_type": code, "tol": 1e-12, "max_iter": 20000}
    start = given(quiet(X, 3, covariance_type=code, random_state=3, tol=1e-3).mixture)
    plain = quiet(X, 3, accelerate=False, **options, **start)
    fast = quiet(X, 3, accelerate=True, **options, **start)
    assert plain.converged
    assert fast.converged
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-5)
    exact = quiet(X, 3, **(options | {"tol": None}), **start)
    assert exact.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-2)


@each_new
def test_weights_count_as_rows(code: str) -> None:
    X = clusters(3, 120, 3, 2)
    weight = np.random.default_rng(0).integers(0, 4, 120)
    shares = soft_start(1, 120, 2)
    a = fixed_passes(
        X, 2, 20, covariance_type=code, sample_weight=weight, responsibilities_init=shares
    )
    b = fixed_passes(
        np.repeat(X, weight, axis=0),
        2,
        20,
        covariance_type=code,
        responsibilities_init=np.repeat(shares, weight, axis=0),
    )
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(matrices(a.mixture), matrices(b.mixture), rtol=1e-6, atol=1e-8)


@each_new
def test_single_precision_finds_the_same(code: str) -> None:
    X = clusters(5, 400, 3, 3, 3.0).astype(np.float32)
    options: dict[str, Any] = {"covariance_type": code, "tol": 1e-12, "max_iter": 5000}
    options |= one_start(0, 400, 3)
    a, b = quiet(X, 3, **options), quiet(X.astype(float), 3, **options)
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-7)
    np.testing.assert_allclose(a.mixture.means, b.mixture.means, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(matrices(a.mixture), matrices(b.mixture), rtol=1e-5, atol=1e-5)


@each_new
@plain_and_accelerated
def test_threads_change_no_bit(code: str, accelerate: bool) -> None:
    X = clusters(6, 3000, 4, 3, 1.0)
    options: dict[str, Any] = {"covariance_type": code, "random_state": 0, "max_iter": 40}
    images = {image(quiet(X, 3, n_threads=n, accelerate=accelerate, **options)) for n in (1, 2, 3)}
    assert len(images) == 1
    many = gx.fit_many([X, X[:500]], 3, accelerate=accelerate, **(options | {"tol": 1.0}))
    one = quiet(X, 3, accelerate=accelerate, **(options | {"tol": 1.0}))
    assert image(many[0]) == image(one)


@each_new
def test_start_carries_on(code: str) -> None:
    """One fit in two parts, to rounding: where it was is all that the second one needs to know."""
    X = clusters(7, 200, 3, 3, 1.0)
    options: dict[str, Any] = {"covariance_type": code, "tol": 0.0, "accelerate": False}
    whole = quiet(X, 3, max_iter=30, **options, **one_start(0, 200, 3))
    first = quiet(X, 3, max_iter=12, **options, **one_start(0, 200, 3))
    second = quiet(X, 3, max_iter=18, start=first, **options)
    assert second.trace[0] == pytest.approx(first.log_likelihood, rel=1e-12)
    assert second.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-8)
    none = quiet(X, 3, max_iter=0, start=first, **options)
    np.testing.assert_allclose(matrices(none.mixture), matrices(first.mixture), rtol=1e-9)
    assert none.log_likelihood == pytest.approx(first.log_likelihood, rel=1e-12)


@each_new
@pytest.mark.parametrize("units", [1.0, 1e-3, 1e5])
def test_a_mixture_of_the_structure_is_taken_and_another_is_not(code: str, units: float) -> None:
    """In any units of the columns, and where the covariances are far from round."""
    X = clusters(8, 200, 3, 3, 1.0)
    if code in BY_COLUMN:
        X = X * [1.0, units, 1.0 / units]
    result = quiet(X, 3, covariance_type=code, random_state=0)
    again = quiet(X, 3, covariance_type=code, max_iter=0, **given(result.mixture))
    assert again.log_likelihood == pytest.approx(result.log_likelihood, rel=1e-10)
    full = quiet(X, 3, random_state=0).mixture
    wrong = given(full)
    with pytest.raises(gx.GaussmixError, match="covariance"):
        gx.fit(X, 3, covariance_type=code, **wrong)
    with pytest.raises(gx.GaussmixError, match="covariance"):
        gx.Mixture(full.weights, full.means, full.covariances, covariance_type=code)


@each_structure
def test_units_of_the_columns(code: str) -> None:
    """One factor for all in any structure; of each column where its letters allow that."""
    X = clusters(9, 200, 3, 3, 1.5)
    factors = [np.full(3, 2.0**30), np.full(3, 2.0**-30)]
    if code in BY_COLUMN:
        factors.append(np.array([2.0**-10, 1.0, 2.0**15]))
    start = one_start(2, 200, 3)
    plain = fixed_passes(X, 3, 15, covariance_type=code, **start)
    for factor in factors:
        scaled = fixed_passes(X * factor, 3, 15, covariance_type=code, **start)
        shift = 200 * np.log(factor).sum()
        assert scaled.log_likelihood + shift == pytest.approx(plain.log_likelihood, abs=1e-6)
        back = matrices(scaled.mixture) / np.outer(factor, factor)
        np.testing.assert_allclose(back, matrices(plain.mixture), rtol=1e-5, atol=1e-7)


@each_structure
def test_one_component_has_a_closed_form(code: str) -> None:
    """The letters of volume and shape say nothing then: axes alone do."""
    X = clusters(10, 80, 3, 2)
    result = quiet(X, 1, covariance_type=code)
    covariance = np.cov(X, rowvar=False, bias=True)
    if code[2] == "I":
        covariance = np.diag(np.diag(covariance))
    if code[1] == "I":
        covariance = np.eye(3) * np.trace(covariance) / 3
    np.testing.assert_allclose(matrices(result.mixture)[0], covariance, rtol=1e-11, atol=1e-13)


@each_structure
def test_one_column_leaves_the_volume_alone(code: str) -> None:
    X = clusters(12, 150, 1, 2)
    start = one_start(0, 150, 2)
    result = fixed_passes(X, 2, 25, covariance_type=code, **start)
    short = fixed_passes(X, 2, 25, covariance_type=code[0], **start)
    usual = fixed_passes(X, 2, 25, covariance_type="tied" if code[0] == "E" else "full", **start)
    for other in (short, usual):
        assert result.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-11)
        np.testing.assert_allclose(matrices(result.mixture), matrices(other.mixture), rtol=1e-9)
    assert short.n_parameters == result.n_parameters == usual.n_parameters


@pytest.mark.parametrize("code", ["E", "V"])
def test_one_letter_is_for_one_column(code: str) -> None:
    X = clusters(0, 30, 2, 1)
    with pytest.raises(gx.GaussmixError, match="one column"):
        gx.fit(X, 2, covariance_type=code)
    with pytest.raises(gx.GaussmixError, match="one column"):
        gx.fit_many([X], 2, covariance_type=code)
    with pytest.raises(gx.GaussmixError, match="one column"):
        gx.GaussianMixture(2, covariance_type=code).fit(X)
    with pytest.raises(gx.GaussmixError, match="one column"):
        gx.Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], covariance_type=code)


@each_new
def test_a_wider_structure_from_there_is_no_worse(code: str) -> None:
    """EM of a structure that contains this one, from its optimum, climbs."""
    X = clusters(13, 200, 3, 3, 1.0)
    result = quiet(X, 3, covariance_type=code, random_state=1)
    shares = result.mixture.responsibilities(X)
    for other in CODES:
        if contains(other, code):
            wider = quiet(X, 3, covariance_type=other, responsibilities_init=shares)
            assert wider.log_likelihood >= result.log_likelihood - 1e-8, other


@each_new
def test_steps_and_sums_of_statistics(code: str) -> None:
    X = clusters(14, 300, 3, 2)
    mixture = quiet(X, 2, covariance_type=code, max_iter=3, random_state=0).mixture
    whole = gx.e_step(X, mixture)
    parts = gx.e_step(X[:100], mixture) + gx.e_step(X[100:], mixture)
    np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=1e-10, atol=1e-9)
    assert whole.log_likelihood == pytest.approx(oracle(X, mixture).sum(), rel=1e-11)
    a = gx.m_step(whole, covariance_type=code, previous=mixture)
    b = gx.m_step(parts, covariance_type=code, previous=mixture)
    np.testing.assert_allclose(matrices(a), matrices(b), rtol=1e-8, atol=1e-9)
    assert a.log_density(X).sum() >= whole.log_likelihood * (1 + 1e-13)  # negative
    assert_in_structure(code, matrices(a))


@each_new
def test_samples_have_the_moments(code: str) -> None:
    X = clusters(15, 200, 2, 2, 4.0)
    mixture = quiet(X, 2, covariance_type=code, random_state=0).mixture
    rows, labels = mixture.sample(40_000, random_state=0)
    for k, covariance in enumerate(matrices(mixture)):
        own = rows[labels == k]
        size = np.sqrt(np.diag(covariance))
        assert np.max(np.abs(own.mean(axis=0) - mixture.means[k]) / size) < 5 / np.sqrt(len(own))
        difference = np.cov(own, rowvar=False) - covariance
        assert np.max(np.abs(difference) / np.outer(size, size)) < 8 / np.sqrt(len(own))


@each_new
def test_a_file_and_a_pickle_hold_it_to_the_bit(code: str, tmp_path: Path) -> None:
    result = quiet(clusters(16, 100, 3, 2), 2, covariance_type=code, random_state=0)
    path = tmp_path / "model.gmx"
    result.mixture.save(path)
    assert load(path) == result.mixture
    assert pickle.loads(pickle.dumps(result)) == result


def test_the_estimator_searches_among_structures() -> None:
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    X = clusters(17, 150, 2, 2, 4.0)
    model = gx.GaussianMixture(2, covariance_type="VEV", random_state=0)
    assert base.clone(model).get_params() == model.get_params()
    search = selection.GridSearchCV(model, {"covariance_type": list(CODES)}, cv=3).fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert np.all(np.isfinite(scores))
    assert search.best_params_["covariance_type"] == CODES[int(np.argmax(scores))]
    best = search.best_estimator_
    assert best.score(X) == pytest.approx(oracle(X, best.result_.mixture).mean(), rel=1e-11)
    single = gx.GaussianMixture(2, covariance_type="VEV", random_state=0).fit(X)
    assert single.covariances_.shape == single.precisions_.shape == (2, 2, 2)
