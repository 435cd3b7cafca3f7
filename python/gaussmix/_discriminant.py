"""Probability that a row of one Gaussian component is assigned to another one."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gaussmix._matrices import as_matrices
from gaussmix._typing import Float64Array
from gaussmix.mixture import Mixture

_SAME = 1e-10  # eigenvalues of what two precisions differ by, beside 1
_MOST_STEPS = 100
_DIGITS = 1e10  # of the terms of a form, which leave six to a difference of them


class _Form(NamedTuple):
    """The form c + sum_d (a_d z_d^2 + 2 b_d z_d) in independent normal variables."""

    constant: float
    squares: Float64Array  # a
    slopes: Float64Array  # b


def misclassification(
    mixture: Mixture, i: int, j: int, n_samples: int, rng: np.random.Generator
) -> tuple[float, float]:
    r"""Return the probability that a row of component i looks more like j's, and its error.

    With x = mu_i + L z, Sigma_i = L L^T and z standard normal, twice the logarithm of the ratio of
    the joint densities is, in the coordinates that make the quadratic form diagonal,

    .. math:: Q(z) = c + \sum_d (a_d z_d^2 + 2 b_d z_d).

    Directions with a_d = 0 are taken together: their linear terms are one. If a single direction
    is left, the probability that Q is positive is a matter of its roots.
    """
    if mixture.weights[j] == 0:
        return 0.0, 0.0
    if mixture.weights[i] == 0:
        return 1.0, 0.0
    form = _reduced(_form(mixture, i, j))
    if len(form.squares) < 2:
        square, slope = float(form.squares.sum()), form.slopes.sum(keepdims=True)
        return float(_positive(square, slope, np.array([form.constant]))[0]), 0.0
    sign = _only_sign(form)
    if sign:
        return float(sign > 0), 0.0
    return _drawn(form, n_samples, rng)


def _drawn(form: _Form, n_samples: int, rng: np.random.Generator) -> tuple[float, float]:
    r"""Return the probability that the form is positive, and the error, from weighted draws.

    They are of the normal distribution whose density is that of z times exp(s Q / 2): for s = 1/2
    the geometric mean of both components. It is centred where they are equally likely, so no draw
    weighs more than the bound of Chernoff, exp(K(s)) = E exp(s Q / 2), which is of the size of the
    probability itself [1]_. One direction, in which Q varies most, is integrated in closed form.

    References
    ----------
    .. [1] J. A. Bucklew, "Introduction to Rare Event Simulation", Springer (2004).
    """
    with np.errstate(all="ignore"):
        s = _tilt(form)
        if not abs(s) * _size(form, s) < _DIGITS:  # rounding would be a factor of the weights
            s = 0.0
    constant, squares, slopes = form
    left = 1 - s * squares
    direction = _most_telling(form, left)
    z = rng.standard_normal((n_samples, len(squares)))
    z /= np.sqrt(left)
    z += s * slopes / left
    # Along z + t direction the form is a parabola; here from where that line is nearest to 0.
    along, bent, linear = (z @ np.column_stack([direction, squares * direction, slopes])).T
    square = float(squares @ direction**2)
    slope = bent + slopes @ direction - square * along
    z *= z
    others = constant + z @ squares + 2 * linear - along * (2 * slope + square * along)
    # Normal density over that of the draws, of all but this direction; then all of it.
    room = 1 - s * square
    log_weights = ((s * slopes) ** 2 / left - np.log(left)).sum() / 2 + math.log(room) / 2
    log_weights = log_weights - s / 2 * (others - constant) - (s * slope) ** 2 / (2 * room)
    side = -1.0 if s < 0 else 1.0  # of what is certain but for little, that little is drawn
    with np.errstate(divide="ignore"):
        logs = np.log(_positive(side * square, side * slope, side * others))
    values = np.exp(log_weights + logs)
    share, error = min(float(values.mean()), 1.0), float(values.std(ddof=1)) / math.sqrt(n_samples)
    return 1 - share if s < 0 else share, error


def _tilt(form: _Form) -> float:
    """Return s with which Q has mean 0 under the density times exp(s Q / 2), to 1 % of its spread.

    It minimises the bound, by Newton's method within the s for which there is such a density.
    """
    constant, squares, slopes = form
    low, high = 1 / min(squares.min(), -1e-6), 1 / max(squares.max(), 1e-6)
    s = 0.5
    for _ in range(_MOST_STEPS):
        left = 1 - s * squares
        mean = constant + (squares / left + s * slopes**2 * (1 + left) / left**2).sum()
        variance = (2 * squares**2 / left**2 + 4 * slopes**2 / left**3).sum()
        if mean**2 <= 1e-4 * variance:
            break
        low, high = (low, s) if mean > 0 else (s, high)
        s -= 2 * mean / variance
        if not low < s < high:
            s = (low + high) / 2
    return float(s)


def _size(form: _Form, s: float) -> float:
    """Return the size of the terms of Q under the density times exp(s Q / 2)."""
    constant, squares, slopes = np.abs(form.constant), np.abs(form.squares), np.abs(form.slopes)
    left = 1 - s * form.squares
    reach = abs(s) * slopes / left + 1 / np.sqrt(left)
    return float(constant + (squares * reach**2 + 2 * slopes * reach).sum())


def _most_telling(form: _Form, left: Float64Array) -> Float64Array:
    """Return the unit vector along which Q varies most given what is across it."""
    linear = 4 * form.slopes**2 / left**3
    each = 2 * form.squares**2 / left**2 + linear
    if linear.sum() < each.max():
        found = np.zeros(len(left))
        found[each.argmax()] = 1.0
        return found
    gradient: Float64Array = form.slopes / left**2
    gradient /= np.abs(gradient).max()
    return gradient / np.linalg.norm(gradient)


def _only_sign(form: _Form) -> int:
    """Return the sign that Q has everywhere; 0 where it has both."""
    constant, squares, slopes = form
    if (squares == 0).any():
        return 0
    extreme = constant - (slopes**2 / squares).sum()
    if (squares > 0).all() and extreme >= 0:
        return 1
    return -1 if (squares < 0).all() and extreme <= 0 else 0


def _reduced(form: _Form) -> _Form:
    """Take directions without curvature together, if there are any."""
    curved = np.abs(form.squares) > _SAME
    flat = float(np.linalg.norm(form.slopes[~curved]))
    squares, slopes = form.squares[curved], form.slopes[curved]
    if flat > 0:
        squares, slopes = np.append(squares, 0.0), np.append(slopes, flat)
    return _Form(form.constant, squares, slopes)


def _form(mixture: Mixture, i: int, j: int) -> _Form:
    """Return the constant, the squares' factors and half those of the linear terms."""
    K, D = mixture.n_components, mixture.n_features
    factors = as_matrices(mixture.precisions_cholesky, mixture.covariance_type, K, D)
    # Sigma_i = L L^T with L = U_i^-T; U_j^T L z is what whitens component j.
    to_other = np.linalg.solve(factors[i], factors[j]).T
    step = factors[j].T @ (mixture.means[i] - mixture.means[j])
    values, vectors = np.linalg.eigh(np.eye(D) - to_other.T @ to_other)
    slopes = -(to_other.T @ step) @ vectors
    logs = [math.log(mixture.weights[k]) - mixture.log_determinants[k] / 2 for k in (i, j)]
    return _Form(float(2 * (logs[1] - logs[0]) - step @ step), values, slopes)


def _positive(square: float, slopes: Float64Array, others: Float64Array) -> Float64Array:
    """P(square z^2 + 2 slope z + other > 0) of a standard normal z, for each of both."""
    if square == 0:  # a tie goes to each of the two in one half of the cases
        level = np.heaviside(others, 0.5)
        sloping = slopes != 0
        level[sloping] = _upper_tail(-others[sloping] / (2 * np.abs(slopes[sloping])))
        return level
    root = slopes**2 - square * others
    width = np.sqrt(np.maximum(root, 0.0))
    # The larger root in size first: the other follows from their product without cancellation.
    far = -(slopes + np.copysign(width, slopes))
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
