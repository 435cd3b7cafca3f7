"""Overlap, distance and confusion of components are what theory and brute force say."""

from __future__ import annotations

import math
import pickle
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg, stats

import gaussmix as gx
import reference as ref
from strategies import clusters

Float64 = NDArray[np.float64]
Phi = NormalDist().cdf

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def matrices_of(mixture: gx.Mixture) -> Float64:
    K, D = mixture.n_components, mixture.n_features
    return ref.matrices(mixture.covariance_type.value, mixture.covariances, K, D).astype(float)


def fitted(covariance_type: str, K: int = 3, D: int = 2) -> gx.Mixture:
    X = clusters(4, 300, D, 3)
    return gx.fit(X, K, covariance_type=covariance_type, random_state=0).mixture


# --- overlap ----------------------------------------------------------------------------------


def test_two_normals_of_equal_variance() -> None:
    """Phi(-delta / 2 + log(w_j / w_i) / delta), with delta the distance in standard deviations."""
    weights, means, sd = (0.2, 0.8), (1.0, 4.0), 1.7
    mixture = gx.Mixture(weights, [[m] for m in means], [sd**2] * 2, "spherical")
    delta = (means[1] - means[0]) / sd
    overlap = gx.pairwise_overlap(mixture)
    for i, j in ((0, 1), (1, 0)):
        expected = Phi(-delta / 2 + math.log(weights[j] / weights[i]) / delta)
        assert overlap.misclassification[i, j] == pytest.approx(expected, rel=1e-12)
    assert overlap.standard_errors.tolist() == [[0, 0], [0, 0]]
    assert overlap.maximum == overlap.average == overlap.pairwise[0, 1]
    assert overlap.closest_pair == (0, 1)


@each_structure
@pytest.mark.parametrize("distance", [0.0, 1e-14, 1e-10, 1e-3])
def test_components_in_one_place_are_a_tie(covariance_type: str, distance: float) -> None:
    """Phi(-delta / 2) of equal weights goes to a half; of others the heavier one takes it all."""
    means = [[1.0, 2.0], [1.0 + distance, 2.0]]
    covariances = ref.compact(covariance_type, np.stack([np.eye(2)] * 2))
    for weights in ((0.5, 0.5), (0.3, 0.7)):
        mixture = gx.Mixture(weights, means, covariances, covariance_type)
        overlap = gx.pairwise_overlap(mixture)
        expected = Phi(-distance / 2) if weights[0] == weights[1] else 1.0
        np.testing.assert_allclose(overlap.misclassification[0], [1, expected], atol=1e-12)
        assert overlap.maximum == pytest.approx(2 * Phi(-distance / 2) if expected < 1 else 1.0)
        assert not overlap.standard_errors.any()


@pytest.mark.parametrize("D", [2, 5])
def test_tied_covariances_are_exact_too(D: int) -> None:
    mixture = fitted("tied", D=D)
    inverse = np.linalg.inv(matrices_of(mixture)[0])
    overlap = gx.pairwise_overlap(mixture)
    for i in range(3):
        for j in set(range(3)) - {i}:
            step = mixture.means[i] - mixture.means[j]
            delta = math.sqrt(step @ inverse @ step)
            odds = math.log(mixture.weights[j] / mixture.weights[i])
            expected = Phi(-delta / 2 + odds / delta)
            assert overlap.misclassification[i, j] == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert not overlap.standard_errors.any()


