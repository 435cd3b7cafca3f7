"""The engine against the slow oracle on random problems.

The oracle is given the numbers that the kernels work with: means, weights and triangular precision
factors. What may then differ is rounding, for which the bounds below are the textbook's: with
y = U.T (x - mean) and a = |U|.T |x - mean|, a backward stable kernel computes |y|^2 / 2 to within
D u (a . |y|) and rounds the rest of the exponent to u of its terms. That factors and covariances
belong together is a property of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from expected import Expected, U
from fits import fixed_passes
from gaussmix import _core
from strategies import Problem, clusters, examples, problems, random_covariance, soft_start

TINY = np.finfo(float).tiny  # what is less counts as zero
# Responsibilities below this have lost digits to gradual underflow, or are gone.
SMALLEST_SHARE = 1e-280


def expected_of(problem: Problem) -> Expected:
    return Expected(problem, problem.mixture())


def assert_within(actual: Any, expected: Any, bound: Any, what: str) -> None:
    error = np.abs(ref.real(actual) - ref.real(expected))
    # Written so that a NaN fails.
    wrong = ~(error <= np.broadcast_to(ref.real(bound), error.shape))
    if np.any(wrong):
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{what}: {np.count_nonzero(wrong)} of {error.size} beyond the bound; at {index} error "
            f"{error[index]:.3e}, bound {np.broadcast_to(ref.real(bound), error.shape)[index]:.3e}"
        )


def assert_statistics(actual: gx.SufficientStatistics, expected: Expected) -> None:
    """Log-likelihood to 1e-12, statistics to 1e-10, both beside the bounds that are stated."""
    truth, problem = expected.statistics, expected.problem
    row_weights = ref.real(problem.row_weights())
    by_features = expected.by_features(actual)
    row_bound = 1e-12 * np.abs(expected.log_density) + expected.log_density_bound
    if by_features:
        row_bound = row_bound + expected.feature_bound
    assert_within(
        actual.log_likelihood, truth.log_likelihood, row_weights @ row_bound, "log_likelihood"
    )
    assert_within(actual.total_weight, truth.total_weight, 1e-14 * truth.total_weight, "total")
    assert_within(
        actual.n_effective,
        truth.n_effective,
        1e-14 * truth.n_effective,
        "n_effective",
    )
    assert actual.n_rows == truth.n_rows
    doubt = expected.share_bound
    weight_bound = 1e-10 * truth.weight + doubt.sum(axis=0) + SMALLEST_SHARE
    assert_within(actual.weight, truth.weight, weight_bound, "component weight")

    held = truth.weight > SMALLEST_SHARE / 1e-10
    weight = np.where(held, truth.weight, 1)
    moved = np.abs(truth.mean - ref.real(problem.means))
    spread = np.sqrt(np.diagonal(truth.scatter, axis1=1, axis2=2) / weight[:, None])
    # Sums are taken about the means that were given: a component that moves by d knows its new
    # mean and scatter to rounding of d and of weight * d * d.
    mean_bound = 1e-10 * spread + 1e-13 * moved + 4 * U * np.abs(truth.mean) + TINY
    distance = np.abs(ref.real(problem.X)[:, None, :] - truth.mean)
    mean_bound = mean_bound + np.einsum("ik,ikd->kd", doubt, distance) / weight[:, None]
    if by_features:
        mean_bound = mean_bound + expected.feature_moment_bound / weight[:, None]
    whitened = problem.covariance_type == "tied" and actual.scatter_kind == "pooled"
    if whitened:
        mean_bound = mean_bound + expected.whitened_mean_bound
    assert_within(actual.mean[held], truth.mean[held], mean_bound[held], "component mean")

    own = spread[:, :, None] * spread[:, None, :]
    raw = (spread + moved)[:, :, None] * (spread + moved)[:, None, :]
    # The oracle knows a mean to its own rounding, too, of each row that it adds, and a scatter to
    # the square of that.
    blur = (4 + len(problem.X)) * np.finfo(ref.Real).eps * np.abs(truth.mean)
    own_error = 1e-10 * own + 1e-13 * raw + blur[:, :, None] * blur[:, None, :]
    # Nor is anything known below the last digits of the rows.
    digits = U * np.max(np.abs(ref.real(problem.X)), axis=0)
    own_error = own_error + digits[:, None] * digits
    scatter_bound = weight[:, None, None] * own_error + SMALLEST_SHARE
    scatter_bound = scatter_bound + np.einsum("ik,ikd,ike->kde", doubt, distance, distance)
    if by_features:
        scatter_bound = scatter_bound + expected.feature_scatter_bound
    reduced = ref.reduced_scatter(actual.scatter_kind, truth.scatter)
    bound = ref.reduced_scatter(actual.scatter_kind, scatter_bound)
    if actual.scatter_kind == "pooled":
        if whitened:
            bound = bound + expected.pooled_bound
        assert_within(actual.scatter, reduced, bound, "pooled scatter")
    else:
        assert_within(actual.scatter[held], reduced[held], bound[held], "component scatter")


def engine_values(mixture: gx.Mixture, X: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Evaluations before the package rounds those of float32 data to float32."""
    parameters = (mixture.weights, mixture.means, mixture.precisions_cholesky)
    return _core.evaluate(
        X,
        _core.prepare(mixture.covariance_type.value, *parameters),
        log_density=True,
        joint_log_density=True,
        responsibilities=True,
        labels=True,
    )


