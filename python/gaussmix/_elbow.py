"""The elbow of a curve: where two straight lines meet that follow it best."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array


def elbow(x: Float64Array, y: Float64Array) -> int:
    """Return the index, neither the first nor the last, that parts the curve into two lines.

    Each line is that of least squares through its points, and both have the point at the index.
    Of equal sums of squares the first is taken.

    Parameters
    ----------
    x, y : ndarray of shape (m,)
        m >= 3; x does not fall.

    Examples
    --------
    >>> import numpy as np
    >>> elbow(np.arange(5.0), np.array([0.0, 1.0, 2.0, 12.0, 22.0]))
    2
    """
    breaks = range(1, len(x) - 1)
    squares = [_squares(x[: i + 1], y[: i + 1]) + _squares(x[i:], y[i:]) for i in breaks]
    return breaks[int(np.argmin(squares))]


def _squares(x: Float64Array, y: Float64Array) -> float:
    """Sum of squares about the line of least squares; about the mean if all x are the same."""
    from_mean, residual = x - x.mean(), y - y.mean()
    spread = float(from_mean @ from_mean)
    if spread > 0:
        residual = residual - (float(from_mean @ residual) / spread) * from_mean
    return float(residual @ residual)
