"""Identities that hold for every mixture and every data set, whatever the numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import fixed_passes, given, quiet
from strategies import Problem, clusters, examples, problems, soft_start

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
seeds = st.integers(0, 2**32 - 1)


def assert_same_mixture(actual: gx.Mixture, expected: gx.Mixture, tolerance: float) -> None:
    """Equal to `tolerance` in units of the components' own standard deviations."""
    K, D = expected.n_components, expected.n_features
    kind = expected.covariance_type.value
    ours, theirs = (
        np.asarray(ref.matrices(kind, m.covariances, K, D), float) for m in (actual, expected)
    )
    sd = np.sqrt(np.diagonal(theirs, axis1=1, axis2=2))
    np.testing.assert_allclose(actual.weights, expected.weights, rtol=0, atol=tolerance)
    rounding = 4 * np.finfo(float).eps * np.abs(expected.means)
    moved = np.abs(actual.means - expected.means) - rounding
    assert np.max(moved / sd) <= tolerance
    change = np.abs(ours - theirs) / (sd[:, :, None] * sd[:, None, :])
    assert np.max(change) <= tolerance


# ---- the likelihood climbs -------------------------------------------------------------------


def assert_monotone(result: gx.FitResult) -> None:
    for start in result.starts:
        trace = np.append(start.trace, start.log_likelihood)
        scale = np.maximum(np.abs(trace[1:]), result.total_weight)
        assert np.all(np.diff(trace) >= -1e-10 * scale)


@each_structure
@pytest.mark.parametrize("accelerate", [False, "auto", True])
@for_all(
    seed=seeds,
    n_features=st.integers(1, 8),
    n_components=st.integers(1, 6),
    separation=st.sampled_from([0.5, 1.0, 3.0]),
    n_rows=st.integers(20, 400),
    weighted=st.booleans(),
)
@settings(max_examples=examples(0.15))
def test_the_likelihood_never_falls(
    covariance_type: str,
    accelerate: bool | str,
    seed: int,
    n_features: int,
    n_components: int,
    separation: float,
    n_rows: int,
    weighted: bool,
) -> None:
    result = quiet(
        clusters(seed, n_rows, n_features, n_components, separation),
        n_components,
        covariance_type=covariance_type,
        accelerate=accelerate,
        max_iter=150,
        random_state=seed,
        sample_weight=np.random.default_rng(seed).gamma(1.0, size=n_rows) if weighted else None,
    )
    assert_monotone(result)


@each_structure
def test_the_returned_likelihood_is_that_of_the_returned_mixture(covariance_type: str) -> None:
    X = clusters(1, 500, 3, 3)
    weights = np.random.default_rng(1).gamma(1.0, size=500)
    result = gx.fit(X, 3, covariance_type=covariance_type, sample_weight=weights, random_state=0)
    there = weights @ result.mixture.log_density(X)
    assert result.log_likelihood == pytest.approx(there, rel=1e-12)


# ---- responsibilities ------------------------------------------------------------------------


@each_structure
@for_all(data=st.data())
@settings(max_examples=examples(0.25))
def test_responsibilities_are_probabilities(covariance_type: str, data: st.DataObject) -> None:
    problem = data.draw(problems(covariance_type))
    posterior = problem.mixture().responsibilities(problem.X)
    assert np.all((posterior >= 0) & (posterior <= 1))
    rounding = 4 * problem.n_components * float(np.finfo(posterior.dtype).eps)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0, rtol=0, atol=rounding)


# ---- permutations ----------------------------------------------------------------------------

PASSES = 12


def start_at(seed: int, covariance_type: str, n_components: int, X: Float64) -> gx.Mixture:
    """A mixture to start from: one M-step from random responsibilities."""
    posterior = soft_start(seed, len(X), n_components)
    return gx.fit(
        X,
        n_components,
        covariance_type=covariance_type,
        responsibilities_init=posterior,
        max_iter=0,
    ).mixture


def permuted_columns(mixture: gx.Mixture, order: NDArray[np.int64]) -> gx.Mixture:
    covariances = mixture.covariances
    if mixture.covariance_type.value == "full":
        covariances = covariances[:, order][:, :, order]
    elif mixture.covariance_type.value == "tied":
        covariances = covariances[order][:, order]
    elif mixture.covariance_type.value == "diag":
        covariances = covariances[:, order]
    return gx.Mixture(
        mixture.weights,
        mixture.means[:, order],
        covariances,
        covariance_type=mixture.covariance_type,
    )