def assert_evaluations(mixture: gx.Mixture, expected: Expected) -> None:
    X, joint_bound = expected.problem.X, expected.joint_bound
    values = engine_values(mixture, X)
    assert_within(
        values["log_density"],
        expected.log_density,
        1e-12 * np.abs(expected.log_density) + expected.log_density_bound,
        "log_density",
    )
    assert_within(
        values["joint_log_density"],
        expected.joint,
        1e-12 * np.abs(expected.joint) + joint_bound,
        "joint_log_density",
    )
    posterior = expected.responsibilities
    exponent_bound = joint_bound + expected.log_density_bound[:, None] + 1e-13
    assert_within(
        values["responsibilities"],
        posterior,
        np.maximum(2 * posterior * exponent_bound, expected.change_of_hands) + SMALLEST_SHARE,
        "responsibilities",
    )
    best = expected.joint.max(axis=1)
    chosen = np.take_along_axis(expected.joint, values["labels"][:, None], axis=1)[:, 0]
    assert_within(chosen, best, 2 * joint_bound.max(axis=1), "log density of the label")


def assert_public_evaluations(mixture: gx.Mixture, expected: Expected) -> None:
    """The methods of `Mixture` return the engine's numbers, in the precision of the data."""
    X = expected.problem.X
    values = engine_values(mixture, X)
    for name in ("log_density", "responsibilities"):
        public = getattr(mixture, name)(X)
        assert public.dtype == X.dtype
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(public, values[name].astype(X.dtype))
    np.testing.assert_array_equal(mixture.assign(X), values["labels"])
    # Without weights, rows of a tied mixture are whitened about another component than with them.
    K = mixture.n_components
    equal = replace(expected, mixture=replace(mixture, weights=np.full(K, 1 / K)))
    component = equal.joint + np.log(ref.Real(K))
    storage = np.finfo(X.dtype).eps * np.abs(component) if X.dtype == np.float32 else 0.0
    lowest = np.finfo(X.dtype).min  # below it, a density is minus infinity
    assert_within(
        np.maximum(mixture.component_log_density(X), lowest),
        np.maximum(component, lowest),
        1e-12 * np.abs(component) + equal.joint_bound + storage,
        "component_log_density",
    )


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@for_all(data=st.data())
def test_e_step_and_densities(covariance_type: str, data: st.DataObject) -> None:
    """At least 500 examples over the four structures, in the profile `ci`."""
    problem = data.draw(problems(covariance_type))
    wanted = data.draw(st.sampled_from(ref.COVARIANCE_TYPES), label="statistics for")
    expected = expected_of(problem)
    statistics = gx.e_step(
        problem.X, expected.mixture, sample_weight=problem.sample_weight, covariance_type=wanted
    )
    assert statistics.scatter_kind == ref.SCATTER_KINDS[wanted]
    assert_statistics(statistics, expected)
    assert_evaluations(expected.mixture, expected)
    assert_public_evaluations(expected.mixture, expected)


