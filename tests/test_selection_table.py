"""The table of a model search: no model is less likely than one that it contains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from nesting import violations

Array = NDArray[Any]


def clustered(seed: int, n_features: int, rows: int = 150) -> Array:
    """Clusters, some of them overlapping, of columns with unequal scales."""
    rng = np.random.default_rng([seed, n_features])
    centres = rng.normal(size=(4, n_features)) * rng.uniform(1, 6)
    noise = rng.normal(size=(rows, n_features)) * rng.uniform(0.3, 2, size=n_features)
    return np.asarray(centres[rng.integers(4, size=rows)] + noise)


def with_constant(X: Array) -> Array:
    return np.column_stack([X[:, :1] * 0 + 3, X[:, 1:]])


def with_duplicate(X: Array) -> Array:
    return np.column_stack([X[:, :1], X])


HARD = {
    "ties": np.round(clustered(0, 3)),
    "many ties": np.round(clustered(1, 3) / 3),
    "binary": np.asarray(clustered(2, 3) > 0, dtype=float),
    "constant column": with_constant(clustered(3, 3)),
    "duplicated column": with_duplicate(clustered(4, 2)),
    "hardly more rows than components": clustered(5, 3)[:8],
    "one row": clustered(5, 3)[:1],
    "every row several times": np.repeat(clustered(6, 3)[:6], 5, axis=0),
    "far row": np.vstack([clustered(7, 2), [[1e5, -1e5]]]),
    "heavy tails": np.random.default_rng(8).standard_t(1.5, size=(150, 2)),
    "units": clustered(9, 3) * [1e-8, 1.0, 1e8],
    "far from zero": clustered(10, 3) + 1e6,
    "more columns than rows": clustered(11, 6)[:5],
    "float32": clustered(12, 3).astype(np.float32),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("n_features", [2, 3, 4, 5, 6])
def test_larger_models_are_likelier_on_clusters(seed: int, n_features: int):
    found = gx.select(clustered(seed, n_features), range(1, 7))
    assert len(found.cells) == 14 * 6
    assert violations(found) == []


@pytest.mark.parametrize("X", HARD.values(), ids=HARD)
def test_larger_models_are_likelier_on_hard_data(X: Array):
    found = gx.select(X, range(1, 7))
    assert violations(found) == []
    for (_, K), reason in found.failures.items():
        assert len(X) < K
        assert f"fewer than the {K} components" in reason


def sklearn_columns(name: str) -> Array:
    datasets = pytest.importorskip("sklearn.datasets")
    X: Array = getattr(datasets, f"load_{name}")().data
    return X[:400, {"wine": [0, 6, 9], "breast_cancer": [0, 4, 9], "digits": [18, 20, 43]}[name]]


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits"])
def test_larger_models_are_likelier_on_real_data(name: str):
    """The grey levels of digits are whole numbers, many of them 0."""
    assert violations(gx.select(sklearn_columns(name), range(1, 6))) == []


@pytest.mark.parametrize("kind", ["whole", "real"])
def test_larger_models_are_likelier_with_weights(kind: str):
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 4, size=150).astype(float)
    weight = whole if kind == "whole" else whole * rng.exponential(size=150)
    found = gx.select(clustered(0, 3), range(1, 7), sample_weight=weight)
    assert violations(found) == []


@pytest.mark.parametrize("n_components", [(1, 3, 6), (2, 7), (4,)])
@pytest.mark.parametrize("structures", [("VII", "VVV"), ("EEE", "VVI", "EVV"), ("EII",)])
def test_larger_models_are_likelier_where_the_table_has_gaps(
    n_components: tuple[int, ...], structures: tuple[str, ...]
):
    for X in (clustered(1, 4), HARD["ties"], HARD["binary"]):
        found = gx.select(X, n_components, structures)
        assert len(found.cells) == len(n_components) * len(structures)
        assert violations(found) == []


@pytest.mark.parametrize("max_iter", [1, 3, 20])
def test_larger_models_are_likelier_before_anything_converges(max_iter: int):
    found = gx.select(clustered(2, 3), range(1, 5), max_iter=max_iter)
    assert violations(found) == []
    assert all(cell.result.n_iter <= max_iter for cell in found.cells if cell.result)


def test_larger_models_are_likelier_in_one_column():
    for X in (clustered(0, 1), np.round(clustered(1, 1))):
        assert violations(gx.select(X)) == []


def test_larger_models_are_likelier_where_trials_are_cut_short():
    """Of more than 2,000 rows not every start is run to its end."""
    found = gx.select(clustered(3, 2, rows=2500), range(1, 6))
    assert violations(found) == []