def permuted_components(mixture: gx.Mixture, order: NDArray[np.int64]) -> gx.Mixture:
    tied = mixture.covariance_type.value == "tied"
    return gx.Mixture(
        mixture.weights[order],
        mixture.means[order],
        mixture.covariances if tied else mixture.covariances[order],
        covariance_type=mixture.covariance_type,
    )


@each_structure
@for_all(seed=seeds, n_features=st.integers(1, 6), n_components=st.integers(1, 4))
@settings(max_examples=examples(0.1))
def test_permutations_from_the_same_start(
    covariance_type: str, seed: int, n_features: int, n_components: int
) -> None:
    X = clusters(seed, 60 * n_features + 101, n_features, n_components)
    start = start_at(seed, covariance_type, n_components, X)
    rng = np.random.default_rng(seed)
    rows, columns, components = (rng.permutation(n) for n in (*X.shape, n_components))

    def climb(data: Float64, mixture: gx.Mixture) -> gx.FitResult:
        options: dict[str, Any] = {"covariance_type": covariance_type, **given(mixture)}
        return fixed_passes(data, n_components, PASSES, **options)

    plain = climb(X, start)
    assume(not plain.repairs)
    by_rows = climb(X[rows], start)
    by_columns = climb(X[:, columns], permuted_columns(start, columns))
    by_components = climb(X, permuted_components(start, components))
    assert_same_mixture(by_rows.mixture, plain.mixture, 1e-9)
    assert_same_mixture(by_columns.mixture, permuted_columns(plain.mixture, columns), 1e-9)
    assert_same_mixture(by_components.mixture, permuted_components(plain.mixture, components), 1e-9)
    for other in (by_rows, by_columns, by_components):
        np.testing.assert_allclose(other.trace, plain.trace, rtol=1e-11)


# ---- weights of rows -------------------------------------------------------------------------


@each_structure
@for_all(seed=seeds, n_features=st.integers(1, 6), n_components=st.integers(1, 4))
@settings(max_examples=examples(0.1))
def test_weights_are_repetitions_and_zero_is_absence(
    covariance_type: str, seed: int, n_features: int, n_components: int
) -> None:
    X = clusters(seed, 60 * n_features + 101, n_features, n_components)
    counts = np.random.default_rng(seed).integers(0, 4, size=len(X))
    repeated = np.repeat(X, counts, axis=0)
    start = start_at(seed, covariance_type, n_components, X)
    options: dict[str, Any] = {"covariance_type": covariance_type, **given(start)}
    by_weight = fixed_passes(X, n_components, PASSES, sample_weight=counts, **options)
    by_repetition = fixed_passes(repeated, n_components, PASSES, **options)
    assume(not by_weight.repairs)
    assert_same_mixture(by_weight.mixture, by_repetition.mixture, 1e-9)
    np.testing.assert_allclose(by_weight.trace, by_repetition.trace, rtol=1e-11)
    assert by_weight.total_weight == counts.sum()
    assert by_weight.n_rows == np.count_nonzero(counts)


@each_structure
@pytest.mark.parametrize("factor", [2.0**-30, 3.0, 1e12, 1e-100, 1e100])
def test_a_common_factor_on_the_weights_changes_only_the_scale_of_the_likelihood(
    covariance_type: str, factor: float
) -> None:
    X = clusters(5, 400, 3, 3)
    weights = np.random.default_rng(5).gamma(1.0, size=400)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    plain = gx.fit(X, 3, sample_weight=weights, **options)
    scaled = gx.fit(X, 3, sample_weight=factor * weights, **options)
    assert scaled.n_iter == plain.n_iter
    assert scaled.status == plain.status
    assert_same_mixture(scaled.mixture, plain.mixture, 1e-9)
    np.testing.assert_allclose(scaled.trace / factor, plain.trace, rtol=1e-11)
    assert scaled.n_effective == pytest.approx(plain.n_effective, rel=1e-12)


# ---- statistics add up -----------------------------------------------------------------------


@each_structure
@for_all(data=st.data())
@settings(max_examples=examples(0.4))
def test_statistics_of_parts_add_up(covariance_type: str, data: st.DataObject) -> None:
    problem = data.draw(problems(covariance_type, rows=st.integers(2, 300)))
    cut = data.draw(st.integers(1, len(problem.X) - 1), label="cut")
    weights = problem.row_weights()
    assume(weights[:cut].any() and weights[cut:].any())
    mixture = problem.mixture()
    wanted = data.draw(st.sampled_from(ref.COVARIANCE_TYPES), label="statistics for")

    def of(part: slice) -> gx.SufficientStatistics:
        return gx.e_step(
            problem.X[part], mixture, sample_weight=weights[part], covariance_type=wanted
        )

    assert_same_statistics(of(slice(0, cut)) + of(slice(cut, None)), of(slice(None)), problem)


