"""Eigenvalues in units of the columns, against the matrices written out."""

from __future__ import annotations

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from gaussmix._spectrum import scaled_eigenvalues

SCALE = np.array([0.1, 100.0, 3.0])


@pytest.mark.parametrize("covariance_type", [*ref.COVARIANCE_TYPES, "VEE", "EII"])
def test_they_are_those_of_the_scaled_matrices(covariance_type: str) -> None:
    X = np.random.default_rng(0).normal(size=(80, 3)) * SCALE
    mixture = gx.fit(X, 2, covariance_type=covariance_type, random_state=0).mixture
    found = scaled_eigenvalues(mixture, SCALE)
    if covariance_type == "spherical":  # one coordinate, that of the widest column
        expected = np.reshape(mixture.covariances, (2, -1))[:, :1] / 100.0**2
    else:
        kind = covariance_type if covariance_type in ref.COVARIANCE_TYPES else "full"
        full = ref.matrices(kind, mixture.covariances, 2, 3).astype(float)
        expected = np.linalg.eigvalsh(full / np.outer(SCALE, SCALE))
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-9)


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical", "VEE"])
def test_they_are_finite_where_a_ball_is_beyond_float64_in_the_narrowest_column(
    covariance_type: str,
) -> None:
    short = {"diag": np.full((2, 3), 1e130), "spherical": np.full(2, 1e130)}
    covariances = short.get(covariance_type, np.tile(1e130 * np.eye(3), (2, 1, 1)))
    mixture = gx.Mixture([0.5, 0.5], np.eye(2, 3), covariances, covariance_type)
    found = scaled_eigenvalues(mixture, np.array([1e-100, 1.0, 1e65]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 0], 1, rtol=1e-12)
