"""The common partitions of a search: sums over chunks of the rows are sums over the rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import gaussmix._search_starts
from strategies import clusters

Float64 = NDArray[np.float64]

STRUCTURES = ("EII", "VVI", "EEE", "VVV")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussmix._search_starts, "_CHUNK", 32)


def assert_same(ours: gx.SelectionResult, theirs: gx.SelectionResult) -> None:
    for one, other in zip(ours.cells, theirs.cells, strict=True):
        assert not one.failure
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


def absent_rows(where: str, n_rows: int) -> NDArray[np.bool_]:
    if where == "anywhere":
        return np.random.default_rng(0).random(n_rows) < 0.5
    first = {"first": 0, "middle": 100, "last": n_rows - 150}[where]
    return (np.arange(n_rows) >= first) & (np.arange(n_rows) < first + 150)


@pytest.mark.parametrize("value", [7.0, -1e200])
@pytest.mark.parametrize("where", ["first", "middle", "last", "anywhere"])
def test_rows_of_weight_0_are_absent(where: str, value: float) -> None:
    """Many chunks in a row hold nothing but such rows."""
    X = clusters(3, 330, 2, 2)
    weight = np.random.default_rng(3).uniform(0.5, 2, size=330)
    absent = absent_rows(where, 330)
    alone = gx.select(X[~absent], (1, 2), STRUCTURES, sample_weight=weight[~absent], random_state=0)
    X[absent], weight[absent] = value, 0.0
    assert_same(gx.select(X, (1, 2), STRUCTURES, sample_weight=weight, random_state=0), alone)


def with_a_tiny_last_value(X: Float64) -> Float64:
    X[-1] = 1e-140
    return X


def with_chunks_of_tiny_values(X: Float64) -> Float64:
    X[:100, 1] = 1e-140
    return X


def with_tiny_values_but_for_one(X: Float64) -> Float64:
    X[:, 1] = 1e-140
    X[50, 1] = 1.0
    return X


@pytest.mark.parametrize("n_rows", [129, 330])
@pytest.mark.parametrize(
    "changed",
    [with_a_tiny_last_value, with_chunks_of_tiny_values, with_tiny_values_but_for_one],
)
def test_only_the_spread_of_all_rows_counts(
    changed: object, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Squares of what a chunk holds may leave the range of float64."""
    assert callable(changed)
    X = changed(clusters(4, n_rows, 2, 2))
    ours = gx.select(X, (1, 2), ["EII", "VVI"], random_state=0)
    monkeypatch.setattr(gaussmix._search_starts, "_CHUNK", n_rows)
    assert_same(ours, gx.select(X, (1, 2), ["EII", "VVI"], random_state=0))