def assert_same_statistics(
    parts: gx.SufficientStatistics, whole: gx.SufficientStatistics, problem: Problem
) -> None:
    assert parts.n_rows == whole.n_rows
    assert parts.total_weight == pytest.approx(whole.total_weight, rel=1e-14)
    assert parts.n_effective == pytest.approx(whole.n_effective, rel=1e-13)
    sizes = np.abs(problem.mixture().log_density(problem.X.astype(np.float64)))
    noise = float(problem.row_weights() @ sizes)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=0, abs=1e-12 * noise)
    np.testing.assert_allclose(parts.weight, whole.weight, rtol=1e-12, atol=1e-290)
    held = whole.weight > 1e-280
    distance = np.max(np.abs(problem.X.astype(float)[:, None] - whole.mean), axis=0)
    rounding = 1e-12 * distance + 1e-15 * np.abs(whole.mean)
    assert np.all((np.abs(parts.mean - whole.mean) <= rounding)[held])
    np.testing.assert_allclose(
        parts.scatter,
        whole.scatter,
        rtol=1e-11,
        atol=1e-13 * float(np.max(whole.weight[:, None] * distance**2)),
    )


def test_statistics_scale() -> None:
    X = clusters(3, 200, 3, 2)
    statistics = gx.e_step(X, start_at(3, "full", 2, X))
    half = statistics.scale(0.5)
    np.testing.assert_array_equal(half.weight, 0.5 * statistics.weight)
    np.testing.assert_array_equal(half.scatter, 0.5 * statistics.scatter)
    np.testing.assert_array_equal(half.mean, statistics.mean)
    assert half.log_likelihood == 0.5 * statistics.log_likelihood
    assert half.n_effective == statistics.n_effective


# ---- shifts and units ------------------------------------------------------------------------

OFFSET = 1e8


@each_structure
def test_an_offset_moves_nothing_but_the_means(covariance_type: str) -> None:
    """The data are rounded as they are at the offset, so that the two sets are exactly shifted."""
    far = clusters(7, 700, 4, 3, separation=6.0) + OFFSET
    near = far - OFFSET
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    at_home, away = gx.fit(near, 3, **options), gx.fit(far, 3, **options)
    assert away.n_iter == at_home.n_iter
    # A mean is rounded to 1.5e-8 out there, which the likelihood feels while the means still move.
    np.testing.assert_allclose(away.trace, at_home.trace, rtol=1e-8)
    assert away.log_likelihood == pytest.approx(at_home.log_likelihood, rel=1e-10)
    np.testing.assert_array_equal(away.mixture.assign(far), at_home.mixture.assign(near))
    np.testing.assert_allclose(away.mixture.weights, at_home.mixture.weights, rtol=1e-8)
    np.testing.assert_allclose(
        away.mixture.means - OFFSET, at_home.mixture.means, rtol=0, atol=4 * np.spacing(OFFSET)
    )
    scale = np.max(np.abs(at_home.mixture.covariances))
    np.testing.assert_allclose(
        away.mixture.covariances, at_home.mixture.covariances, rtol=0, atol=1e-7 * scale
    )


@each_structure
def test_statistics_at_an_offset(covariance_type: str) -> None:
    """From exactly shifted mixtures the statistics agree to 1e-10: no raw second moments."""
    far = clusters(8, 700, 4, 3) + OFFSET
    near = far - OFFSET
    rough = start_at(8, covariance_type, 3, near)
    means = (rough.means + OFFSET) - OFFSET
    home = gx.Mixture(rough.weights, means, rough.covariances, covariance_type=covariance_type)
    away = gx.Mixture(
        rough.weights, means + OFFSET, rough.covariances, covariance_type=covariance_type
    )
    ours, theirs = gx.e_step(far, away), gx.e_step(near, home)
    np.testing.assert_allclose(ours.weight, theirs.weight, rtol=1e-12)
    scale = np.max(np.abs(theirs.scatter))
    np.testing.assert_allclose(ours.scatter, theirs.scatter, rtol=0, atol=1e-10 * scale)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-12)