@pytest.mark.parametrize(
    ("weights", "means", "variances"),
    [((0.5, 0.5), (0.0, 1.0), (1.0, 4.0)), ((0.9, 0.1), (0.0, 0.0), (1.0, 9.0)),
     ((0.1, 0.9), (0.0, 0.3), (1.0, 1.5)), ((0.3, 0.7), (-2.0, 6.0), (0.01, 2.0))],
)  # fmt: skip
def test_one_dimension_is_an_integral(
    weights: tuple[float, float], means: tuple[float, float], variances: tuple[float, float]
) -> None:
    """The density of i where j's is higher, added up on a fine grid."""
    mixture = gx.Mixture(weights, [[m] for m in means], variances, "spherical")
    overlap = gx.pairwise_overlap(mixture)
    for i, j in ((0, 1), (1, 0)):
        sd = math.sqrt(variances[i])
        x, step = np.linspace(means[i] - 12 * sd, means[i] + 12 * sd, 2_400_001, retstep=True)
        # N(x | k) but for a constant that both share.
        density = [
            np.exp(-((x - m) ** 2) / (2 * v)) / math.sqrt(v)
            for m, v in zip(means, variances, strict=True)
        ]
        higher = weights[i] * density[i] < weights[j] * density[j]
        expected = (density[i] * higher).sum() * step / math.sqrt(2 * math.pi)
        # The grid may be off by a step at each of two ends, of a density of at most 0.4 / sd.
        assert overlap.misclassification[i, j] == pytest.approx(expected, abs=0.4 * 2 * step / sd)
    assert not overlap.standard_errors.any()


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
@pytest.mark.parametrize("D", [2, 4])
def test_it_is_the_share_of_misclassified_draws(covariance_type: str, D: int) -> None:
    mixture = fitted(covariance_type, D=D)
    overlap = gx.pairwise_overlap(mixture)
    n = 200_000
    X, labels = mixture.sample(n, random_state=1)
    joint = np.log(mixture.weights) + mixture.component_log_density(X)
    for i in range(3):
        own = joint[labels == i]
        for j in set(range(3)) - {i}:
            share = float((own[:, j] > own[:, i]).mean())
            p = overlap.misclassification[i, j]
            of_draws = math.sqrt(p * (1 - p) / len(own))
            error = math.hypot(of_draws, float(overlap.standard_errors[i, j]))
            assert abs(share - p) < 5 * error + 1 / len(own)
    assert (overlap.standard_errors < 0.01).all()
    assert overlap.misclassification.diagonal().tolist() == [1, 1, 1]


def test_standard_errors_tell_how_far_other_draws_lie() -> None:
    mixture = fitted("full")
    several = [gx.pairwise_overlap(mixture, 400, seed) for seed in range(60)]
    values = np.stack([one.misclassification for one in several])
    errors = several[0].standard_errors
    drawn = errors > 1e-5
    assert drawn.any()
    # 60 draws know a deviation to 1 / sqrt(120): five times that either way, and as much again for
    # the errors, which are estimates themselves.
    ratio = (
        values.std(axis=0, ddof=1)[drawn]
        / np.median([one.standard_errors for one in several], axis=0)[drawn]
    )
    assert (abs(np.log(ratio)) < 1).all()


def spherical_overlap(distance: float, D: int, variances: Any, weights: Any) -> float:
    """The probability that a row of the first is given to the second, a tail of chi squared.

    With x = mu_i + sd_i z twice the log of the ratio is c + a |z|^2 + 2 b z_1, a multiple of
    |z + b / a|^2 but for a constant.
    """
    (own, other), (own_weight, other_weight) = variances, weights
    a, b = 1 - own / other, math.sqrt(own) * distance / other
    c = D * math.log(own / other) + 2 * math.log(other_weight / own_weight) - distance**2 / other
    tail = stats.ncx2.sf if a > 0 else stats.ncx2.cdf
    return float(tail((b**2 / a - c) / a, D, (b / a) ** 2))


SPHERES = [
    (2.0, 2, (1.0, 1.3), (0.5, 0.5)),
    (0.0, 3, (1.0, 4.0), (0.9, 0.1)),
    (6.0, 10, (1.0, 1.2), (0.5, 0.5)),
    (12.0, 50, (1.0, 0.9), (0.3, 0.7)),
    (2.0, 50, (1.0, 1.1), (1e-3, 1 - 1e-3)),  # nearly all rows of the first are the second's
    (7.0, 200, (1.0, 1.05), (0.5, 0.5)),
    (12.0, 500, (1.0, 1.1), (0.5, 0.5)),
    (0.0, 500, (1.0, 1.7), (0.5, 0.5)),
]


