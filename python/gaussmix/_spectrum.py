"""Eigenvalues of the covariances in units in which the columns have variance one."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix.covariance import in_short_form
from gaussmix.factor_mixture import FactorMixture
from gaussmix.mixture import Mixture

_LARGEST = 1e300  # that a sum of hundreds of them is still finite


def scaled_eigenvalues(mixture: Mixture, column_scale: Float64Array) -> Float64Array:
    """Return them in rising order, shape (K, D); (1, D) for tied, (K, 1) for spherical.

    Spherical covariances have one coordinate, and are divided by the largest of the scales. Of
    factor analysers: the variances of the noise, of which the least is a bound from below.
    """
    if isinstance(mixture, FactorMixture):
        return _sorted_ratios(mixture.noise_variances, column_scale)
    covariances = mixture.covariances
    if in_short_form(mixture.covariance_type) == "spherical":
        return np.asarray(covariances[:, None] / column_scale.max() ** 2)
    if in_short_form(mixture.covariance_type) == "diag":
        return _sorted_ratios(covariances, column_scale)
    matrices = covariances.reshape(-1, mixture.n_features, mixture.n_features)
    # The wider column first: what is left after it is no wider than the other one. Where columns
    # are a hundred decades apart, a ball as wide as the widest one is beyond float64 in the other.
    wider, narrower = (f.outer(column_scale, column_scale) for f in (np.maximum, np.minimum))
    with np.errstate(over="ignore"):
        scaled = np.clip(matrices / wider / narrower, -_LARGEST, _LARGEST)
    return np.asarray(np.linalg.eigvalsh(scaled), dtype=np.float64)


def _sorted_ratios(variances: Float64Array, column_scale: Float64Array) -> Float64Array:
    with np.errstate(over="ignore"):
        ratios = np.minimum(variances / column_scale / column_scale, _LARGEST)
    return np.sort(ratios, axis=1)
