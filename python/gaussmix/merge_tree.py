"""Clusters made of several components each, for every number of clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaussmix._elbow import elbow
from gaussmix._record import Record, read_only
from gaussmix._summary import numbered
from gaussmix._typing import ArrayLike, Float64Array, FloatArray, Int64Array
from gaussmix._validation import check_integer
from gaussmix.mixture import Mixture

__all__ = ["MergeTree"]

_TORN = 0.01  # of the rows of two clusters; where it is less, they are apart


@dataclass(frozen=True, eq=False, repr=False)
class MergeTree(Record):
    """The outcome of `gaussmix.merge_components`: a hierarchy of clusters over the components.

    Parameters
    ----------
    mixture : Mixture
        The components.
    merges : tuple of (int, int)
        The K - 1 pairs of clusters in the order in which they were merged. A cluster is called by
        the least number of its components, and the union of a and b > a is a.
    entropy : ndarray of shape (K,)
        Entropy of the classification in nats, ``-sum_i w_i sum_j r_ij log r_ij``, with 1, 2, ..., K
        clusters.
    merged_weight : ndarray of shape (K - 1,)
        Weight of the rows assigned to the two clusters whose union leaves 1, 2, ..., K - 1.
    """

    mixture: Mixture
    merges: tuple[tuple[int, int], ...]
    entropy: Float64Array
    merged_weight: Float64Array

    def __post_init__(self) -> None:
        for name in ("entropy", "merged_weight"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def normalised_differences(self) -> Float64Array:
        """Entropy saved per merged row by the union that leaves 1, 2, ..., K - 1 clusters.

        In nats; NaN where no row is assigned to the two.
        """
        saved = np.diff(self.entropy)
        per_row = np.full(len(saved), np.nan)
        np.divide(saved, self.merged_weight, out=per_row, where=self.merged_weight > 0)
        return per_row

    @property
    def n_clusters(self) -> int:
        r"""Number of clusters at the elbow of the entropy, or K where there is no doubt to lose.

        Two straight lines that share one number of clusters are fitted by least squares to the
        entropy against the cumulated weight of the merged rows [1]_; where they are nearest to it
        is the elbow. It lies between the ends: with fewer than three components nothing is
        merged. The elbow is a guide, and there may be none to see: look at `entropy`.

        An elbow can be found in rounding errors, too. So nothing is merged where the first union,
        that which saves most, saves as good as nothing: less than if one in a hundred of the rows
        of the two clusters were torn between them, which costs :math:`\log 2` each. Of equal
        spherical clusters it is those some six standard deviations apart and more.

        References
        ----------
        .. [1] J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo and R. Gottardo, "Combining mixture
           components for clustering", J. Comput. Graph. Statist. 19 (2010), 332-353, section 3.
        """
        if len(self.entropy) < 3 or self._saves_nothing:
            return len(self.entropy)
        cumulated = np.concatenate([[0.0], np.cumsum(self.merged_weight)])
        return elbow(cumulated, self.entropy) + 1

    @property
    def _saves_nothing(self) -> bool:
        """Whether the first union leaves the rows as sure of their clusters as they were."""
        saved = self.entropy[-1] - self.entropy[-2]
        return bool(saved <= _TORN * math.log(2) * self.merged_weight[-1])

    def groups(self, n_clusters: int | None = None) -> tuple[tuple[int, ...], ...]:
        """Return the components of each cluster, ordered by the least of them.

        Parameters
        ----------
        n_clusters : int, optional
            1 to K; None is the attribute of this name.

        Raises
        ------
        GaussmixError
            There are not so many components.
        """
        most = len(self.entropy)
        wanted = self.n_clusters if n_clusters is None else n_clusters
        wanted = check_integer(wanted, "n_clusters", minimum=1, maximum=most)
        clusters = {k: [k] for k in range(most)}
        for a, b in self.merges[: most - wanted]:
            clusters[a] += clusters.pop(b)
        return tuple(tuple(sorted(members)) for members in clusters.values())

    def responsibilities(
        self, X: ArrayLike, n_clusters: int | None = None, n_threads: int | None = None
    ) -> FloatArray:
        """Return the probability of each cluster given the row, shape (n, n_clusters).

        Parameters
        ----------
        X : array-like or frame of shape (n, D)
        n_clusters : int, optional
            None is the attribute of this name.
        n_threads : int, optional
        """
        groups = self.groups(n_clusters)
        table = self.mixture.responsibilities(X, n_threads)
        shares = np.stack([table[:, list(members)].sum(axis=1) for members in groups], axis=1)
        np.minimum(shares, 1.0, out=shares)
        return shares

    def labels(
        self, X: ArrayLike, n_clusters: int | None = None, n_threads: int | None = None
    ) -> Int64Array:
        """Return the most probable cluster of each row, shape (n,), numbered as in `groups`.

        Parameters as in `responsibilities`.
        """
        found: Int64Array = self.responsibilities(X, n_clusters, n_threads).argmax(axis=1)
        return found

    def __repr__(self) -> str:
        return (
            f"MergeTree({numbered(len(self.entropy), 'component')}, "
            f"{numbered(self.n_clusters, 'cluster')} by the entropy)"
        )