def spheres(distance: float, D: int, variances: Any, weights: Any) -> gx.Mixture:
    direction = np.random.default_rng(0).normal(size=D)
    direction *= distance / np.linalg.norm(direction)
    return gx.Mixture(weights, [np.zeros(D), direction], variances, "spherical")


@pytest.mark.parametrize("case", SPHERES)
def test_spheres_in_many_columns_overlap_in_a_tail_of_chi_squared(case: Any) -> None:
    distance, D, variances, weights = case
    overlap = gx.pairwise_overlap(spheres(*case))
    for i, j in ((0, 1), (1, 0)):
        pair = [i, j]
        exact = spherical_overlap(distance, D, np.array(variances)[pair], np.array(weights)[pair])
        error = overlap.standard_errors[i, j]
        assert abs(overlap.misclassification[i, j] - exact) < 4 * error
        assert error < 0.05 * min(exact, 1 - exact)


@pytest.mark.parametrize("case", [case for case in SPHERES if case[1] <= 200])
def test_errors_are_as_large_as_they_are_said_to_be(case: Any) -> None:
    exact = spherical_overlap(*case)
    several = [gx.pairwise_overlap(spheres(*case), 200, seed) for seed in range(50)]
    off = np.array([one.misclassification[0, 1] - exact for one in several])
    off /= [one.standard_errors[0, 1] for one in several]
    assert np.count_nonzero(abs(off) > 4) <= 1
    assert 0.5 < off.std() < 1.5


def test_tied_covariances_are_exact_in_many_columns() -> None:
    """Phi(-distance / 2), one in a hundred million and one in 10^88."""
    for distance in (11.0, 40.0):
        direction = np.random.default_rng(0).normal(size=500)
        direction *= distance / np.linalg.norm(direction)
        mixture = gx.Mixture([0.5, 0.5], [np.zeros(500), direction], np.eye(500), "tied")
        overlap = gx.pairwise_overlap(mixture)
        assert overlap.misclassification[0, 1] == pytest.approx(Phi(-distance / 2), rel=1e-9)
        assert not overlap.standard_errors.any()


@pytest.mark.parametrize("distance", [1.0, 4.0, 9.0])
def test_two_dimensions_are_an_integral(distance: float) -> None:
    """The density of i where j's is higher, on a grid around each: from 0.2 down to 1e-6."""
    covariances = np.array([[[1.0, 0.6], [0.6, 2.0]], [[1.5, -0.4], [-0.4, 0.7]]])
    mixture = gx.Mixture([0.4, 0.6], [[0.0, 0.0], [distance, 0.5]], covariances)
    overlap = gx.pairwise_overlap(mixture)
    line, step = np.linspace(-10.0, 20.0, 2001, retstep=True)
    joint = mixture.component_log_density(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2))
    joint += np.log(mixture.weights)
    for i, j in ((0, 1), (1, 0)):
        higher = joint[:, j] > joint[:, i]
        expected = np.exp(joint[higher, i]).sum() * step**2 / mixture.weights[i]
        # The boundary is known to half a step: beside what is beyond it, of the order of that.
        found, error = overlap.misclassification[i, j], overlap.standard_errors[i, j]
        assert abs(found - expected) < 4 * error + 5e-3 * expected


def test_overlap_is_the_same_every_time_and_a_record() -> None:
    mixture = fitted("full")
    overlap = gx.pairwise_overlap(mixture)
    assert overlap == gx.pairwise_overlap(mixture, random_state=0)
    assert overlap != gx.pairwise_overlap(mixture, random_state=1)
    assert pickle.loads(pickle.dumps(overlap)) == overlap
    assert repr(overlap).startswith("Overlap(3 components, average ")
    assert (overlap.pairwise == overlap.pairwise.T).all()
    pairs = overlap.pairwise[np.triu_indices(3, 1)]
    assert overlap.average == pytest.approx(pairs.mean())
    assert overlap.pairwise[overlap.closest_pair] == overlap.maximum == pairs.max()


