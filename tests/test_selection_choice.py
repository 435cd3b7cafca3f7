"""What a search recommends and what it does not, where more than the criterion decides."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx

Array = NDArray[np.float64]


def with_far_rows(*far: tuple[float, float]) -> Array:
    return np.vstack([np.random.default_rng(0).normal(size=(100, 2)), far])


def on_a_slice(n_rows: int) -> Array:
    """Far rows along the diagonal, 0.002 beside it on one side or the other."""
    along = np.linspace(20, 22, n_rows)
    beside = 0.002 * np.where(np.arange(n_rows) % 4 < 2, 1, -1)
    return with_far_rows(*zip(along + beside, along - beside, strict=True))


# --- not the likelihood of a few rows -----------------------------------------------------------


@pytest.mark.parametrize("structure", ["VII", "VVI", "VEI"])
def test_two_rows_are_no_component(structure: str) -> None:
    """They are not so close that the bound on eigenvalues would hold."""
    found = gx.select(with_far_rows((20, 20), (20.5, 20.5)), [1, 2], [structure], random_state=0)
    (why,) = found.spurious.values()
    assert why.startswith("too few rows determine the covariance of component ")
    assert found.cell(structure, 2).criterion < found.cell(structure, 1).criterion
    assert found.best_n_components == 1


def test_a_thin_slice_of_a_handful_of_rows_is_no_component() -> None:
    """Two more than the columns, but their smallest variance is some 1e-6 of a column's."""
    found = gx.select(on_a_slice(4), [1, 2], ["VVV"], random_state=0)
    (why,) = found.spurious.values()
    assert why.startswith("too few rows determine the covariance of component ")
    assert found.best_n_components == 1


def test_a_thin_slice_of_more_rows_is_a_component() -> None:
    found = gx.select(on_a_slice(12), [1, 2], ["VVV"], random_state=0)
    assert found.spurious == {}
    assert found.best_n_components == 2
