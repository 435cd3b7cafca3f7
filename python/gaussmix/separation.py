"""How far the components are apart: overlap, distance, and what it does to the labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaussmix._bhattacharyya import distances
from gaussmix._criteria import exact_responsibilities
from gaussmix._discriminant import misclassification
from gaussmix._fitted import Fitted, data_for, mixture_of
from gaussmix._random import seed_from
from gaussmix._record import Record, read_only
from gaussmix._summary import numbered
from gaussmix._typing import ArrayLike, Float64Array, RandomSource
from gaussmix._validation import check_integer

__all__ = ["Overlap", "bhattacharyya_distances", "confusion", "pairwise_overlap"]

_CHUNK = 2**16  # rows


@dataclass(frozen=True, eq=False, repr=False)
class Overlap(Record):
    r"""The outcome of `gaussmix.pairwise_overlap`.

    Parameters
    ----------
    misclassification : ndarray of shape (K, K)
        In row i and column j :math:`\omega_{j|i}`, the probability that a row of component i has
        a higher joint density with component j; 1 on the diagonal.
    standard_errors : ndarray of shape (K, K)
        Of these, from the Monte Carlo part of the computation; 0 where it was exact.
    """

    misclassification: Float64Array
    standard_errors: Float64Array

    def __post_init__(self) -> None:
        for name in ("misclassification", "standard_errors"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def pairwise(self) -> Float64Array:
        r"""The overlap :math:`\omega_{j|i} + \omega_{i|j}` of each pair, shape (K, K).

        0 on the diagonal.
        """
        total = self.misclassification + self.misclassification.T
        np.fill_diagonal(total, 0.0)
        return total

    @property
    def average(self) -> float:
        """Mean of the overlap over all pairs; 0 for a single component."""
        pairs = self.pairwise[np.triu_indices(len(self.misclassification), 1)]
        return float(pairs.mean()) if pairs.size else 0.0

    @property
    def maximum(self) -> float:
        """Largest overlap of a pair; 0 for a single component."""
        return float(self.pairwise.max())

    @property
    def closest_pair(self) -> tuple[int, int] | None:
        """The pair that overlaps most; None for a single component."""
        if len(self.misclassification) < 2:
            return None
        above = np.triu(self.pairwise + 1, 1)
        a, b = np.unravel_index(int(above.argmax()), above.shape)
        return int(a), int(b)

    def __repr__(self) -> str:
        return (
            f"Overlap({numbered(len(self.misclassification), 'component')}, "
            f"average {self.average:.4g}, maximum {self.maximum:.4g})"
        )


def pairwise_overlap(
    result: Fitted, n_samples: int = 4_000, random_state: RandomSource = 0
) -> Overlap:
    r"""Compute how often rows of one component would be taken for another's.

    In the sense of Maitra & Melnykov [1]_,

    .. math:: \omega_{j|i} = P\bigl(w_i N(x \mid \mu_i, \Sigma_i) < w_j N(x \mid \mu_j, \Sigma_j)
              \bigm| x \sim N(\mu_i, \Sigma_i)\bigr).

    The logarithm of the ratio is a quadratic form in independent normal variables. One direction is
    integrated in closed form, which is the whole probability in one dimension and where two
    covariances are the same; the others are drawn. Draws are made where both components are about
    equally likely, by exponential tilting [2]_, and weighted: so overlaps of any size are known to
    a few per cent or better, however many columns there are. Rows for which both are equal count
    one half: components that are the same in all have an overlap of 1, as those have that are
    nearly so.

    Parameters
    ----------
    result : FitResult, Mixture, or fitted GaussianMixture or GaussianMixtureSelector
    n_samples : int, default 4,000
        Draws for each ordered pair that needs them.
    random_state : None, int, RandomState or Generator, default 0
        By default the same mixture has the same overlap every time.

    Returns
    -------
    Overlap

    Raises
    ------
    GaussmixError
        `n_samples` is less than 2.
    GaussmixTypeError
        `result` is none of these.

    References
    ----------
    .. [1] R. Maitra and V. Melnykov, "Simulating data to study performance of finite mixture
       modeling and clustering algorithms", J. Comput. Graph. Statist. 19 (2010), 354-376.
    .. [2] J. A. Bucklew, "Introduction to Rare Event Simulation", Springer (2004).

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([0.5, 0.5], [[0.0], [2.0]], [1.0, 1.0], "spherical")
    >>> gx.pairwise_overlap(mixture).misclassification.round(6)  # Phi(-1) off the diagonal
    array([[1.      , 0.158655],
           [0.158655, 1.      ]])
    """
    mixture = mixture_of(result)
    count = check_integer(n_samples, "n_samples", minimum=2)
    K = mixture.n_components
    values, errors = np.ones((K, K)), np.zeros((K, K))
    key = seed_from(random_state)
    for i in range(K):
        for j in range(K):
            if i != j:
                rng = np.random.default_rng([key, i, j])
                values[i, j], errors[i, j] = misclassification(mixture, i, j, count, rng)
    return Overlap(values, errors)


def bhattacharyya_distances(result: Fitted) -> Float64Array:
    r"""Return the Bhattacharyya distance of each pair of components [1]_.

    .. math:: \tfrac18 (\mu_i - \mu_j)^T \bar\Sigma^{-1} (\mu_i - \mu_j) +
              \tfrac12 \log \frac{|\bar\Sigma|}{\sqrt{|\Sigma_i| |\Sigma_j|}},
              \qquad \bar\Sigma = \tfrac12 (\Sigma_i + \Sigma_j)

    The weights play no part. ``exp(-distance)`` is the Bhattacharyya coefficient, the integral of
    the root of the product of both densities.

    Parameters
    ----------
    result : FitResult, Mixture, or fitted GaussianMixture or GaussianMixtureSelector

    Returns
    -------
    ndarray of shape (K, K)
        Symmetric, 0 on the diagonal.

    Raises
    ------
    GaussmixTypeError
        `result` is none of these.

    References
    ----------
    .. [1] A. Bhattacharyya, "On a measure of divergence between two statistical populations defined
       by their probability distributions", Bull. Calcutta Math. Soc. 35 (1943), 99-109.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0], "spherical")
    >>> gx.bhattacharyya_distances(mixture)
    array([[0., 2.],
           [2., 0.]])
    """
    return distances(mixture_of(result))


def confusion(
    result: Fitted,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    n_threads: int | None = None,
) -> Float64Array:
    r"""Return the share of the rows with each label that is expected to belong to each component.

    In row i and column j, over the rows whose most probable component is i,

    .. math:: \frac{\sum_n w_n r_{nj}}{\sum_n w_n}:

    if the mixture is right, the expected confusion matrix of its labels with the components that
    the rows came from, in shares of the labels. The diagonal is the expected precision of each.

    Parameters
    ----------
    result : FitResult, Mixture, or fitted GaussianMixture or GaussianMixtureSelector
    X : array-like or frame of shape (n, D)
    sample_weight : array-like of shape (n,), optional
        Frequency weights.
    n_threads : int, optional

    Returns
    -------
    ndarray of shape (K, K)
        Rows sum to 1; a row of NaN where no row of `X` has the label.

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, or `sample_weight` does not fit it.
    GaussmixTypeError
        `result` is none of these.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([0.25, 0.75], [[0.0], [4.0]], [1.0, 1.0], "spherical")
    >>> gx.confusion(mixture, [[2.0], [-9.0]]).round(6)
    array([[1.  , 0.  ],
           [0.25, 0.75]])
    """
    mixture = mixture_of(result)
    data, weight = data_for(mixture, X, sample_weight, n_threads)
    K = mixture.n_components
    totals = np.zeros((K, K))
    for begin in range(0, len(data), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        table = exact_responsibilities(data[rows], mixture, n_threads)
        labels = table.argmax(axis=1)
        own = np.ones(len(table)) if weight is None else weight[rows]
        for k in range(K):
            totals[k] += np.where(labels == k, own, 0.0) @ table
    sums = totals.sum(axis=1, keepdims=True)
    shares = np.full((K, K), np.nan)
    np.divide(totals, sums, out=shares, where=sums > 0)
    return shares
