"""The start by model-based hierarchical clustering, against a slow and obvious agglomeration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix._agreement import adjusted_rand_index
from gaussmix._hierarchical import hierarchical_labels
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from strategies import clusters

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


# ---- the oracle --------------------------------------------------------------------------------


def scaled_components(X: Float64, weight: Float64) -> Float64:
    """Principal components of the standardised columns, of variances root(eigenvalue) / mean."""
    centred = X - np.average(X, axis=0, weights=weight)
    Z = centred / np.sqrt(np.average(centred**2, axis=0, weights=weight))
    values, vectors = np.linalg.eigh(np.cov(Z.T, aweights=weight, ddof=0).reshape(2 * Z.shape[1:]))
    kept = values > 1e-10 * values.max()
    roots = np.sqrt(values[kept])
    return np.asarray(Z @ vectors[:, kept] / np.sqrt(roots * roots.mean()))


def criterion(points: Float64, weight: Float64) -> float:
    """The term of one cluster."""
    n, (m, D) = weight.sum(), points.shape
    centred = points - np.average(points, axis=0, weights=weight)
    scatter = (weight[:, None] * centred).T @ centred
    det = np.linalg.det(scatter / n) if 1 < D < m else 0.0
    return float(n * np.log(det + (np.trace(scatter) + (weight**2).sum() / n) / n))


def partitions(X: Float64, weight: Float64) -> list[Int64]:
    """Labels for 1, 2, ... clusters: each time every pair is tried, from the rows themselves."""
    points, which = np.unique(X, axis=0, return_inverse=True)
    mass = np.asarray(np.bincount(which, weight), np.float64)
    Z = scaled_components(points, mass)
    groups = [[i] for i in range(len(points))]

    def cost(a: list[int], b: list[int]) -> float:
        both, *parts = (criterion(Z[g], mass[g]) for g in (a + b, a, b))
        return both - sum(parts)

    found = []
    while True:
        label = np.empty(len(points), np.int64)
        for number, group in enumerate(sorted(groups, key=min)):
            label[group] = number
        found.append(label[which])
        if len(groups) == 1:
            return found[::-1]
        pairs = [(i, j) for j in range(len(groups)) for i in range(j)]
        i, j = min(pairs, key=lambda pair: cost(groups[pair[0]], groups[pair[1]]))
        groups[i] += groups.pop(j)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(26, 1), (26, 2), (24, 3), (22, 6)])
def test_every_merge_is_that_of_the_oracle(shape: tuple[int, int], weighted: bool) -> None:
    n, D = shape
    rng = np.random.default_rng([n, D, weighted])
    X = rng.normal(size=shape) @ rng.normal(size=(D, D)) + 4 * rng.integers(0, 2, size=(n, 1))
    X[-3:] = X[:3]
    weight = rng.gamma(2, size=n) if weighted else np.ones(n)
    expected = partitions(X, weight)
    labels = hierarchical_labels(
        X, range(1, len(expected) + 1), sample_weight=weight if weighted else None
    )
    np.testing.assert_array_equal(labels, expected)


# ---- what the partitions are -------------------------------------------------------------------


def islands(seed: int, n: int, D: int, K: int) -> tuple[Float64, Int64]:
    """Clusters of different shapes, far apart."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(n) % K)
    shapes = rng.normal(size=(K, D, D)) / np.sqrt(D)
    X = np.einsum("nd,nde->ne", rng.normal(size=(n, D)), shapes[truth])
    centres = 15 * np.stack([rng.permutation(K) for _ in range(D)], axis=1)
    return X + centres[truth], truth


@pytest.mark.parametrize(("n", "D", "K"), [(60, 1, 2), (200, 2, 3), (300, 5, 5), (5000, 3, 4)])
def test_clusters_far_apart_are_found(n: int, D: int, K: int) -> None:
    X, truth = islands(1, n, D, K)
    (labels,) = hierarchical_labels(X, [K], seed=3)
    assert adjusted_rand_index(labels, truth) == 1


