"""Searches over columns whose units lie far apart: the table stays consistent, whatever the order.

A search compares eigenvalues across columns, so that it sees them in their own units.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from nesting import violations

Float64 = NDArray[np.float64]

CORRELATED = np.linalg.cholesky(np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]))
SPREADS = ([1.0, 1e4, 1e8], [1e8, 1e4, 1.0], [1e4, 1.0, 1e8], [3e-4, 2.0, 3e4])


def two_groups(seed: int, spreads: list[float]) -> Float64:
    X = np.random.default_rng(seed).normal(size=(60, 3)) @ CORRELATED.T
    X[:30] += 3
    return X * np.array(spreads)


def search(X: Float64, counts: list[int], codes: list[str]) -> gx.SelectionResult:
    return gx.select(X, counts, codes, random_state=0, n_threads=1)


@pytest.mark.parametrize("spreads", SPREADS)
@pytest.mark.parametrize("code", ["VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"])
def test_structures_of_one_component_are_the_same(code: str, spreads: list[float]) -> None:
    found = search(two_groups(0, spreads), [1], ["EEE", code])
    assert found.log_likelihood[code][1] == pytest.approx(found.log_likelihood["EEE"][1], rel=1e-9)


@pytest.mark.parametrize("spreads", SPREADS)
@pytest.mark.parametrize("code", ["VEE", "EVE", "VVE", "EEV", "VEV"])
def test_no_fit_falls(code: str, spreads: list[float]) -> None:
    for seed in range(3):
        for cell in search(two_groups(seed, spreads), [1, 2, 3], [code]).cells:
            assert cell.result is not None
            trace = np.append(cell.result.trace, cell.log_likelihood)
            assert np.all(np.diff(trace) >= -1e-10 * np.maximum(np.abs(trace[1:]), 60))


@pytest.mark.parametrize("spreads", [[2e4, 2e-4], [1e2, 1e-4], [1e4, 0.1], [2e3, 1.6e-2]])
@pytest.mark.parametrize("weighted", [False, True])
def test_what_contains_a_singular_model_is_no_less_likely(
    spreads: list[float], weighted: bool
) -> None:
    """One column is a copy of another: the bound on eigenvalues holds all structures."""
    codes = ["EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"]
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(80, 2)) * np.array(spreads)
        X = np.column_stack([X, X[:, 0]])
        X[:40] += 4 * X.std(axis=0)
        weight = rng.integers(0, 4, 80).astype(float) if weighted else None
        found = gx.select(X, [1, 2], codes, sample_weight=weight, random_state=0, n_threads=1)
        assert violations(found) == []
        taken_over = [cell for cell in found.cells if cell.result and not cell.result.n_iter]
        assert taken_over  # from a model within, and with the parameters its fault
        assert all("bound on eigenvalues" in cell.spurious for cell in found.cells if cell.result)
