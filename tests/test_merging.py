"""Merging is what a direct computation from the definition says, and what mclust says."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import gaussmix.merging
import reference as ref
from gaussmix._elbow import elbow
from gaussmix.datasets import load_faithful, load_iris
from strategies import clusters

Float64 = NDArray[np.float64]
Groups = tuple[tuple[int, ...], ...]

DATA = {"faithful": load_faithful, "iris": load_iris}


def entropy(table: Float64, weight: Float64) -> float:
    terms = [w * -r * np.log(r) for row, w in zip(table, weight, strict=True) for r in row if r > 0]
    return float(sum(terms))


def union(table: Float64, groups: Groups) -> Float64:
    return np.stack([table[:, list(group)].sum(axis=1) for group in groups], axis=1)


def direct(table: Float64, weight: Float64) -> list[tuple[Groups, float]]:
    """Every number of clusters from K down to 1: each pair is tried, the entropy computed anew."""
    groups: Groups = tuple((k,) for k in range(table.shape[1]))
    found = [(groups, entropy(table, weight))]
    while len(groups) > 1:
        pairs = [(i, j) for j in range(len(groups)) for i in range(j)]
        tried = []
        for i, j in pairs:
            others = [group for k, group in enumerate(groups) if k not in (i, j)]
            united = tuple(sorted([*others, tuple(sorted(groups[i] + groups[j]))]))
            tried.append((united, entropy(union(table, united), weight)))
        groups, value = min(tried, key=lambda one: one[1])
        found.append((groups, value))
    return found


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_direct_computation(covariance_type: str, weighted: bool) -> None:
    X = clusters(3, 150, 2, 3)
    weight = np.random.default_rng(0).gamma(1.0, size=len(X)) if weighted else None
    result = gx.fit(X, 6, covariance_type=covariance_type, random_state=0)
    tree = gx.merge_components(result, X, weight)
    table = result.mixture.responsibilities(X)
    expected = direct(table, np.ones(len(X)) if weight is None else weight)
    assert [tree.groups(6 - i) for i in range(6)] == [groups for groups, _ in expected]
    np.testing.assert_allclose(
        tree.entropy[::-1], [value for _, value in expected], rtol=1e-12, atol=1e-11
    )
    for groups, _ in expected:
        shares = tree.responsibilities(X, len(groups))
        np.testing.assert_allclose(shares, union(table, groups), rtol=1e-14)
        assert (tree.labels(X, len(groups)) == shares.argmax(axis=1)).all()


def test_it_takes_the_memory_of_the_responsibilities() -> None:
    K, n = 12, 400_000
    mixture = gx.Mixture(np.full(K, 1 / K), 4.0 * np.arange(K)[:, None], np.ones(K), "spherical")
    X, _ = mixture.sample(n, random_state=0)
    tracemalloc.start()
    gx.merge_components(mixture, X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1.0 < peak / (8 * n * K) < 1.4


@pytest.mark.parametrize("name", ["faithful", "iris"])
def test_it_is_what_mclust_says(name: str, published: Callable[[str], Any]) -> None:
    X = DATA[name]().data
    said = published("mclust_combi.json")[name]
    K, D = len(said["weights"]), X.shape[1]
    means, covariances = (
        np.reshape(said["means"], (K, D)),
        np.reshape(said["covariances"], (K, D, D)),
    )
    tree = gx.merge_components(gx.Mixture(said["weights"], means, covariances), X)
    np.testing.assert_allclose(tree.entropy, said["entropy"], rtol=1e-10, atol=1e-10)
    assert tree.merged_weight.tolist() == said["merged_rows"]
    for k, groups in enumerate(said["groups"], start=1):
        assert sorted(map(list, tree.groups(k))) == sorted(groups)
    assert tree.n_clusters == said["elbow_by_merged_rows"]
    np.testing.assert_allclose(
        tree.normalised_differences,
        np.diff(said["entropy"]) / said["merged_rows"],
        rtol=1e-9,
        atol=1e-12,
    )


def test_integer_weights_are_repeated_rows() -> None:
    X = clusters(5, 60, 2, 2)
    counts = np.random.default_rng(1).integers(0, 4, size=len(X))
    mixture = gx.fit(X, 4, random_state=0).mixture
    weighted = gx.merge_components(mixture, X, counts)
    repeated = gx.merge_components(mixture, np.repeat(X, counts, axis=0))
    assert weighted.merges == repeated.merges
    np.testing.assert_allclose(weighted.entropy, repeated.entropy, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(weighted.merged_weight, repeated.merged_weight)


def test_halves_of_a_component_go_together_first() -> None:
    """Two equal components in one place leave log 2 per row of theirs, and nothing else does."""
    means = [[0.0], [500.0], [0.0], [900.0]]
    mixture = gx.Mixture([0.3, 0.2, 0.3, 0.2], means, [1.0] * 4, "spherical")
    X, labels = mixture.sample(1000, random_state=0)
    tree = gx.merge_components(mixture, X)
    own = int(np.isin(labels, (0, 2)).sum())
    assert tree.merges[0] == (0, 2)
    np.testing.assert_allclose(tree.entropy, [0, 0, 0, own * np.log(2)], atol=1e-12)
    assert tree.merged_weight[-1] == own
    assert tree.normalised_differences[-1] == pytest.approx(np.log(2), rel=1e-12)
    assert tree.groups(3) == ((0, 2), (1,), (3,))


def in_a_row(distance: float, n_components: int = 4) -> tuple[gx.Mixture, Float64]:
    """Equal components, so many standard deviations between neighbours, and rows of theirs."""
    means = [[distance * k, 0.0] for k in range(n_components)]
    weights = [1 / n_components] * n_components
    mixture = gx.Mixture(weights, means, [1.0] * n_components, "spherical")
    return mixture, mixture.sample(400, random_state=0)[0]


@pytest.mark.parametrize("distance", [6.5, 40.0, 4000.0])
@pytest.mark.parametrize("n_components", [3, 4, 7])
def test_components_far_apart_are_clusters(distance: float, n_components: int) -> None:
    mixture, X = in_a_row(distance, n_components)
    for weight in (None, np.full(len(X), 1e-3), np.full(len(X), 1e3)):
        tree = gx.merge_components(mixture, X, weight)
        assert tree.n_clusters == n_components
        assert tree.groups() == tuple((k,) for k in range(n_components))


def test_components_that_overlap_are_still_merged() -> None:
    assert gx.merge_components(*in_a_row(2.0)).n_clusters < 4
    # Halves of a cluster that has one row in two hundred: little doubt in all, much in the cluster.
    halves = gx.Mixture(
        [0.5, 0.495, 0.0025, 0.0025], [[0.0], [50.0], [90.0], [90.0]], [1.0] * 4, "spherical"
    )
    X, _ = halves.sample(4000, random_state=0)
    assert gx.merge_components(halves, X).groups() == ((0,), (1,), (2, 3))


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X = clusters(2, 301, 2, 3)
    mixture = gx.fit(X, 5, random_state=0).mixture
    whole = gx.merge_components(mixture, X)
    monkeypatch.setattr(gaussmix.merging, "_ROWS_AT_ONCE", 100)
    parts = gx.merge_components(mixture, X)
    assert whole.merges == parts.merges
    np.testing.assert_allclose(whole.entropy, parts.entropy, rtol=1e-12, atol=1e-12)


def test_single_precision_of_the_rows_is_not_that_of_the_entropy() -> None:
    X = clusters(2, 20_000, 2, 3).astype(np.float32)
    mixture = gx.fit(X, 3, random_state=0).mixture
    single, double = (gx.merge_components(mixture, rows) for rows in (X, X.astype(np.float64)))
    assert single.merges == double.merges
    np.testing.assert_array_equal(single.entropy, double.entropy)
    assert single.entropy[0] == pytest.approx(0, abs=1e-10)  # of one cluster


def test_few_components() -> None:
    X = clusters(2, 50, 2, 2)
    one = gx.merge_components(gx.fit(X, 1), X)
    assert (one.n_clusters, one.merges, one.entropy.tolist()) == (1, (), [0.0])
    assert one.normalised_differences.shape == (0,)
    two = gx.merge_components(gx.fit(X, 2, random_state=0), X)
    assert (two.n_clusters, two.merges) == (2, ((0, 1),))
    assert two.groups(1) == ((0, 1),)


def test_one_component_and_one_cluster_are_no_plurals() -> None:
    X = clusters(2, 40, 2, 2)
    tree = gx.merge_components(gx.fit(X, 1), X)
    assert repr(tree) == "MergeTree(1 component, 1 cluster by the entropy)"


def test_the_elbow_parts_the_curve_where_it_bends() -> None:
    x = np.array([0.0, 3.0, 4.0, 9.0, 11.0, 12.0])
    for place in (1, 2, 3, 4):
        y = np.where(x <= x[place], x, x[place] + 5 * (x - x[place]))
        assert elbow(x, y) == place
    assert elbow(np.zeros(3), np.array([0.0, 1.0, 5.0])) == 1  # nothing was ever merged


def test_the_tree_is_a_record() -> None:
    X = clusters(2, 80, 2, 2)
    tree = gx.merge_components(gx.fit(X, 3, random_state=0), X)
    again = pickle.loads(pickle.dumps(tree))
    assert again == tree
    assert not again.entropy.flags.writeable
    assert repr(tree) == "MergeTree(3 components, 2 clusters by the entropy)"
    assert tree.labels(X).max() == 1


def test_a_fitted_estimator_serves_for_its_result() -> None:
    X = clusters(2, 40, 2, 2)
    model = gx.GaussianMixture(3, random_state=0).fit(X)
    assert gx.merge_components(model, X) == gx.merge_components(model.result_, X)


def test_bad_arguments_are_refused() -> None:
    X = clusters(2, 40, 2, 2)
    result = gx.fit(X, 3, random_state=0)
    with pytest.raises(gx.GaussmixTypeError, match=r"FitResult.*Mixture.*fitted estimator"):
        gx.merge_components(X, X)  # type: ignore[arg-type]
    with pytest.raises(gx.NotFittedError, match="not fitted yet"):
        gx.merge_components(gx.GaussianMixture(), X)
    with pytest.raises(gx.GaussmixError, match="expecting 2 features"):
        gx.merge_components(result, X[:, :1])
    with pytest.raises(gx.GaussmixError, match="sample_weight"):
        gx.merge_components(result, X, [1.0])
    tree = gx.merge_components(result, X)
    for wrong in (0, 4):
        with pytest.raises(gx.GaussmixError, match="n_clusters"):
            tree.groups(wrong)
