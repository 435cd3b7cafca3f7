"""Mixtures of factor analysers: against matrices of D x D, other software, and what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import factor_oracle as oracle
import gaussmix as gx
import reference as ref
from factor_oracle import factors_of, fitted, least_gain, planted
from fits import image

Float64 = NDArray[np.float64]


# ---- densities -------------------------------------------------------------------------------

# Rows around the ends of strips and blocks, factors around the ends of register tiles.
SIZES = [(1, 2, 1, 1), (63, 3, 2, 1), (257, 9, 3, 5), (600, 17, 8, 7), (40, 30, 2, 13)]


@pytest.mark.parametrize(("n", "D", "K", "q"), SIZES)
def test_densities_are_those_of_the_matrices(n: int, D: int, K: int, q: int) -> None:
    X, _, mixture = planted(n, n, D, K, q)
    joint = ref.joint_log_density(X, oracle.parameters(mixture))
    np.testing.assert_allclose(mixture.log_density(X), ref.log_sum_exp(joint), rtol=1e-12)
    np.testing.assert_allclose(
        mixture.responsibilities(X), ref.responsibilities(joint), rtol=1e-9, atol=1e-13
    )
    np.testing.assert_allclose(
        mixture.component_log_density(X), joint - np.log(real_weights(mixture)), rtol=1e-12
    )
    assert (mixture.assign(X) == joint.argmax(axis=1)).all()


def real_weights(mixture: gx.Mixture) -> ref.Array:
    return ref.real(mixture.weights)


def test_what_is_made_of_loadings_and_noise_on_request() -> None:
    _, _, mixture = planted(0, 1, 6, 3, 2)
    matrices = oracle.parameters(mixture).covariances
    inverses = np.array([oracle.inverse(one) for one in matrices])
    U = mixture.precisions_cholesky
    np.testing.assert_allclose(mixture.covariances, matrices, rtol=1e-14)
    np.testing.assert_allclose(mixture.precisions, inverses, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(U @ U.transpose(0, 2, 1), inverses, rtol=1e-11, atol=1e-13)
    assert np.array_equal(U, np.triu(U))
    dense = gx.Mixture(mixture.weights, mixture.means, mixture.covariances)
    np.testing.assert_allclose(mixture.log_determinants, dense.log_determinants, rtol=1e-12)
    np.testing.assert_allclose(
        mixture.reciprocal_conditions, dense.reciprocal_conditions, rtol=1e-9
    )


def test_samples_have_the_moments_of_their_components() -> None:
    _, _, mixture = planted(3, 1, 7, 2, 3)
    n = 200_000
    X, labels = mixture.sample(n, random_state=1)
    for k in range(2):
        rows, covariance = X[labels == k], mixture.covariances[k]
        deviations = np.sqrt(np.diag(covariance) / len(rows))
        assert (np.abs(rows.mean(axis=0) - mixture.means[k]) < 5 * deviations).all()
        # Var of a sample covariance: (s_ii s_jj + s_ij^2) / n.
        spread = np.sqrt(
            (np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / len(rows)
        )
        assert (np.abs(np.cov(rows.T) - covariance) < 5 * spread).all()
    assert abs((labels == 0).mean() - mixture.weights[0]) < 5 * 0.5 / np.sqrt(n)


# ---- one step --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "D", "K", "q"), [(60, 4, 1, 1), (300, 9, 3, 5), (700, 12, 8, 7), (150, 40, 2, 9)]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_pass_is_one_step_of_expanded_em(n: int, D: int, K: int, q: int, weighted: bool) -> None:
    X, _, _ = planted(n, n, D, K, q, spread=0.5)
    X += 1000.0  # so that sums about zero would lose digits
    weight = np.random.default_rng(0).gamma(2.0, size=n) if weighted else None
    before = fitted(X, K, q, sample_weight=weight, max_iter=2, tol=0.0)
    after = fitted(X, K, q, sample_weight=weight, max_iter=1, tol=0.0, start=before)
    expected = oracle.step(X, factors_of(before), weight)
    found = factors_of(after)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-10)
    np.testing.assert_allclose(found.means, expected.means, rtol=1e-12)
    common = found.loadings @ found.loadings.transpose(0, 2, 1)
    np.testing.assert_allclose(common, expected.common, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.noise_variances, expected.noise, rtol=1e-8)
    assert before.repairs.total == after.repairs.total == 0


def test_a_step_keeps_the_variances_of_each_component() -> None:
    X, _, _ = planted(1, 400, 8, 2, 2)
    before = fitted(X, 2, 2, max_iter=3, tol=0.0)
    after = factors_of(fitted(X, 2, 2, max_iter=1, tol=0.0, start=before))
    statistics = gx.e_step(X, before.mixture, covariance_type="diag")
    variances = np.diagonal(after.covariances, axis1=1, axis2=2)
    np.testing.assert_allclose(
        variances, statistics.scatter / statistics.weight[:, None], rtol=1e-11
    )


@pytest.mark.parametrize("scatter", ["full", "tied", "diag", "spherical"])
def test_statistics_for_other_structures(scatter: str) -> None:
    X, _, mixture = planted(5, 200, 6, 3, 2)
    found = gx.e_step(X, mixture, covariance_type=scatter)
    expected = ref.e_step(X, oracle.parameters(mixture))
    np.testing.assert_allclose(found.weight, expected.weight, rtol=1e-11)
    np.testing.assert_allclose(
        found.scatter,
        ref.reduced_scatter(ref.SCATTER_KINDS[scatter], expected.scatter),
        rtol=1e-9,
        atol=1e-9,
    )


# ---- the likelihood never falls --------------------------------------------------------------


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
@pytest.mark.parametrize(("D", "K", "q", "true_q"), [(6, 3, 3, 1), (15, 4, 2, 5), (60, 2, 5, 5)])
def test_the_likelihood_never_falls(init_params: str, D: int, K: int, q: int, true_q: int) -> None:
    X, _, _ = planted(D, 500, D, K, true_q, spread=0.7)
    result = fitted(X, K, q, init_params=init_params, max_iter=150, tol=0.0)
    assert least_gain(result) > -1
    assert result.log_likelihood > result.trace[0]


def test_nor_does_it_where_noise_is_at_its_floor() -> None:
    """Of four columns one is another one's copy: their factor leaves neither any noise."""
    X, _, _ = planted(2, 400, 5, 1, 1)
    X = np.column_stack([X, X[:, 0]])
    result = fitted(X, 2, 2, max_iter=400, tol=0.0)
    assert least_gain(result) > -1
    floor = 1e-8 * X.var(axis=0)
    noise = factors_of(result).noise_variances
    assert (noise >= floor * (1 - 1e-9)).all()
    assert (np.abs(noise / floor - 1) < 1e-6).any()
    assert sum(result.repairs.floored) > 0
    assert any("Heywood" in reason for reason in result.reasons)


