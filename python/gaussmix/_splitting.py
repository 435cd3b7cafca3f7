"""Mixtures with one component more: one of those that are there, taken apart."""

from __future__ import annotations

import numpy as np

from gaussmix._many_fits import Parameters
from gaussmix._matrices import as_matrices, component_axis
from gaussmix._typing import Float64Array
from gaussmix.covariance import CovarianceType, compares_columns

_SAME = 1e-9  # relative difference of lengths that is rounding


def split_component(found: Parameters, k: int, covariance_type: CovarianceType) -> Parameters:
    """Put two halves in the place of component k of every mixture, the second one at the end.

    They lie a standard deviation to either side of the centre along the longest axis, and keep the
    covariance: the first M-step brings it into line with the rows and with the structure.
    """
    weights = np.concatenate([found.weights, found.weights[:, k : k + 1]], axis=1)
    weights[:, [k, -1]] /= 2
    means = np.concatenate([found.means, found.means[:, k : k + 1]], axis=1)
    offset = _longest_half_axis(found, k, covariance_type)
    means[:, k] -= offset
    means[:, -1] += offset
    covariances = found.covariances
    if component_axis(covariance_type):
        covariances = np.concatenate([covariances, covariances[:, k : k + 1]], axis=1)
    return Parameters(weights, means, covariances)


def _longest_half_axis(found: Parameters, k: int, covariance_type: CovarianceType) -> Float64Array:
    """Return it as a vector, of every mixture; which way it points is no choice of rounding's."""
    _, K, D = found.means.shape
    matrices = as_matrices(found.covariances, covariance_type, K, D)
    spread = _spread(found, matrices)
    units = np.ones_like(spread) if compares_columns(covariance_type) else spread
    scaled = matrices[:, k] / units[:, :, None]
    scaled /= units[:, None, :]
    values, vectors = np.linalg.eigh(scaled)
    # Of axes that are equally long, as all are of a round component, that of the column in which
    # the mixture is widest; of the two ways along an axis, the one in which that column grows.
    longest = values >= values[:, -1:] * (1 - _SAME)
    shares = np.einsum("mij,mij,mj->mi", vectors, vectors, longest)  # of each column in those axes
    width = shares * (spread / units) ** 2
    widest = (width >= width.max(axis=1, keepdims=True) * (1 - _SAME)).argmax(axis=1)[:, None]
    own = np.take_along_axis(vectors, widest[:, :, None], axis=1)[:, 0]
    axis = np.einsum("mij,mj->mi", vectors, longest * own)
    length = np.sqrt(np.maximum(values[:, -1:], 0) / np.take_along_axis(shares, widest, axis=1))
    half_axis: Float64Array = length * axis * units
    return half_axis


def _spread(found: Parameters, matrices: Float64Array) -> Float64Array:
    """Return the standard deviation of each column under each whole mixture; 1 where it is 0."""
    weights = found.weights[:, :, None]
    centres = (weights * found.means).sum(axis=1, keepdims=True)
    variances = np.diagonal(matrices, axis1=2, axis2=3) + (found.means - centres) ** 2
    total = (weights * variances).sum(axis=1)
    return np.sqrt(np.where(total > 0, total, 1.0))
