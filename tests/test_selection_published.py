"""The table and the choice of a model search, against those of R's mclust."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from conftest import DATA, numeric_columns
from nesting import violations

COLUMNS = {"iris": 4, "faithful": 2}


@pytest.fixture(scope="module")
def tables() -> dict[str, gx.SelectionResult]:
    return {
        name: gx.select(numeric_columns(DATA / f"{name}.csv", n)) for name, n in COLUMNS.items()
    }


@pytest.mark.parametrize("name", ["iris", "faithful"])
def test_every_cell_is_as_likely_as_that_of_mclust(
    tables: dict[str, gx.SelectionResult], published: Any, name: str
):
    """Its search ends in local optima, so that ours may be likelier; K = 1 has one optimum."""
    table, found = published(f"mclust_table_{name}.json"), tables[name]
    assert violations(found) == []
    for code in table["log_likelihood"]:
        for K, theirs in zip(table["components"], table["log_likelihood"][code], strict=True):
            ours = found.log_likelihood[code][K]
            assert math.isfinite(ours)
            if theirs is not None:
                assert ours >= theirs - 0.05, (code, K)
            if K == 1:
                assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-6)


def test_iris_is_two_clusters_of_one_shape(tables: dict[str, gx.SelectionResult]):
    """VEV with two components, as mclust chooses: -561.7 in its sign."""
    found = tables["iris"]
    assert (found.best_structure, found.best_n_components) == ("VEV", 2)
    assert found.best.bic == pytest.approx(561.7285, abs=0.05)


def test_faithful_is_three_clusters_of_one_covariance(tables: dict[str, gx.SelectionResult]):
    found = tables["faithful"]
    assert (found.best_structure, found.best_n_components) == ("EEE", 3)
    assert found.best.bic == pytest.approx(2314.316, abs=0.05)
    order = np.argsort(found.best.mixture.means[:, 0])
    weights = found.best.mixture.weights[order]
    np.testing.assert_allclose(weights, [0.3563696, 0.1656784, 0.4779520], atol=5e-3)