# ---- the maximum -----------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "D", "q"), [(500, 8, 2), (1000, 20, 3), (300, 100, 4)])
def test_one_component_is_scikit_learns_factor_analysis(n: int, D: int, q: int) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    X, _, _ = planted(n, n, D, 1, q)
    peer = decomposition.FactorAnalysis(q, tol=1e-10, max_iter=20_000, svd_method="lapack").fit(X)
    result = fitted(X, 1, q, tol=1e-13, max_iter=20_000)
    assert result.log_likelihood == pytest.approx(n * peer.score(X), rel=1e-9)
    np.testing.assert_allclose(
        result.mixture.covariances[0], peer.get_covariance(), rtol=2e-3, atol=2e-3
    )


@pytest.mark.parametrize(
    ("columns", "q"),
    [(slice(10), 1), (slice(10), 3), (slice(30), 4), (slice(30), 6), (slice(20), 5)],
)
def test_real_data_are_explained_as_well_as_by_scikit_learn(columns: slice, q: int) -> None:
    """From principal axes alone EM once ended 1,245, 540 and 320 nats lower: Heywood cases."""
    datasets = pytest.importorskip("sklearn.datasets")
    decomposition = pytest.importorskip("sklearn.decomposition")
    X = datasets.load_breast_cancer().data[:, columns]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    peer = decomposition.FactorAnalysis(q, tol=1e-4, max_iter=10_000, svd_method="lapack").fit(X)
    assert fitted(X, 1, q).log_likelihood > len(X) * peer.score(X) - 1


