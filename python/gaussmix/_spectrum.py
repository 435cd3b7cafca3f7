"""Eigenvalues of the covariances in units in which the columns have variance one."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix.covariance import in_short_form
from gaussmix.factor_mixture import FactorMixture
from gaussmix.mixture import Mixture


def scaled_eigenvalues(mixture: Mixture, column_scale: Float64Array) -> Float64Array:
    """Return them in rising order, shape (K, D); (1, D) for tied, (K, 1) for spherical.

    Spherical covariances have one coordinate, and are divided by the largest of the scales. Of
    factor analysers: the variances of the noise, of which the least is a bound from below.
    """
    if isinstance(mixture, FactorMixture):
        return np.sort(mixture.noise_variances / column_scale**2, axis=1)
    covariances = mixture.covariances
    if in_short_form(mixture.covariance_type) == "spherical":
        return np.asarray(covariances[:, None] / column_scale.max() ** 2)
    if in_short_form(mixture.covariance_type) == "diag":
        return np.sort(covariances / column_scale**2, axis=1)
    matrices = covariances.reshape(-1, mixture.n_features, mixture.n_features)
    scaled = matrices / column_scale[:, None] / column_scale[None, :]
    return np.asarray(np.linalg.eigvalsh(scaled), dtype=np.float64)
