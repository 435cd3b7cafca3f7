"""Agreement of starts: the adjusted Rand index, and which likelihoods are the best one."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix._agreement import adjusted_rand_index
from strategies import clusters

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def by_pairs(a: Int64, b: Int64, weight: Float64) -> float:
    """The definition: every pair of rows, one after the other."""
    together = by_a = by_b = pairs = 0.0
    for i, j in combinations(range(len(a)), 2):
        product = float(weight[i] * weight[j])
        pairs += product
        by_a += product * bool(a[i] == a[j])
        by_b += product * bool(b[i] == b[j])
        together += product * bool(a[i] == a[j] and b[i] == b[j])
    chance = by_a * by_b / pairs
    return (together - chance) / ((by_a + by_b) / 2 - chance)


def labels(seed: int, n_rows: int, K: int, share_alike: float) -> tuple[Int64, Int64]:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(K, size=(2, n_rows))
    return a, np.where(rng.random(n_rows) < share_alike, (a + 1) % K, b)


@pytest.mark.parametrize("share_alike", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("K", [1, 2, 5, 30])
def test_it_is_scikit_learns(K: int, share_alike: float) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for seed in range(20):
        a, b = labels(seed, 40, K, share_alike)
        expected = metrics.adjusted_rand_score(a, b)
        assert adjusted_rand_index(a, b) == pytest.approx(expected, abs=1e-13)
        assert adjusted_rand_index(b, a) == pytest.approx(expected, abs=1e-13)


def test_published_value() -> None:
    """The worked example of K. Y. Yeung and W. L. Ruzzo, Bioinformatics 17 (2001), supplement."""
    table = [[1, 1, 0], [1, 2, 1], [0, 0, 4]]
    a, b = np.array([(i, j) for i in range(3) for j in range(3) for _ in range(table[i][j])]).T
    assert adjusted_rand_index(a, b) == pytest.approx(0.313, abs=5e-4)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0.01, 100.0)),
        min_size=3,
        max_size=25,
    )
)
@example([(0, 0, 0.01), (1, 1, 39.0), (0, 2, 0.015625)])  # one row has nearly all of the weight
def test_weighted_it_is_the_sum_over_pairs(rows: list[tuple[int, int, float]]) -> None:
    a, b = (np.array([row[i] for row in rows]) for i in (0, 1))
    weight = np.array([row[2] for row in rows])
    found = adjusted_rand_index(a, b, weight)
    assert found <= 1 + 1e-12
    if len(np.unique(a)) > 1 or len(np.unique(b)) > 1:
        if max(np.bincount(a).max(), np.bincount(b).max()) > 1:
            assert found == pytest.approx(by_pairs(a, b, weight), abs=1e-9)
    else:
        assert found == 1.0


def test_weights() -> None:
    a, b = labels(0, 60, 3, 0.5)
    weight = np.random.default_rng(1).gamma(1.0, size=60)
    weight[::7] = 0.0
    found = adjusted_rand_index(a, b, weight)
    kept = weight > 0
    assert found == pytest.approx(adjusted_rand_index(a[kept], b[kept], weight[kept]), abs=1e-14)
    for scale in (1e-150, 2.0**-30, 7.0, 1e150):
        assert found == pytest.approx(adjusted_rand_index(a, b, weight * scale), abs=1e-13)
    assert adjusted_rand_index(a, b, np.full(60, 0.3)) == pytest.approx(
        adjusted_rand_index(a, b), abs=1e-14
    )
    # Repeated rows say the same but for the pairs that a row makes with its own copies; these
    # count against the room that is left for chance: 1 / 3 - 1 / 9 of all pairs.
    counts = np.random.default_rng(2).integers(1, 4, size=6000)
    a, b = labels(0, 6000, 3, 0.5)
    repeated = adjusted_rand_index(np.repeat(a, counts), np.repeat(b, counts))
    copies = (counts * (counts - 1)).sum() / counts.sum() ** 2
    found = adjusted_rand_index(a, b, counts.astype(float))
    assert found == pytest.approx(repeated, abs=copies / (1 / 3 - 1 / 9))


@pytest.mark.parametrize(
    ("a", "b", "weight"),
    [
        ([0], [2], None),
        ([0, 0, 0], [1, 1, 1], None),
        ([0, 1, 2], [2, 0, 1], None),
        ([0, 1, 1], [0, 0, 1], [1.0, 0.0, 0.0]),
        ([0, 1, 1], [0, 0, 1], [1.0, 1e-300, 0.0]),
        ([0, 1, 2, 2], [0, 1, 2, 3], [1.0, 1.0, 1e-30, 1e-30]),
    ],
)
def test_where_nothing_differs(a: list[int], b: list[int], weight: list[float] | None) -> None:
    given_weight = None if weight is None else np.array(weight)
    assert adjusted_rand_index(np.array(a), np.array(b), given_weight) == 1.0


# --- of results ----------------------------------------------------------------------------------


X = clusters(2, 600, 2, 8, 2.0)


def fit(**options: Any) -> gx.FitResult:
    return quiet(X, 8, **{"random_state": 0, "n_init": 8, "race": False} | options)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_each_finished_start_keeps_its_mixture(covariance_type: str) -> None:
    result = fit(covariance_type=covariance_type)
    for start in result.starts:
        assert start.mixture is not None
        total = start.mixture.log_density(X).sum()
        assert start.log_likelihood == pytest.approx(total, rel=1e-12)
        assert start.mixture.covariance_type == covariance_type
    assert result.starts[result.best_start].mixture is result.mixture


def test_each_start_is_compared_with_the_best() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    result = fit()
    best = result.mixture.assign(X)
    agreement = result.start_agreement(X)
    assert agreement.shape == (8,)
    assert agreement[result.best_start] == 1.0
    for start, found in zip(result.starts, agreement, strict=True):
        assert start.mixture is not None
        expected = metrics.adjusted_rand_score(best, start.mixture.assign(X))
        assert found == pytest.approx(expected, abs=1e-13)
    assert agreement.min() < 0.95  # they do differ, or the test shows nothing
    weight = np.random.default_rng(0).gamma(1.0, size=len(X))
    assert not np.allclose(result.start_agreement(X, weight), agreement, atol=1e-4)
    few = result.start_agreement(X[:50].tolist())
    np.testing.assert_array_equal(few, result.start_agreement(X, [1.0] * 50 + [0.0] * 550))


def test_starts_that_were_given_up_have_no_agreement() -> None:
    result = fit(race=True, n_init=10)
    given_up = np.array([start.status == "raced_out" for start in result.starts])
    assert given_up.any()
    np.testing.assert_array_equal(np.isnan(result.start_agreement(X)), given_up)
    assert [start.mixture is None for start in result.starts] == given_up.tolist()


def test_bad_data_are_refused() -> None:
    result = fit(n_init=2)
    for wrong in (X[:, :1], X[0], np.full((3, 2), math.nan), X[:0]):
        with pytest.raises(gx.GaussmixError):
            result.start_agreement(wrong)
    with pytest.raises(gx.GaussmixError, match="sample_weight"):
        result.start_agreement(X, [1.0])


def test_names_of_columns_are_kept_and_checked() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["u", "v"])
    result = quiet(frame, 2, n_init=2, random_state=0)
    assert [s.mixture.feature_names for s in result.starts if s.mixture] == [("u", "v")] * 2
    assert result.start_agreement(frame).shape == (2,)
    with pytest.raises(gx.GaussmixError, match="feature names"):
        result.start_agreement(frame.rename(columns={"u": "w"}))


def limit(start: gx.StartOutcome, rows: Float64) -> float:
    """Where EM ends that goes on from a start until nothing is left to gain."""
    one = start.mixture
    assert one is not None
    options = {"covariance_type": one.covariance_type, "tol": 1e-12, "max_iter": 50_000}
    parameters = {f"{name}_init": getattr(one, name) for name in ("weights", "means")}
    K = one.n_components
    return quiet(rows, K, covariances_init=one.covariances, **parameters, **options).log_likelihood


def test_how_many_reached_the_best_likelihood() -> None:
    result = fit()
    limits = np.array([limit(start, X) for start in result.starts])
    reached = limits > limits.max() - 1e-3
    assert result.n_best == reached.sum()
    assert 1 <= result.n_best < 8
    assert f"{result.n_best} of 8 reached the best" in " ".join(result.reasons)
    assert "start_agreement(X)" in " ".join(result.reasons)
    assert f"reached by {result.n_best})" in result.summary()
    assert gx.fit(X, 1, n_init=3, race=False, random_state=0).n_best == 3
    assert gx.fit(X, 2, random_state=0).n_best == 1


def test_optima_that_are_nearly_as_good_are_others() -> None:
    """Less than a nat below the best one, from where no start could have gained as much."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(centre, 1.0, (100, 2)) for centre in (0.0, 6.0)])
    seen = 0
    for seed in range(6):
        result = gx.fit(rows, 5, n_init=4, race=False, random_state=seed)
        limits = np.array([limit(start, rows) for start in result.starts])
        near = np.array([result.log_likelihood - one.log_likelihood < 1 for one in result.starts])
        same = limits > limits.max() - 1e-3
        assert result.n_best == same.sum()
        seen += (near & ~same).sum()
    assert seen > 0  # or the test shows nothing


def test_starts_that_stop_early_reach_the_same_optimum() -> None:
    """Two groups that overlap: EM is slow, and starts stop at different ways from one maximum."""
    rows = clusters(7, 2000, 1, 2, 1.5)
    result = gx.fit(rows, 2, n_init=8, race=False, random_state=0, accelerate=False)
    likelihoods = np.array([start.log_likelihood for start in result.starts])
    assert np.ptp([limit(start, rows) for start in result.starts]) < 1e-4 < np.ptp(likelihoods)
    assert result.n_best == 8


def test_many_fits_keep_them_too() -> None:
    results = gx.fit_many([X, X[:300]], 4, n_init=3, race=False, random_state=5, max_iter=2000)
    for i, rows in enumerate((X, X[:300])):
        alone = quiet(rows, 4, n_init=3, race=False, random_state=5 + i, max_iter=2000)
        assert results[i].starts == alone.starts
        assert results[i].n_best == alone.n_best
        np.testing.assert_array_equal(results[i].start_agreement(rows), alone.start_agreement(rows))
