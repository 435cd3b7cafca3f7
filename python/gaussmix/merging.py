"""Merging components into clusters: several Gaussians may describe one group."""

from __future__ import annotations

import numpy as np

from gaussmix._criteria import exact_responsibilities
from gaussmix._fitted import Fitted, data_for, mixture_of
from gaussmix._row_blocks import row_blocks
from gaussmix._typing import ArrayLike, Float64Array, FloatArray
from gaussmix.merge_tree import MergeTree
from gaussmix.mixture import Mixture

__all__ = ["merge_components"]

_ROWS_AT_ONCE = 2**14  # few enough that what is computed of them stays in a cache


def merge_components(
    result: Fitted,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    n_threads: int | None = None,
) -> MergeTree:
    r"""Merge components, two at a time, so that the rows become ever surer of their clusters.

    A mixture may need several components for one cluster that is not Gaussian. Starting from the
    K components, the two clusters are merged whose union lowers the entropy of the classification

    .. math:: -\sum_i w_i \sum_k r_{ik} \log r_{ik}

    most, where the responsibilities of a union are the sum of those of its parts [1]_; and so on
    to a single cluster. The density stays what it is: only what counts as a cluster changes.

    Parameters
    ----------
    result : FitResult, Mixture, or fitted GaussianMixture or GaussianMixtureSelector
    X : array-like or frame of shape (n, D)
        The data that were fitted.
    sample_weight : array-like of shape (n,), optional
        Frequency weights.
    n_threads : int, optional
        Threads for the responsibilities.

    Returns
    -------
    MergeTree

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, or `sample_weight` does not fit it.
    GaussmixTypeError
        `result` is none of these.

    Notes
    -----
    Takes the memory of the responsibilities, n K numbers, beside what it needs of a few rows at
    a time, and O(n K^2) time.

    References
    ----------
    .. [1] J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo and R. Gottardo, "Combining mixture
       components for clustering", J. Comput. Graph. Statist. 19 (2010), 332-353.

    Examples
    --------
    >>> import gaussmix as gx
    >>> means = [[0.0], [1.0], [50.0], [90.0]]
    >>> mixture = gx.Mixture([0.25] * 4, means, [1.0] * 4, "spherical")
    >>> X, _ = mixture.sample(400, random_state=0)
    >>> tree = gx.merge_components(mixture, X)
    >>> tree.merges[0], tree.groups(3)
    ((0, 1), ((0, 1), (2,), (3,)))
    """
    mixture = mixture_of(result)
    data, weight = data_for(mixture, X, sample_weight, n_threads)
    table = _responsibilities(data, mixture, n_threads)
    shares = _Shares(table, np.ones(len(data)) if weight is None else weight)
    entropy, merged_weight, merges = [shares.entropy()], [], []
    while len(shares.clusters) > 1:
        pair = shares.best_pair()
        merged_weight.append(shares.assigned_to(pair))
        shares.merge(pair)
        merges.append(pair)
        entropy.append(shares.entropy())
    return MergeTree(mixture, tuple(merges), np.array(entropy[::-1]), np.array(merged_weight[::-1]))


def _responsibilities(data: FloatArray, mixture: Mixture, n_threads: int | None) -> Float64Array:
    """Return them with one row of n numbers for each component; no other copy is ever held."""
    table = np.empty((mixture.n_components, len(data)))
    for rows in row_blocks(len(data)):
        table[:, rows] = exact_responsibilities(data[rows], mixture, n_threads).T
    return table


class _Shares:
    """Responsibilities of the clusters that are left, and what each union would save.

    A cluster is called by its first component; `table` holds one row of n numbers for each, which
    unions write over.
    """

    def __init__(self, table: Float64Array, weight: Float64Array) -> None:
        self.table = table
        self.weight = weight
        self.clusters = list(range(len(self.table)))
        self.terms = self._entropies(self.clusters)
        self.savings = np.full((len(self.clusters),) * 2, -np.inf)
        for k in self.clusters:
            self._find_savings(k, self.clusters[k + 1 :])

    def entropy(self) -> float:
        """Return the entropy with the clusters that are left."""
        return max(0.0, float(self.terms[self.clusters].sum()))

    def best_pair(self) -> tuple[int, int]:
        """Return the clusters whose union saves most, the first of equals."""
        a, b = np.unravel_index(int(self.savings.argmax()), self.savings.shape)
        return int(a), int(b)

    def assigned_to(self, pair: tuple[int, int]) -> float:
        """Return the weight of the rows whose most probable cluster is one of the two."""
        total = 0.0
        for rows in row_blocks(len(self.weight), _ROWS_AT_ONCE):
            labels = np.array(self.clusters)[self.table[self.clusters, rows].argmax(axis=0)]
            total += float(self.weight[rows] @ np.isin(labels, pair))
        return total

    def merge(self, pair: tuple[int, int]) -> None:
        """Unite two clusters under the name of the first."""
        a, b = pair
        self.table[a] += self.table[b]
        self.clusters.remove(b)
        self.savings[b, :] = self.savings[:, b] = -np.inf
        self.terms[a] = self._entropies([a])[0]
        self._find_savings(a, [k for k in self.clusters if k != a])

    def _find_savings(self, k: int, others: list[int]) -> None:
        """Compute what the union of cluster k with each of the others would save."""
        together = self._entropies(others, k)
        for other, term in zip(others, together, strict=True):
            pair = (min(k, other), max(k, other))
            self.savings[pair] = self.terms[k] + self.terms[other] - term

    def _entropies(self, clusters: list[int], united_with: int | None = None) -> Float64Array:
        """Return the sum of -w r log r of each cluster, or of its union with another."""
        total = np.zeros(len(clusters))
        for rows in row_blocks(len(self.weight), _ROWS_AT_ONCE):
            shares = self.table[clusters, rows]
            if united_with is not None:
                shares = shares + self.table[united_with, rows]
            total -= (shares * np.log(np.where(shares > 0, shares, 1.0))) @ self.weight[rows]
        return total
