"""Covariances in the shape of their structure, written as one matrix per component."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix.covariance import CovarianceType, covariance_shape


def component_axis(covariance_type: CovarianceType) -> bool:
    """Tell whether covariances of this structure have an axis of components."""
    return covariance_shape(covariance_type, 2, 3)[0] == 2


def as_matrices(
    values: Float64Array, covariance_type: CovarianceType, n_components: int, n_features: int
) -> Float64Array:
    """Return covariances, or anything else of their shape, as matrices (..., K, D, D).

    `values` may have further axes in front; what is returned may be a read-only view.

    Examples
    --------
    >>> import numpy as np
    >>> as_matrices(np.array([4.0, 9.0]), CovarianceType.SPHERICAL, 2, 1).tolist()
    [[[4.0]], [[9.0]]]
    """
    # What the axes mean is told by their lengths where K and D differ.
    shape = covariance_shape(covariance_type, 2, 3)
    if shape == (2,):
        return values[..., None, None] * np.eye(n_features)
    if shape == (2, 3):
        return values[..., None] * np.eye(n_features)
    if shape == (3, 3):
        front = values.shape[:-2]
        return np.broadcast_to(
            values[..., None, :, :], (*front, n_components, n_features, n_features)
        )
    return values