def in_common(found: Float64, expected: Float64) -> float:
    """Relative distance of two tables of loadings after the best rotation (Procrustes)."""
    left, _, right = np.linalg.svd(found.T @ expected)
    difference = found @ (left @ right) - expected
    return float(np.linalg.norm(difference) / np.linalg.norm(expected))


@pytest.mark.parametrize(
    ("n", "D", "K", "q"), [(2000, 200, 3, 3), (1500, 500, 2, 5), (1200, 1000, 2, 4)]
)
def test_planted_loadings_are_found(n: int, D: int, K: int, q: int) -> None:
    X, labels, truth = planted(D, n, D, K, q, spread=0.3)
    result = fitted(X, K, q)
    found = factors_of(result)
    assert result.converged
    assert result.repairs.total == 0
    assert result.reasons == ()  # fewer rows than columns are enough for few factors
    assignment = found.assign(X)
    for k in range(K):
        mine = np.bincount(assignment[labels == k], minlength=K).argmax()
        rows = int((labels == k).sum())
        assert (assignment[labels == k] == mine).mean() > 0.999
        # A loading is a coefficient of regression: sd of about sqrt((psi + lambda^2) / rows).
        assert in_common(found.loadings[mine], truth.loadings[k]) < 3 / np.sqrt(rows)
        ratio = found.noise_variances[mine] / truth.noise_variances[k]
        assert np.abs(ratio - 1).mean() < 2 * np.sqrt(2 / rows)
    joint = truth.log_density(X).sum()
    assert joint < result.log_likelihood < joint + result.n_parameters


# ---- what holds for all structures -----------------------------------------------------------


def test_weights_are_numbers_of_rows() -> None:
    X, _, _ = planted(4, 200, 8, 2, 2)
    counts = np.random.default_rng(0).integers(0, 4, size=200)
    shares = np.random.default_rng(1).dirichlet(np.ones(2), size=200)
    options: dict[str, Any] = {"max_iter": 20, "tol": 0.0}
    weighted = fitted(X, 2, 2, sample_weight=counts, responsibilities_init=shares, **options)
    repeated = fitted(
        np.repeat(X, counts, axis=0),
        2,
        2,
        responsibilities_init=np.repeat(shares, counts, axis=0),
        **options,
    )
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(
        weighted.mixture.covariances, repeated.mixture.covariances, rtol=1e-7, atol=1e-8
    )


@pytest.mark.parametrize("init_params", ["kmeans", "random"])
def test_any_number_of_threads_gives_the_same_bits(init_params: str) -> None:
    X, _, _ = planted(6, 3000, 40, 3, 4, spread=0.3)
    images = [
        image(fitted(X, 3, 4, init_params=init_params, n_threads=threads, max_iter=5, n_init=2))
        for threads in (1, 2, 3)
    ]
    assert images[0] == images[1] == images[2]


