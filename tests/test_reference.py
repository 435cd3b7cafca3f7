"""The oracle itself, checked against independent code: SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

import reference as ref

K, D, N = 3, 4, 200


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    rng = np.random.default_rng(20)
    centres = 4 * rng.standard_normal((K, D))
    return centres[rng.integers(K, size=N)] + rng.standard_normal((N, D)) @ rng.normal(size=(D, D))


def start_from(data: np.ndarray, covariance_type: str) -> ref.Parameters:
    rng = np.random.default_rng(21)
    posterior = rng.dirichlet(np.full(K, 0.3), size=len(data))
    return ref.m_step(ref.statistics(data, posterior), covariance_type)


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_densities_are_scipys(data: np.ndarray, covariance_type: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    mixture = start_from(data, covariance_type)
    ours = ref.joint_log_density(data, mixture)
    for k in range(K):
        theirs = stats.multivariate_normal.logpdf(
            data, np.asarray(mixture.means[k], float), np.asarray(mixture.covariances[k], float)
        )
        np.testing.assert_allclose(
            np.asarray(ours[:, k], float), np.log(float(mixture.weights[k])) + theirs, rtol=1e-11
        )


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_densities_by_factor_are_the_densities(data: np.ndarray, covariance_type: str) -> None:
    mixture = start_from(data, covariance_type)
    factors = np.array(
        [
            ref.forward_substitution(ref.cholesky(matrix), np.eye(D, dtype=ref.Real))
            for matrix in mixture.covariances
        ]
    )
    # Rows of the solution are columns of inverse(L), hence already inverse(L).T = U.
    np.testing.assert_allclose(
        ref.joint_log_density_by_factor(data, mixture.weights, mixture.means, factors),
        ref.joint_log_density(data, mixture),
        rtol=1e-16,
    )


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_em_is_scikit_learns(data: np.ndarray, covariance_type: str) -> None:
    sklearn_mixture = pytest.importorskip("sklearn.mixture")
    start = start_from(data, covariance_type)
    precisions = np.array([np.linalg.inv(np.asarray(m, float)) for m in start.covariances])
    peer = sklearn_mixture.GaussianMixture(
        K,
        covariance_type=covariance_type,
        tol=0,
        reg_covar=1e-3,
        max_iter=7,
        weights_init=np.asarray(start.weights, float),
        means_init=np.asarray(start.means, float),
        precisions_init=np.asarray(ref.compact(covariance_type, precisions), float),
    )
    with pytest.warns(Warning, match="converge"):
        peer.fit(data)
    ours, trace = ref.em(data, start, covariance_type, 7, reg_covar=1e-3)
    assert float(trace[-1]) == pytest.approx(peer.score(data) * N, rel=1e-10)
    np.testing.assert_allclose(np.asarray(ours.weights, float), peer.weights_, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(ours.means, float), peer.means_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        np.asarray(ref.compact(covariance_type, ours.covariances), float),
        peer.covariances_,
        rtol=1e-8,
        atol=1e-9,
    )


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_em_climbs(data: np.ndarray, covariance_type: str) -> None:
    _, trace = ref.em(data, start_from(data, covariance_type), covariance_type, 15)
    assert np.all(np.diff(trace) >= 0)


def test_weights_are_repetitions(data: np.ndarray) -> None:
    mixture = start_from(data, "full")
    counts = np.random.default_rng(22).integers(0, 4, size=N)
    weighted = ref.e_step(data, mixture, counts)
    repeated = ref.e_step(np.repeat(data, counts, axis=0), mixture)
    np.testing.assert_allclose(weighted.scatter, repeated.scatter, rtol=1e-15)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-16)
    assert weighted.total_weight == repeated.total_weight
    assert weighted.n_rows == np.count_nonzero(counts)


def test_scatter_kinds_are_reductions_of_the_full_one(data: np.ndarray) -> None:
    scatter = ref.e_step(data, start_from(data, "full")).scatter
    diagonals = np.diagonal(scatter, axis1=1, axis2=2)
    np.testing.assert_array_equal(ref.reduced_scatter("full", scatter), scatter)
    np.testing.assert_array_equal(ref.reduced_scatter("pooled", scatter), scatter.sum(axis=0))
    np.testing.assert_array_equal(ref.reduced_scatter("diag", scatter), diagonals)
    np.testing.assert_array_equal(ref.reduced_scatter("trace", scatter), diagonals.sum(axis=1))


def test_cholesky_refuses_an_indefinite_matrix() -> None:
    with pytest.raises(ValueError, match="pivot 1"):
        ref.cholesky(ref.real([[1.0, 2.0], [2.0, 1.0]]))