def test_partitions_are_nested_and_in_the_order_asked_for() -> None:
    X = clusters(2, 150, 3, 4)
    labels = hierarchical_labels(X, [7, 2, 7, 4, 150])
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels[0], labels[2])
    assert [len(np.unique(row)) for row in labels] == [7, 2, 7, 4, 150]
    for fine, coarse in ((0, 3), (3, 1)):
        assert len(set(zip(labels[fine], labels[coarse], strict=True))) == labels[fine].max() + 1
    assert hierarchical_labels(X, []).shape == (0, 150)


def test_every_row_its_own_cluster() -> None:
    X = np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 0.0]])
    np.testing.assert_array_equal(hierarchical_labels(X, [3])[0], [2, 0, 1])
    result = gx.fit(X, 3, init_params="hierarchical", random_state=0)
    assert sorted(result.mixture.means[:, 0]) == pytest.approx([1, 2, 3])


def test_fewer_distinct_rows_than_components() -> None:
    X = np.repeat([[0.0, 0.0], [1.0, 5.0]], 4, axis=0)
    assert hierarchical_labels(X, [3])[0].tolist() == [0] * 4 + [1] * 4
    result = gx.fit(X, 3, init_params="hierarchical", random_state=0)
    assert np.isfinite(result.log_likelihood)
    assert any(result.repairs.emptied)


def test_the_order_of_the_rows_does_not_matter() -> None:
    X = clusters(3, 120, 2, 3)
    order = np.random.default_rng(3).permutation(120)
    wanted = [2, 3, 8, 30]
    np.testing.assert_array_equal(
        hierarchical_labels(X[order], wanted), hierarchical_labels(X, wanted)[:, order]
    )


def test_a_weight_is_a_repetition() -> None:
    rng = np.random.default_rng(4)
    X, times = clusters(4, 90, 3, 3), rng.integers(1, 5, size=90)
    repeated = np.repeat(X, times, axis=0)
    wanted = [2, 3, 5, 20]
    by_weight = hierarchical_labels(X, wanted, sample_weight=times)
    np.testing.assert_array_equal(
        hierarchical_labels(repeated, wanted), np.repeat(by_weight, times, axis=1)
    )
    scaled = hierarchical_labels(X, wanted, sample_weight=0.37 * times)
    np.testing.assert_array_equal(scaled, by_weight)


@pytest.mark.parametrize("weight", [0.0, 1e-30])
def test_rows_of_no_weight_change_nothing_and_are_assigned(weight: float) -> None:
    X, truth = islands(5, 120, 2, 3)
    weights = np.ones(120)
    weights[::3] = weight
    (alone,) = hierarchical_labels(X[weights == 1], [3])
    (labels,) = hierarchical_labels(X, [3], sample_weight=weights)
    assert adjusted_rand_index(labels[weights == 1], alone) == 1
    assert adjusted_rand_index(labels, truth) == 1


@pytest.mark.parametrize("n", [200, 3000])
def test_units_and_offsets_of_the_columns_do_not_matter(n: int) -> None:
    X = clusters(6, n, 3, 4)
    wanted = [2, 4, 9]
    other = (X + np.array([5.0, -3.0, 100.0])) * np.array([1e-7, -30.0, 1e9])
    for a, b in zip(
        hierarchical_labels(X, wanted, seed=1),
        hierarchical_labels(other, wanted, seed=1),
        strict=True,
    ):
        assert adjusted_rand_index(a, b) == 1


