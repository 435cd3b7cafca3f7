"""Fits of the same data in other units, and what they have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref

Float64 = NDArray[np.float64]

INIT_PARAMS = ("kmeans", "k-means++", "random_from_data", "random", "hierarchical")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_start = pytest.mark.parametrize("init_params", INIT_PARAMS)

# Of four columns; spherical models know the first one alone.
UNITS = [
    [1e-100, 1e100, 1e-3, 3e40],
    [1e100, 1e100, 1e-100, 1e-100],
    [7e-100, 1.0, 1e-50, 2.5],
    [9e99, 1.0, 1e30, 1e-30],
]
each_unit = pytest.mark.parametrize("units", UNITS, ids=lambda units: "_".join(map(str, units)))


def units_for(covariance_type: str, units: Any) -> Float64:
    """One for each column; a spherical model is invariant to a common one only."""
    values = np.asarray(units, dtype=float)
    return np.full_like(values, values[0]) if covariance_type == "spherical" else values


def powers_of_two(units: Float64) -> Float64:
    return np.asarray(2.0 ** np.round(np.log2(units)))


def in_units(mixture: gx.Mixture, units: Float64) -> gx.Mixture:
    """The mixture of the same variables in other units."""
    kind = mixture.covariance_type.value
    by_structure = {
        "full": units[:, None] * units,
        "tied": units[:, None] * units,
        "diag": units**2,
        "spherical": units[0] ** 2,
    }
    return gx.Mixture(
        mixture.weights, units * mixture.means, by_structure[kind] * mixture.covariances, kind
    )


def repaired(result: gx.FitResult) -> NDArray[np.bool_]:
    """Which components were: how often depends on the way."""
    return np.array([result.repairs.floored, result.repairs.emptied]) > 0


def assert_same_fit(ours: gx.FitResult, plain: gx.FitResult, X: Float64, units: Float64) -> None:
    """The same labels, and per row a log-likelihood shifted by the Jacobian, to 1e-9."""
    jacobian = float(np.sum(np.log(units)))
    per_row = ours.log_likelihood / ours.total_weight + jacobian
    assert per_row == pytest.approx(plain.log_likelihood / plain.total_weight, rel=0, abs=1e-9)
    np.testing.assert_array_equal(ours.mixture.assign(X * units), plain.mixture.assign(X))
    assert np.array_equal(repaired(ours), repaired(plain))
