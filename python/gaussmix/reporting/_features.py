"""Which features, and which rows, a picture of much data shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gaussmix._summary import standard_deviations
from gaussmix._typing import Float64Array, FloatArray
from gaussmix.mixture import Mixture


def most_separating(mixture: Mixture, most: int) -> tuple[int, ...]:
    """Return the features in which the components lie farthest apart, in the data's order.

    What counts is the share of the variance of a feature that lies between the components.
    """
    weights = mixture.weights
    between = weights @ (mixture.means - weights @ mixture.means) ** 2
    total = between + weights @ standard_deviations(mixture) ** 2
    share = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    chosen = np.argsort(-share, kind="stable")[:most]
    return tuple(sorted(int(column) for column in chosen))


class Rows(NamedTuple):
    """Rows of positive weight, and these weights unless they are all the same."""

    X: FloatArray
    weights: Float64Array | None

    def some(self, most: int) -> Rows:
        """Return at most so many rows, always the same ones, in their order."""
        if len(self.X) <= most:
            return self
        chosen = np.sort(np.random.default_rng(0).choice(len(self.X), most, replace=False))
        return Rows(self.X[chosen], None if self.weights is None else self.weights[chosen])