@pytest.mark.parametrize("n", [300, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_of_threads_gives_the_same_bits(n: int, dtype: type) -> None:
    X: NDArray[Any] = clusters(7, n, 4, 3).astype(dtype)
    wanted = [3, 10]
    np.testing.assert_array_equal(
        hierarchical_labels(X, wanted, seed=2, n_threads=1),
        hierarchical_labels(X, wanted, seed=2, n_threads=2),
    )
    options: dict[str, Any] = {"init_params": "hierarchical", "random_state": 2, "n_init": 2}
    first = gx.fit(X, 3, n_threads=1, **options)
    assert first.mixture == gx.fit(X, 3, n_threads=2, **options).mixture


@pytest.mark.parametrize("extra", ["constant", "copy", "nearly constant"])
def test_columns_that_say_nothing_change_nothing(extra: str) -> None:
    X, _ = islands(8, 150, 2, 3)
    column = {
        "constant": np.full(150, 0.1),
        "copy": X[:, 0],
        "nearly constant": np.nextafter(np.full(150, 0.1), np.arange(150) % 2),
    }[extra]
    wider = np.column_stack([X, column])
    (labels,) = hierarchical_labels(wider, [3])
    assert adjusted_rand_index(labels, hierarchical_labels(X, [3])[0]) == 1
    result = gx.fit(wider, 3, init_params="hierarchical", random_state=0)
    assert adjusted_rand_index(result.mixture.assign(wider), labels) == 1


# ---- more rows than the tree takes -------------------------------------------------------------


def test_the_random_part_comes_from_the_seed() -> None:
    X = np.random.default_rng(9).normal(size=(4000, 2))
    first, again, other = (hierarchical_labels(X, [4], seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert adjusted_rand_index(first, other) < 1


def test_rows_beyond_the_tree_follow_their_responsibilities() -> None:
    """Most labels are those of the mixture that the labels lead to, for two clear clusters."""
    X, truth = islands(10, 6000, 2, 2)
    start = gx.fit(X, 2, init_params="hierarchical", max_iter=0, random_state=0)
    moments = [X[truth == k].mean(0) for k in range(2)]
    order = np.argsort(start.mixture.means[:, 0])
    expected = np.array(moments)[np.argsort([m[0] for m in moments])]
    np.testing.assert_allclose(start.mixture.means[order], expected, rtol=1e-9, atol=1e-9)


def test_few_heavy_rows_are_in_the_random_part() -> None:
    X = np.random.default_rng(11).normal(size=(5000, 2))
    weight = np.full(5000, 1e-3)
    X[:60], weight[:60] = islands(11, 60, 2, 3)[0], 50.0
    (labels,) = hierarchical_labels(X, [3], sample_weight=weight, seed=5)
    assert adjusted_rand_index(labels[:60], islands(11, 60, 2, 3)[1]) == 1


def test_further_starts_differ() -> None:
    """Of all rows there is one such start, the second is by k-means; of parts there are more."""
    for n in (300, 4000):
        X = np.random.default_rng(12).normal(size=(n, 2))
        options: dict[str, Any] = {"n_init": 2, "max_iter": 0, "random_state": 1}
        first, second = gx.fit(X, 4, init_params="hierarchical", **options).starts
        assert first.mixture != second.mixture
        by_kmeans = gx.fit(X, 4, init_params="kmeans", **options).starts[1].mixture
        assert (second.mixture == by_kmeans) == (n == 300)


# ---- as a start of EM --------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_the_fit_starts_from_the_labels(covariance_type: str) -> None:
    X = clusters(13, 250, 3, 3)
    shares = np.eye(4)[hierarchical_labels(X, [4])[0]]
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    expected = gx.fit(X, 4, responsibilities_init=shares, max_iter=0, **options).mixture
    mixture = gx.fit(X, 4, init_params="hierarchical", max_iter=0, **options).mixture
    np.testing.assert_allclose(mixture.weights, expected.weights, rtol=1e-12)
    np.testing.assert_allclose(mixture.means, expected.means, rtol=1e-10)
    np.testing.assert_allclose(mixture.covariances, expected.covariances, rtol=1e-9, atol=1e-12)


def test_a_prior_has_no_part_in_the_labels_of_a_sample() -> None:
    """It counts in rows of the data, of which the first M-step is: Fraley & Raftery (2007)."""
    X = clusters(15, 2500, 2, 3, 1.0)
    options: dict[str, Any] = {"init_params": "hierarchical", "max_iter": 0, "random_state": 0}
    plain = gx.fit(X, 3, **options).mixture
    kappa, dof, mean, scale = 50.0, 2000.0, np.ones(2), 2000.0 * np.eye(2)
    prior = gx.Prior(shrinkage=kappa, mean=mean, dof=dof, scale=scale)
    found = gx.fit(X, 3, prior=prior, **options).mixture
    n = len(X) * plain.weights[:, None]
    np.testing.assert_allclose(found.weights, plain.weights, rtol=1e-12)
    np.testing.assert_allclose(found.means, (n * plain.means + kappa * mean) / (n + kappa))
    n, shift = n[:, :, None], plain.means - mean
    about = kappa * n / (kappa + n) * np.einsum("ki,kj->kij", shift, shift)
    expected = (scale + n * plain.covariances + about) / (dof + n + 2 + 2)
    np.testing.assert_allclose(found.covariances, expected, rtol=1e-10)


def reached(X: Float64, table: Any, code: str, K: int) -> float:
    """How far above mclust's log-likelihood the fit from this start ends."""
    types = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}
    result = gx.fit(X, K, covariance_type=types[code], init_params="hierarchical", random_state=0)
    return float(result.log_likelihood - table["log_likelihood"][code][K - 1])


@pytest.mark.parametrize("code", ["VVV", "EEE", "VVI", "VII"])
@pytest.mark.parametrize("K", [2, 3, 4])
def test_iris_ends_where_mclust_ends(iris: Float64, published: Any, code: str, K: int) -> None:
    assert reached(iris, published("mclust_table_iris.json"), code, K) > -0.05


@pytest.mark.parametrize("K", [2, 3])
def test_faithful_ends_where_mclust_ends(faithful: Float64, published: Any, K: int) -> None:
    assert reached(faithful, published("mclust_table_faithful.json"), "VVV", K) > -0.05


def test_given_means_come_before_the_start() -> None:
    X = clusters(14, 100, 2, 3)
    by_words = [
        gx.fit(X, 3, means_init=X[:3], init_params=word, max_iter=0, random_state=0).mixture
        for word in ("kmeans", "hierarchical")
    ]
    assert by_words[0] == by_words[1]


def test_who_fits_takes_the_word() -> None:
    """Of so few rows nothing is drawn: whoever fits, and with whatever seed, finds the same."""
    sets = [clusters(seed, 120, 2, 3) for seed in (15, 16)]
    many = gx.fit_many(sets, 3, init_params="hierarchical", random_state=1)
    for X, result in zip(sets, many, strict=True):
        model = gx.GaussianMixture(n_components=3, init_params="hierarchical").fit(X)
        assert model.result_.mixture == result.mixture
        assert gx.fit(X, 3, init_params="hierarchical", random_state=2).mixture == result.mixture


# ---- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_components", "options", "error", "message"),
    [
        ([0], {}, GaussmixError, "n_components must be an integer >= 1, got 0"),
        ([2, 7], {}, GaussmixError, "n_components=7 is more than the number of rows"),
        ([2.0], {}, GaussmixTypeError, "n_components must be an integer"),
        ([2], {"sample_weight": [1, 1, 1]}, GaussmixError, "one weight per row"),
        ([3], {"sample_weight": [1, 1, 0, 0, 0, 0]}, GaussmixError, "positive sample_weight"),
        ([2], {"n_threads": 0}, GaussmixError, "n_threads"),
    ],
)
def test_bad_input_is_refused(
    n_components: list[Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hierarchical_labels(np.eye(6), n_components, **options)


def test_a_misspelt_word_is_answered_with_the_word() -> None:
    with pytest.raises(GaussmixError, match="Did you mean 'hierarchical'"):
        gx.fit(np.eye(6), 2, init_params="hierachical")


def test_a_start_knows_nothing_of_the_run_before_it() -> None:
    """Of a sample, so that it makes a pass of its own; after a run that dropped components."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        centres, labels = rng.normal(0, 20, (12, 2)), rng.integers(12, size=9000)
        X = centres[labels] + rng.normal(size=(9000, 2))
        X[labels == 0] = centres[0]
        dropping, repairing = (
            quiet(
                X,
                12,
                init_params="hierarchical",
                n_init=2,
                max_iter=20,
                random_state=seed,
                on_degenerate=policy,
            )
            for policy in ("drop", "repair")
        )
        assert dropping.starts[1].trace[0] == repairing.starts[1].trace[0]
