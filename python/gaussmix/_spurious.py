"""Components of a few rows that happen to lie close, or almost in one plane.

A likelihood has many maxima of that kind (G. McLachlan and D. Peel, "Finite Mixture Models", 2000,
section 3.10). They are told from small groups by what is to be expected by chance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._spectrum import scaled_eigenvalues
from gaussmix._summary import numbered
from gaussmix._typing import Float64Array
from gaussmix.factor_mixture import FactorMixture

if TYPE_CHECKING:
    from gaussmix.mixture import Mixture

# Smallest eigenvalue, in units of the columns' variances, that a handful of rows makes suspicious;
# and the determinant that does, in units of that of the component around it.
THIN = 1e-4
_HANDFUL = 10
# Sets of rows as many and as close that are to be expected of a component that owes its own to
# chance. Those that EM finds are among the closest that there are: hardly ever below 1/50.
_BY_CHANCE = 1e-3


def spurious_components(mixture: Mixture, n_rows: float, column_scale: Float64Array) -> list[int]:
    """Return the components whose covariance is that of a few rows which happen to lie close.

    Those that their shares of `n_rows` do not determine, and those of a handful of rows that lie as
    close as others do by chance. Towards the former the likelihood has no maximum. The latter are
    maxima, and a search leaves it to its criterion what they are worth.
    """
    found = set(undetermined_components(mixture, n_rows, column_scale))
    if not mixture.covariance_type.one_for_all:
        rows = mixture.weights * n_rows
        handful = np.flatnonzero((rows > 0) & (rows <= _HANDFUL)).tolist()
        found |= {k for k in handful if k not in found and _is_by_chance(mixture, k, n_rows)}
    return sorted(found)


def undetermined_components(
    mixture: Mixture, n_rows: float, column_scale: Float64Array
) -> list[int]:
    """Return the components whose rows are no more than a covariance of their own needs.

    Or hardly more, with an eigenvalue close to singular.
    """
    # A covariance common to all components is determined by all rows, however few one has.
    if mixture.covariance_type.one_for_all:
        return []
    rows = mixture.weights * n_rows
    few, _ = too_few(mixture)
    smallest = scaled_eigenvalues(mixture, column_scale)[:, 0]
    thin = (rows < 2 * (few + 1)) & (smallest < THIN)
    return [k for k in range(len(rows)) if rows[k] > 0 and (rows[k] <= few or thin[k])]


def too_few(mixture: Mixture) -> tuple[int, str]:
    """Return how many rows do not determine what is a component's own; and that in words.

    As many as there are features lie in one plane, and have no covariance of their own; of
    factors, the same. Of variances alone, two rows that agree in a column have none.
    """
    if isinstance(mixture, FactorMixture):
        return mixture.n_factors, f"the {numbered(mixture.n_factors, 'factor')}"
    if mixture.covariance_type.code[-1] == "V" and mixture.n_features > 1:
        return mixture.n_features, f"the {mixture.n_features} features"
    return 2, "two"


def _is_by_chance(mixture: Mixture, k: int, n_rows: float) -> bool:
    """Ask whether the others would have rows as close as those of component `k`, at its mean.

    A small group apart from the others, or a denser one than they explain, has not.
    """
    with np.errstate(divide="ignore"):  # a weight of zero
        joint = mixture.component_log_density(mixture.means[[k]])[0] + np.log(mixture.weights)
    joint[k] = -np.inf
    around = int(np.argmax(joint))
    determinants = mixture.log_determinants
    if joint[around] == -np.inf or determinants[k] > determinants[around] + math.log(THIN):
        return False
    expected = log_sets_by_chance(
        float(mixture.weights[k] * n_rows),
        n_rows,
        float(np.logaddexp.reduce(joint)),
        float(determinants[k]),
        float(determinants[around]),
        mixture.n_features,
        1 if mixture.covariance_type.code[1:2] in ("I", "E") else mixture.n_features,
    )
    return expected > math.log(_BY_CHANCE)


def log_sets_by_chance(
    rows: float,
    n_rows: float,
    log_density: float,
    log_determinant: float,
    log_widest: float,
    n_features: int,
    n_axes: int,
) -> float:
    """Return the log of how many sets of `rows` of `n_rows` independent rows lie as close.

    That is: with a covariance of no larger determinant, of one volume (`n_axes` is 1) or with a
    variance along each axis, none of which is more than that of `log_widest`.
    """
    # n^m / m! sets of m rows; the first row of each is anywhere, the others are near it: density
    # f^(m-1) times a volume. The deviations from their mean have m-1 coordinates in each column,
    # and the squares of those of one axis fill a ball. m^(D/2) is the Jacobian.
    free, per_axis = rows - 1, n_features / n_axes
    half = free * per_axis / 2
    ball = half * math.log(math.pi * rows * per_axis) - math.lgamma(half + 1)
    volume = n_features / 2 * math.log(rows) + n_axes * ball + free / 2 * log_determinant
    # Of sets whose *product* of variances is as small there are more than in one box of balls: the
    # logs of the balls' shares of the widest add up to a gamma variable.
    narrowing = max(0.0, free / 2 * (log_widest - log_determinant))
    shapes = 0.0
    if n_axes > 1 and narrowing > 0:
        terms = np.arange(1, n_axes) * math.log(narrowing) - np.cumsum(np.log(np.arange(1, n_axes)))
        shapes = float(np.logaddexp.reduce(np.append(0.0, terms)))
    sets = rows * math.log(n_rows) - math.lgamma(rows + 1)
    return sets + free * log_density + volume + shapes