def test_a_component_without_weight_is_never_taken() -> None:
    mixture = gx.Mixture([0.0, 1.0], [[0.0], [0.5]], [1.0, 2.0], "spherical")
    assert gx.pairwise_overlap(mixture).misclassification.tolist() == [[1, 1], [0, 1]]


def test_a_single_component_overlaps_with_nothing() -> None:
    one = gx.Mixture([1.0], [[0.0]], [1.0], "spherical")
    assert repr(gx.pairwise_overlap(one)) == "Overlap(1 component, average 0, maximum 0)"
    overlap = gx.pairwise_overlap(gx.Mixture([1.0], [[0.0]], [1.0], "spherical"))
    assert (overlap.average, overlap.maximum, overlap.closest_pair) == (0.0, 0.0, None)


# --- Bhattacharyya ----------------------------------------------------------------------------


@each_structure
def test_the_distance_is_its_formula(covariance_type: str) -> None:
    mixture = fitted(covariance_type, D=3)
    covariances = matrices_of(mixture)
    distances = gx.bhattacharyya_distances(mixture)
    for i in range(3):
        for j in range(3):
            middle = (covariances[i] + covariances[j]) / 2
            step = mixture.means[i] - mixture.means[j]
            dets = [np.linalg.det(matrix) for matrix in (middle, covariances[i], covariances[j])]
            expected = step @ np.linalg.inv(middle) @ step / 8
            expected += math.log(dets[0] / math.sqrt(dets[1] * dets[2])) / 2
            assert distances[i, j] == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert distances.diagonal().tolist() == [0, 0, 0]


