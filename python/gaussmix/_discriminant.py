"""Probability that a row of one Gaussian component is assigned to another one."""

from __future__ import annotations

import math

import numpy as np

from gaussmix._matrices import as_matrices
from gaussmix._typing import Float64Array
from gaussmix.mixture import Mixture

_SAME = 1e-10  # eigenvalues of what two precisions differ by, beside 1


def misclassification(
    mixture: Mixture, i: int, j: int, n_samples: int, rng: np.random.Generator
) -> tuple[float, float]:
    r"""Return the probability that a row of component i looks more like j's, and its error.

    With x = mu_i + L z, Sigma_i = L L^T and z standard normal, twice the logarithm of the ratio of
    the joint densities is, in the coordinates that make the quadratic form diagonal,

    .. math:: c + \sum_d (a_d z_d^2 + 2 b_d z_d).

    Directions with a_d = 0 are taken together: their linear terms are one. Given all the others,
    the probability that the sum is positive is a matter of the roots in the one that matters most.
    """
    if mixture.weights[j] == 0:
        return 0.0, 0.0
    if mixture.weights[i] == 0:
        return 1.0, 0.0
    constant, squares, slopes = _form(mixture, i, j)
    curved = np.abs(squares) > _SAME
    flat = float(np.linalg.norm(slopes[~curved]))
    squares = np.concatenate([squares[curved], [0.0]])
    slopes = np.concatenate([slopes[curved], [flat]])
    first = int(np.argmax(slopes**2 + squares**2 / 2))
    rest = np.arange(len(squares)) != first
    rest &= (squares != 0) | (slopes != 0)
    drawn = rng.standard_normal((n_samples if rest.any() else 1, int(rest.sum())))
    others = constant + drawn**2 @ squares[rest] + 2 * drawn @ slopes[rest]
    values = _positive(float(squares[first]), float(slopes[first]), others)
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(error)


def _form(mixture: Mixture, i: int, j: int) -> tuple[float, Float64Array, Float64Array]:
    """Return the constant, the squares' factors and half those of the linear terms."""
    K, D = mixture.n_components, mixture.n_features
    factors = as_matrices(mixture.precisions_cholesky, mixture.covariance_type, K, D)
    # Sigma_i = L L^T with L = U_i^-T; U_j^T L z is what whitens component j.
    to_other = np.linalg.solve(factors[i], factors[j]).T
    step = factors[j].T @ (mixture.means[i] - mixture.means[j])
    values, vectors = np.linalg.eigh(np.eye(D) - to_other.T @ to_other)
    slopes = -(to_other.T @ step) @ vectors
    logs = [math.log(mixture.weights[k]) - mixture.log_determinants[k] / 2 for k in (i, j)]
    return float(2 * (logs[1] - logs[0]) - step @ step), values, slopes


def _positive(square: float, slope: float, others: Float64Array) -> Float64Array:
    """P(square z^2 + 2 slope z + others > 0) of a standard normal z, for each of `others`."""
    if square == 0:
        if slope == 0:  # a tie goes to each of the two in one half of the cases
            return np.heaviside(others, 0.5)
        return _upper_tail(-others / (2 * abs(slope)))
    root = slope**2 - square * others
    width = np.sqrt(np.maximum(root, 0.0))
    # The larger root in size first: the other follows from their product without cancellation.
    far = -(slope + math.copysign(1.0, slope) * width)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([far / square, np.where(far == 0, 0.0, others / far)])
    low, high = ends.min(axis=0), ends.max(axis=0)
    if square > 0:
        return np.where(root > 0, _upper_tail(-low) + _upper_tail(high), 1.0)
    inside = np.where(low > 0, _upper_tail(low) - _upper_tail(high), 0.0)
    inside = np.where(low <= 0, _upper_tail(-high) - _upper_tail(-low), inside)
    return np.where(root > 0, inside, 0.0)


def _upper_tail(z: Float64Array) -> Float64Array:
    """P(Z > z) of a standard normal variable."""
    values = [math.erfc(one) / 2 for one in (z / math.sqrt(2)).tolist()]
    return np.array(values)
