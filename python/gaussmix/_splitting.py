"""Mixtures with one component more: one of those that are there, taken apart."""

from __future__ import annotations

import numpy as np

from gaussmix._many_fits import Parameters
from gaussmix._matrices import as_matrices, component_axis
from gaussmix._typing import Float64Array
from gaussmix.covariance import CovarianceType


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
    _, K, D = found.means.shape
    matrices = as_matrices(found.covariances, covariance_type, K, D)[:, k]
    values, vectors = np.linalg.eigh(matrices)
    axis: Float64Array = np.sqrt(np.maximum(values[:, -1:], 0)) * vectors[:, :, -1]
    # Which way an eigenvector points is rounding's choice: here its first long entry is positive.
    sizes = np.abs(axis)
    first = (sizes >= sizes.max(axis=1, keepdims=True) / 2).argmax(axis=1)[:, None]
    return np.copysign(1.0, np.take_along_axis(axis, first, axis=1)) * axis