@pytest.mark.parametrize("thin", [1e-3, 1e-8, 1e-10])
def test_the_distance_of_components_that_are_thin_alike_is_that_of_their_factors(
    thin: float,
) -> None:
    """Along common axes it is a sum; their matrices have lost the thin one to rounding."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        axes = linalg.qr(rng.normal(size=(3, 3)))[0]
        sds = np.array([[1.0, 2.0, thin], [0.5, 3.0, 2 * thin]])
        # Upper triangular U with U U^T = axes / sds^2 axes^T.
        triangles = np.stack([linalg.rq(axes / sd)[0] for sd in sds])
        factors = triangles * np.sign(np.diagonal(triangles, axis1=1, axis2=2))[:, None, :]
        covariances = np.stack([axes * sd**2 @ axes.T for sd in sds])
        mixture = gx.Mixture(
            [0.5, 0.5],
            [np.zeros(3), axes @ [1.0, -1.0, 0.0]],
            (covariances + covariances.swapaxes(1, 2)) / 2,
            precisions_cholesky=factors,
        )
        step = axes.T @ mixture.means[1] * [1, 1, 0]
        middle = (sds**2).mean(axis=0)
        expected = (step**2 / middle / 8 + np.log(middle / sds.prod(axis=0)) / 2).sum()
        distances = gx.bhattacharyya_distances(mixture)
        # What is left of the step along the thin axis is rounding, of 1e-16 beside `thin`.
        assert distances[0, 1] == pytest.approx(expected, rel=1e-15 / thin + 1e-9)
        assert distances[0, 1] == distances[1, 0]


def test_the_coefficient_is_the_integral_of_the_root() -> None:
    mixture = gx.Mixture([0.5, 0.5], [[0.0], [2.0]], [1.0, 3.0], "spherical")
    x, step = np.linspace(-30.0, 30.0, 60_001, retstep=True)
    roots = np.exp(mixture.component_log_density(x[:, None]) / 2).prod(axis=1)
    coefficient = math.exp(-gx.bhattacharyya_distances(mixture)[0, 1])
    assert coefficient == pytest.approx(roots.sum() * step, rel=1e-12)


# --- confusion and uncertainty ----------------------------------------------------------------


@each_structure
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_confusion_is_its_definition(covariance_type: str, dtype: Any) -> None:
    X = clusters(4, 300, 2, 3).astype(dtype)
    weight = np.random.default_rng(0).gamma(1.0, size=len(X))
    result = gx.fit(X, 4, covariance_type=covariance_type, random_state=0)
    rows = X.astype(np.float64)  # sums are not of responsibilities in single precision
    table, labels = result.mixture.responsibilities(rows), result.mixture.assign(rows)
    found = gx.confusion(result, X, weight)
    for k in range(4):
        own = labels == k
        expected = (weight[own, None] * table[own]).sum(axis=0) / weight[own].sum()
        np.testing.assert_allclose(found[k], expected, rtol=1e-12)
    np.testing.assert_allclose(gx.confusion(result, X, 3 * weight), found, rtol=1e-12)


def test_confusion_is_that_of_the_true_components() -> None:
    """Rows of a known mixture: the counts are binomial about what is expected."""
    mixture = gx.Mixture([0.4, 0.6], [[0.0], [2.0]], [1.0, 1.0], "spherical")
    X, components = mixture.sample(20_000, random_state=3)
    labels, found = mixture.assign(X), gx.confusion(mixture, X)
    for k in range(2):
        own = components[labels == k]
        share, p = float((own == k).mean()), found[k, k]
        assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / len(own))


def test_a_label_without_rows_is_unknown() -> None:
    mixture = gx.Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 1.0], "spherical")
    found = gx.confusion(mixture, [[0.0], [9.0]], [1.0, 0.0])
    assert found[0].tolist() == pytest.approx([1.0, 0.0])
    assert np.isnan(found[1]).all()


@each_structure
def test_uncertainty_is_what_the_label_leaves(covariance_type: str) -> None:
    X = clusters(4, 200, 2, 3)
    mixture = fitted(covariance_type)
    table = mixture.responsibilities(X)
    found = mixture.uncertainty(X)
    np.testing.assert_allclose(found, 1 - table.max(axis=1), atol=1e-15)
    others = [
        np.delete(row, label).sum() for row, label in zip(table, mixture.assign(X), strict=True)
    ]
    np.testing.assert_allclose(found, others, rtol=1e-14)  # to all digits where it is tiny
    assert mixture.uncertainty(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    "model",
    [gx.GaussianMixture(3, random_state=0), gx.GaussianMixtureSelector(3, random_state=0)],
    ids=["GaussianMixture", "GaussianMixtureSelector"],
)
def test_a_fitted_estimator_serves_for_its_result(model: Any) -> None:
    X = clusters(4, 200, 2, 3)
    with pytest.raises(gx.NotFittedError, match="not fitted yet"):
        gx.pairwise_overlap(type(model)())
    result = model.fit(X).result_
    assert gx.pairwise_overlap(model) == gx.pairwise_overlap(result)
    for found, wanted in (
        (gx.bhattacharyya_distances(model), gx.bhattacharyya_distances(result)),
        (gx.confusion(model, X), gx.confusion(result, X)),
    ):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("function", [gx.confusion, gx.merge_components])
@pytest.mark.parametrize("wrong", [0, -3, True, "a", 2.5])
def test_a_wrong_number_of_threads_is_refused(function: Any, wrong: Any) -> None:
    kind = gx.GaussmixError if wrong in (0, -3) else gx.GaussmixTypeError
    with pytest.raises(kind, match="n_threads must be an integer >= 1"):
        function(fitted("full"), clusters(4, 30, 2, 3), n_threads=wrong)


@pytest.mark.parametrize("function", [gx.confusion, gx.merge_components])
def test_threads_may_be_numbered_by_numpy(function: Any) -> None:
    function(fitted("full"), clusters(4, 30, 2, 3), n_threads=np.int64(2))


def test_bad_arguments_are_refused() -> None:
    mixture = fitted("full")
    for function in (gx.pairwise_overlap, gx.bhattacharyya_distances):
        with pytest.raises(gx.GaussmixTypeError, match="result must be a FitResult"):
            function("full")  # type: ignore[operator]
    with pytest.raises(gx.GaussmixError, match="n_samples"):
        gx.pairwise_overlap(mixture, 1)
    with pytest.raises(gx.GaussmixError, match="expecting 2 features"):
        gx.confusion(mixture, [[1.0]])
    with pytest.raises(gx.GaussmixError, match="expecting 2 features"):
        mixture.uncertainty([[1.0]])
