"""How far the starts of a fit agree: in their likelihoods, and in how they group the rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._typing import Float64Array, Int64Array

if TYPE_CHECKING:
    from gaussmix.result import FitResult, StartOutcome

# Log-likelihoods further apart than this, in nats per effective row, are not the same optimum: ten
# times the gain at which the default stopping rule stops.
_SAME_OPTIMUM = 10 * np.array([0.1, 1e-7])
# A predicted gain is within this factor of the true one, nine times in ten.
_OF_PREDICTED = 3.0
_NOTHING = 1e-3  # of the above: what no prediction tells apart
_ROUNDING = 1e-14  # of shares of all pairs


def same_optimum(result: FitResult) -> float:
    """Return how far apart two log-likelihoods of the same optimum may be at most."""
    per_row, per_weight = _SAME_OPTIMUM
    return float(result.total_weight * max(per_row / result.n_effective, per_weight))


def reached_best(result: FitResult) -> list[bool]:
    """Tell of each start whether it reached the best optimum, or would have if it had gone on.

    What lies between it and the best one must be what it could still have gained: other optima may
    be closer than the stopping rule leaves, and a start that has nothing left to gain is at one.
    """
    best, most = result.starts[result.best_start], same_optimum(result)

    def reached(start: StartOutcome) -> bool:
        to_come = _OF_PREDICTED * start.predicted_gain
        within = most if math.isnan(to_come) else min(max(to_come, _NOTHING * most), most)
        return start.finished and best.objective - start.objective <= within

    return [start is best or reached(start) for start in result.starts]


def adjusted_rand_index(
    a: Int64Array, b: Int64Array, sample_weight: Float64Array | None = None
) -> float:
    r"""Compare two groupings of the same rows: 1 is the same, 0 is what chance would give.

    .. math:: \frac{A - BC / N}{(B + C) / 2 - BC / N}

    of Hubert & Arabie [1]_, where N counts the pairs of rows, A those that both groupings put
    together, B and C those that one and the other does. A pair counts by the product of the
    weights of its rows, so a common factor of the weights changes nothing, and neither do rows of
    weight 0.

    Parameters
    ----------
    a, b : ndarray of shape (n,), int64
        Labels, not negative.
    sample_weight : ndarray of shape (n,), optional
        None: every row counts once.

    Returns
    -------
    float

    References
    ----------
    .. [1] L. Hubert and P. Arabie, "Comparing partitions", J. Classification 2 (1985), 193-218.

    Examples
    --------
    >>> import numpy as np
    >>> adjusted_rand_index(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    >>> round(adjusted_rand_index(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1])), 6)
    0.571429
    """
    weight = np.ones(len(a)) if sample_weight is None else sample_weight
    share = weight / weight.sum()
    shape = (int(a.max()) + 1, int(b.max()) + 1)
    cells = np.bincount(a * shape[1] + b, share, minlength=shape[0] * shape[1]).reshape(shape)
    if all((np.count_nonzero(cells, axis=axis) <= 1).all() for axis in (0, 1)):
        return 1.0  # the same groups, to the last bit
    groupings = (a * shape[1] + b, a, b, np.zeros_like(a))
    together, by_a, by_b, pairs = (_pairs(labels, share) for labels in groupings)
    by_chance = by_a * by_b / pairs if pairs > 0 else 0.0
    room = (by_a + by_b) / 2 - by_chance
    # No room for chance: what the groupings do not share has no weight.
    return (together - by_chance) / room if room > _ROUNDING else 1.0


def _pairs(labels: Int64Array, share: Float64Array) -> float:
    """Return the sum of ``2 share[i] share[j]`` over the pairs of rows of one label.

    The heaviest row of each label is taken apart: where it has nearly all of the weight, its square
    would swamp the pairs.
    """
    order = np.lexsort((share, labels))
    heaviest = order[np.append(np.diff(labels[order]) > 0, True)]
    others = share.copy()
    others[heaviest] = 0.0
    rest = np.bincount(labels, others)
    with_heaviest = 2 * float(share[heaviest] @ rest[labels[heaviest]])
    return with_heaviest + float(rest @ rest) - float(others @ others)