@pytest.mark.parametrize(("D", "K", "q"), [(4, 1, 1), (10, 3, 2), (50, 2, 7)])
def test_parameters_are_counted(D: int, K: int, q: int) -> None:
    _, _, mixture = planted(0, 1, D, K, q)
    expected = K * (D * q + D - q * (q - 1) // 2) + K * D + K - 1
    assert mixture.n_parameters == expected
    assert gx.covariance.n_parameters("factor", K, D, n_factors=q) == expected


def test_bic_prefers_the_planted_number_of_factors() -> None:
    X, _, _ = planted(7, 1500, 12, 2, 2)
    criteria = {q: fitted(X, 2, q).bic for q in (1, 2, 3)}
    assert min(criteria, key=criteria.__getitem__) == 2
    result = fitted(X, 2, 2)
    assert result.bic == pytest.approx(
        -2 * result.log_likelihood + result.n_parameters * np.log(1500)
    )


def test_units_of_the_columns_do_not_matter() -> None:
    X, _, _ = planted(8, 500, 9, 2, 2)
    units = 2.0 ** np.linspace(-200, 200, 9)
    plain, scaled = fitted(X, 2, 2), fitted(X * units, 2, 2)
    assert scaled.n_iter == plain.n_iter
    np.testing.assert_allclose(
        factors_of(scaled).loadings, factors_of(plain).loadings * units[:, None], rtol=1e-6
    )


def test_an_offset_costs_no_digits() -> None:
    X, _, _ = planted(8, 500, 9, 2, 2)
    X = np.round(X * 2**20) / 2**20
    plain, moved = fitted(X, 2, 2), fitted(X + 2.0**25, 2, 2)
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_given_responsibilities_start_it() -> None:
    """Two components of one mean: only who belongs where tells them apart."""
    rng = np.random.default_rng(9)
    truth = gx.FactorMixture(
        [0.5, 0.5], np.zeros((2, 10)), 2 * rng.normal(size=(2, 10, 1)), np.full((2, 10), 0.2)
    )
    X, labels = truth.sample(400, random_state=0)
    start = fitted(X, 2, 1, responsibilities_init=np.eye(2)[labels], max_iter=0)
    for k in range(2):
        assert in_common(factors_of(start).loadings[k], truth.loadings[k]) < 0.2
    assert (start.mixture.assign(X) == labels).mean() > 0.9


def test_float32_rows_are_what_they_are() -> None:
    X = planted(10, 5000, 20, 2, 2)[0].astype(np.float32)
    single, double = fitted(X, 2, 2), fitted(X.astype(np.float64), 2, 2)
    assert image(single) == image(double)


# ---- degenerate data -------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["repair", "restart", "drop"])
def test_constant_columns_and_repeated_rows_are_repaired(policy: str) -> None:
    X, _, _ = planted(11, 300, 8, 2, 1, spread=3.0)
    X[:, 3] = 7.0
    X[:40] = X[0] + 40.0
    X[:40, 3] = 7.0
    result = fitted(X, 3, 1, on_degenerate=policy, max_iter=200)
    assert np.isfinite(result.log_likelihood)
    assert result.repairs.total > 0
    mixture = factors_of(result)
    assert (mixture.noise_variances > 0).all()
    assert mixture.n_components == (2 if policy == "drop" else 3)
    np.testing.assert_allclose(mixture.means[:, 3], 7.0)


def test_raise_names_the_component() -> None:
    X, _, _ = planted(11, 100, 8, 1, 1)
    X[:, 3] = 7.0
    with pytest.raises(gx.DegenerateError, match="factors of component 0 leave a column no noise"):
        fitted(X, 1, 1, on_degenerate="raise")


def test_fewer_rows_than_columns() -> None:
    X, _, _ = planted(12, 30, 100, 1, 2)
    result = fitted(X, 1, 2)
    assert result.repairs.total == 0
    assert least_gain(result) > -1


def test_a_component_that_loses_its_rows_keeps_its_covariance() -> None:
    X, _, _ = planted(13, 200, 5, 1, 1)
    means = np.stack([X.mean(axis=0), X.mean(axis=0) + 1e3])
    result = fitted(X, 2, 1, means_init=means, max_iter=5)
    assert sum(result.repairs.emptied) > 0
    assert np.isfinite(result.mixture.log_density(X)).all()


def test_what_is_not_there_for_factor_analysers_says_so() -> None:
    X = np.random.default_rng(0).normal(size=(60, 6))
    result = gx.fit(X, 2, covariance_type="factor", n_factors=1, random_state=0)
    for refused in (
        lambda: gx.select(X, [1, 2], ["factor"]),
        lambda: gx.bootstrap(X, result),
        lambda: gx.bootstrap_lrt(X, covariance_type="factor"),
    ):
        with pytest.raises(gx.GaussmixError, match="not available for covariance_type='factor'"):
            refused()


def test_the_partition_of_a_hierarchy_starts_factor_analysers() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 8)) + 6 * (np.arange(300) % 3)[:, None]
    result = gx.fit(X, 3, covariance_type="factor", n_factors=1, init_params="hierarchical")
    labels = result.mixture.assign(X)
    assert [len(set(labels[i::3])) for i in range(3)] == [1, 1, 1]
    assert len(set(labels)) == 3
