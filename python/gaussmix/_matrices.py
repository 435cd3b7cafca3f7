"""Covariances in the shape of their structure, written as one matrix per component."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix.covariance import CovarianceType, in_short_form


def component_axis(covariance_type: CovarianceType) -> bool:
    """Tell whether covariances of this structure have an axis of components."""
    return in_short_form(covariance_type) != "tied"


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
    form = in_short_form(covariance_type)
    if form == "spherical":
        return values[..., None, None] * np.eye(n_features)
    if form == "diag":
        return values[..., None] * np.eye(n_features)
    if form == "tied":
        front = values.shape[:-2]
        return np.broadcast_to(
            values[..., None, :, :], (*front, n_components, n_features, n_features)
        )
    return values
