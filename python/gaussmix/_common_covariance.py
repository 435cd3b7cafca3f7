"""Whether enough rows are left to determine the covariance that all components share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaussmix._spectrum import scaled_eigenvalues
from gaussmix._spurious import THIN
from gaussmix._typing import Float64Array

if TYPE_CHECKING:
    from gaussmix.mixture import Mixture


def few_in_common(mixture: Mixture, n_rows: float, column_scale: Float64Array) -> str:
    """Return what is common to all covariances and determined by too few rows; empty if nothing.

    A covariance of all is judged as that of one component with so many rows is; of one component
    it is the same.
    """
    what = _in_common(mixture)
    if not what:
        return ""
    rows, few = _rows_left(mixture, n_rows), _too_few(mixture)
    if rows <= few:
        return what
    close_to_singular = (
        rows < 2 * (few + 1) and scaled_eigenvalues(mixture, column_scale)[:, 0].max() < THIN
    )
    return what if close_to_singular else ""


def _in_common(mixture: Mixture) -> str:
    """Name it.

    Beside a common volume, shape or direction components have something of their own in the other
    structures, which is undetermined before that is.
    """
    if mixture.covariance_type.one_for_all:
        return "covariance"
    return "shape and axes" if mixture.covariance_type.code == "VEE" else ""


def _rows_left(mixture: Mixture, n_rows: float) -> float:
    """Return of how many rows a single component would know as much.

    Each further component takes a row for its mean; and it is put where another happens to lie
    close, which tells as little of the spread. Rows close in all columns, as a common variance
    wants them, are so much rarer than in one direction.
    """
    further = int((mixture.weights > 0).sum()) - 1
    directions = mixture.n_features if mixture.covariance_type.code == "EII" else 1
    return n_rows - further * (1 + 1 / directions)


def _too_few(mixture: Mixture) -> int:
    """Return how many rows do not determine it: those that lie in one plane; of variances, two."""
    return max(2, mixture.n_features) if mixture.covariance_type.code[-1] == "E" else 2