# Many leaves, whatever their size; the last of them and its last tile are incomplete.
LARGE = [(30011, 1, 3), (20011, 2, 5), (9001, 7, 4), (3001, 17, 3), (1201, 40, 3)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@pytest.mark.parametrize(("n_rows", "n_features", "n_components"), LARGE)
def test_e_step_over_many_leaves(
    n_rows: int, n_features: int, n_components: int, covariance_type: str, dtype: type
) -> None:
    problem = large_problem(n_rows, n_features, n_components, covariance_type, dtype)
    expected = expected_of(problem)
    statistics = gx.e_step(problem.X, expected.mixture, sample_weight=problem.sample_weight)
    assert_statistics(statistics, expected)
    assert_evaluations(expected.mixture, expected)


def large_problem(
    n_rows: int, n_features: int, n_components: int, covariance_type: str, dtype: type
) -> Problem:
    X: NDArray[Any] = clusters(n_rows, n_rows, n_features, n_components).astype(dtype)
    start = ref.m_step(
        ref.statistics(X, soft_start(n_features, n_rows, n_components)), covariance_type
    )
    weights = np.asarray(start.weights, np.float64)
    rng = np.random.default_rng(n_components)
    return Problem(
        X,
        rng.integers(0, 3, size=n_rows).astype(float),
        covariance_type,
        weights / weights.sum(),
        np.asarray(start.means, np.float64),
        np.asarray(ref.compact(covariance_type, start.covariances), np.float64),
    )


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@for_all(data=st.data())
@settings(max_examples=examples(0.25))
def test_factors_belong_to_their_covariances(covariance_type: str, data: st.DataObject) -> None:
    """U.T @ covariance @ U is the identity to D u condition, in units of standard deviations."""
    problem = data.draw(problems(covariance_type, rows=st.just(1)))
    mixture, n_features = problem.mixture(), problem.n_features
    shape = (covariance_type, mixture.precisions_cholesky, problem.n_components, n_features)
    factors, covariances = ref.matrices(*shape), problem.parameters().covariances
    for k, (factor, covariance) in enumerate(zip(factors, covariances, strict=True)):
        np.testing.assert_array_equal(factor, np.triu(factor))
        sd = np.sqrt(np.diag(covariance))
        condition = np.linalg.cond(np.asarray(covariance / np.outer(sd, sd), np.float64))
        bound = 8 * n_features * U * condition
        residual = factor.T @ covariance @ factor - np.eye(n_features, dtype=ref.Real)
        assert_within(residual, np.zeros_like(residual), bound, "U.T @ covariance @ U - I")
        pivots = np.diag(ref.cholesky(covariance))
        assert_within(
            mixture.log_determinants[k],
            2 * np.sum(np.log(pivots)),
            n_features * bound + 8 * U * np.sum(np.abs(2 * np.log(pivots))),
            "log_determinants",
        )


def statistics_of_kind(
    rng: np.random.Generator, kind: str, n_components: int, n_features: int
) -> tuple[gx.SufficientStatistics, ref.Statistics]:
    """Well-conditioned statistics, in the package's form and with the oracle's full scatters."""
    weight = rng.gamma(2.0, 30.0, size=n_components) + 1.0
    mean = 3 * rng.standard_normal((n_components, n_features))
    scatters = np.array([w * random_covariance(rng, n_features, 2.0) for w in weight])
    compact = np.asarray(ref.reduced_scatter(kind, ref.real(scatters)), np.float64)
    totals: dict[str, Any] = {
        "log_likelihood": -1.0,
        "total_weight": float(weight.sum()),
        "n_effective": float(weight.sum()),
        "n_rows": round(float(weight.sum())),
    }
    ours = gx.SufficientStatistics(
        weight=weight, mean=mean, scatter=compact, scatter_kind=kind, **totals
    )
    scatter = unreduced(kind, compact, n_components, n_features)
    return ours, ref.Statistics(
        weight=ref.real(weight), mean=ref.real(mean), scatter=scatter, **totals
    )


def unreduced(
    kind: str, compact: NDArray[np.float64], n_components: int, n_features: int
) -> ref.Array:
    """Scatter matrices with this reduction, from the same doubles that the package gets."""
    if kind == "full":
        return ref.real(compact)
    if kind == "diag":
        return np.array([np.diag(row) for row in ref.real(compact)])
    if kind == "trace":
        even = np.eye(n_features, dtype=ref.Real) / n_features
        return ref.real(compact)[:, None, None] * even
    first = np.arange(n_components) == 0
    return np.asarray(first[:, None, None] * ref.real(compact))


@pytest.mark.parametrize("reg_covar", [None, 0.25])
@pytest.mark.parametrize(
    ("kind", "covariance_type"),
    [(ref.SCATTER_KINDS[name], name) for name in ref.COVARIANCE_TYPES]
    + [("full", "tied"), ("full", "diag"), ("full", "spherical"), ("diag", "spherical")],
)
@for_all(
    seed=st.integers(0, 2**32 - 1), n_components=st.integers(1, 20), n_features=st.integers(1, 40)
)
@settings(max_examples=examples(0.15))
def test_m_step(
    kind: str,
    covariance_type: str,
    reg_covar: float | None,
    seed: int,
    n_components: int,
    n_features: int,
) -> None:
    ours, theirs = statistics_of_kind(np.random.default_rng(seed), kind, n_components, n_features)
    mixture = gx.m_step(ours, covariance_type=covariance_type, reg_covar=reg_covar)
    expected = ref.m_step(theirs, covariance_type, reg_covar or 0.0)
    assert_within(mixture.weights, expected.weights, 1e-14 * expected.weights, "weights")
    np.testing.assert_array_equal(mixture.means, ours.mean)
    covariances = ref.compact(covariance_type, expected.covariances)
    scale = np.max(np.abs(covariances))
    assert_within(mixture.covariances, covariances, 1e-13 * scale, "covariances")


@pytest.mark.parametrize("kind", ["pooled", "diag", "trace"])
def test_m_step_refuses_statistics_that_lack_what_it_needs(kind: str) -> None:
    statistics, _ = statistics_of_kind(np.random.default_rng(0), kind, 2, 3)
    with pytest.raises(gx.GaussmixError, match=kind):
        gx.m_step(statistics, covariance_type="full")


@pytest.mark.parametrize("reg_covar", [None, 1e-3])
@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@for_all(
    seed=st.integers(0, 2**32 - 1),
    n_components=st.integers(1, 4),
    n_features=st.integers(1, 6),
    weighted=st.booleans(),
)
@settings(max_examples=examples(0.1))
def test_em_step_by_step(
    covariance_type: str,
    reg_covar: float | None,
    seed: int,
    n_components: int,
    n_features: int,
    weighted: bool,
) -> None:
    """The trace and the parameters of plain EM are the oracle's, pass by pass."""
    n_rows = 20 * n_components * n_features + 37
    X = clusters(seed, n_rows, n_features, n_components)
    posterior = soft_start(seed, n_rows, n_components)
    weights = np.random.default_rng(seed).integers(0, 3, size=n_rows) if weighted else None
    result = fixed_passes(
        X,
        n_components,
        8,
        covariance_type=covariance_type,
        reg_covar=reg_covar,
        responsibilities_init=posterior,
        sample_weight=weights,
    )
    assume(not result.repairs)
    start = ref.m_step(ref.statistics(X, posterior, weights), covariance_type, reg_covar or 0.0)
    mixture, trace = ref.em(X, start, covariance_type, 8, weights, reg_covar or 0.0)
    scale = np.max(np.abs(trace))
    assert_within(result.trace, np.array(trace[:-1]), 1e-10 * scale, "trace")
    assert_within(result.log_likelihood, trace[-1], 1e-10 * scale, "log_likelihood")
    assert_within(result.mixture.weights, mixture.weights, 1e-9, "weights")
    assert_within(result.mixture.means, mixture.means, 1e-8, "means")
    covariances = ref.compact(covariance_type, mixture.covariances)
    bound = 1e-8 * np.max(np.abs(covariances))
    assert_within(result.mixture.covariances, covariances, bound, "covariances")