@each_structure
@pytest.mark.parametrize("factor", [1e-6, 1e6, 1e-100, 1e100])
def test_units_do_not_matter(covariance_type: str, factor: float) -> None:
    X = clusters(9, 600, 3, 3)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    options["accelerate"] = False  # the last gains after extrapolations are near their rounding
    plain, scaled = gx.fit(X, 3, **options), gx.fit(factor * X, 3, **options)
    np.testing.assert_array_equal(scaled.mixture.assign(factor * X), plain.mixture.assign(X))
    expected = plain.log_likelihood - X.size * np.log(factor)
    assert scaled.log_likelihood == pytest.approx(expected, rel=1e-9)
    assert scaled.n_iter == plain.n_iter


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_units_of_single_columns_do_not_matter(covariance_type: str) -> None:
    X = clusters(10, 600, 3, 3)
    units = np.array([1e-6, 1.0, 1e6])
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    plain, scaled = gx.fit(X, 3, **options), gx.fit(units * X, 3, **options)
    np.testing.assert_array_equal(scaled.mixture.assign(units * X), plain.mixture.assign(X))


# ---- fixed points ----------------------------------------------------------------------------


@each_structure
@pytest.mark.parametrize("parametrisation", ["covariances_init", "precisions_init"])
def test_a_start_at_the_optimum_stays_there(covariance_type: str, parametrisation: str) -> None:
    X = clusters(11, 500, 3, 3, separation=4.0)
    options: dict[str, Any] = {"covariance_type": covariance_type, "tol": 1e-14, "max_iter": 5000}
    optimum = quiet(X, 3, random_state=0, **options)
    values: dict[str, Any] = {
        "covariances_init": optimum.mixture.covariances,
        "precisions_init": optimum.mixture.precisions,
    }
    again = gx.fit(
        X,
        3,
        covariance_type=covariance_type,
        weights_init=optimum.mixture.weights,
        means_init=optimum.mixture.means,
        **{parametrisation: values[parametrisation]},
    )
    assert again.converged
    assert again.n_iter <= 10
    assert_same_mixture(again.mixture, optimum.mixture, 1e-5)
    assert again.log_likelihood == pytest.approx(optimum.log_likelihood, rel=1e-12)


@each_structure
def test_one_component_is_the_sample_mean_and_covariance(covariance_type: str) -> None:
    X = clusters(12, 300, 4, 2)
    mixture = gx.fit(X, 1, covariance_type=covariance_type).mixture
    np.testing.assert_allclose(mixture.means[0], X.mean(axis=0), rtol=1e-12, atol=1e-13)
    sample = np.cov(X.T, ddof=0)
    expected = {
        "full": sample[None],
        "tied": sample,
        "diag": np.diag(sample)[None],
        "spherical": np.array([np.trace(sample) / 4]),
    }
    np.testing.assert_allclose(
        mixture.covariances, expected[covariance_type], rtol=1e-12, atol=1e-13
    )


# ---- sampling --------------------------------------------------------------------------------


@each_structure
def test_samples_have_the_moments_of_the_mixture(covariance_type: str) -> None:
    X = clusters(13, 400, 3, 3)
    mixture = start_at(13, covariance_type, 3, X)
    n = 200_000
    rows, labels = mixture.sample(n, random_state=0)
    matrices = np.asarray(ref.matrices(covariance_type, mixture.covariances, 3, 3), float)
    for k in range(3):
        share = np.mean(labels == k)
        weight = mixture.weights[k]
        assert abs(share - weight) < 5 * np.sqrt(weight * (1 - weight) / n)
        own = rows[labels == k]
        # Standard errors of a mean and of a covariance of normal variables, five of them.
        sd = np.sqrt(np.diag(matrices[k]))
        assert np.all(np.abs(own.mean(axis=0) - mixture.means[k]) < 5 * sd / np.sqrt(len(own)))
        error = np.abs(np.cov(own.T, ddof=0) - matrices[k])
        standard = np.sqrt((np.outer(sd, sd) ** 2 + matrices[k] ** 2) / len(own))
        assert np.all(error < 5 * standard)


def test_samples_come_in_no_order_and_repeat_with_the_seed() -> None:
    mixture = gx.Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 1.0], covariance_type="spherical")
    rows, labels = mixture.sample(2000, random_state=3)
    changes = np.count_nonzero(np.diff(labels))
    # Changes between neighbours of a fair sequence are binomial(1999, 1/2).
    assert abs(changes - 999.5) < 5 * np.sqrt(1999 / 4)
    again, again_labels = mixture.sample(2000, random_state=3)
    assert again.tobytes() == rows.tobytes()
    assert again_labels.tobytes() == labels.tobytes()
    assert mixture.sample(2000, random_state=4)[0].tobytes() != rows.tobytes()
