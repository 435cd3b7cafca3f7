"""Partitions of the same data into several numbers of clusters, from one merge tree."""

from __future__ import annotations

from collections.abc import Iterable

from gaussmix._engine_errors import from_engine
from gaussmix._runtime import core
from gaussmix._typing import ArrayLike, Int64Array
from gaussmix._validation import (
    check_enough_rows,
    check_integer,
    check_n_threads,
    check_sample_weight,
    check_X,
)


def hierarchical_labels(
    X: ArrayLike,
    n_components: Iterable[int],
    *,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    n_threads: int | None = None,
) -> Int64Array:
    r"""Cut the tree of model-based hierarchical clustering at several numbers of clusters.

    Starting from one cluster per distinct row, the two clusters are merged that least increase

    .. math:: \sum_k n_k \log\Bigl(\det\frac{W_k}{n_k} + \frac{\mathrm{tr} W_k + u_k}{n_k}\Bigr)

    of Banfield & Raftery [1]_ with the terms of Fraley [2]_ for singular clusters: n_k is the
    weight of the cluster, u_k = sum w^2 / sum w that of one of its distinct rows, W_k the scatter
    in principal components of the standardised columns, whose variances are the square roots of
    their eigenvalues [3]_, divided by their mean. The determinant counts in clusters of more
    distinct rows than there are columns, where there are two columns or more.

    Of more rows than 2,000 (fewer where columns are many: 1,240 at 32 columns, 500 from 61 on), or
    than two per component, the tree is of a random part. The remaining rows, and those of weight 0,
    go to the likeliest component of the full-covariance mixture that belongs to the partition.

    Parameters
    ----------
    X : array-like of shape (n, D)
    n_components : iterable of int
        Numbers of clusters, each at most the number of rows of positive weight.
    sample_weight : array-like of shape (n,), optional
        Frequency weights.
    seed : int, default 0
        Of the random part, in [0, 2**63): that of a fit with this seed.
    n_threads : int, optional

    Returns
    -------
    ndarray of shape (len(n_components), n), int64
        Labels 0 .. K - 1; fewer where fewer rows differ. Clusters are in the lexicographic order of
        their first rows where all rows are in the tree.

    Raises
    ------
    GaussmixError
        An argument is unfit.
    GaussmixTypeError
        An argument has the wrong type.

    References
    ----------
    .. [1] J. D. Banfield and A. E. Raftery, "Model-based Gaussian and non-Gaussian clustering",
       Biometrics 49 (1993), 803-821.
    .. [2] C. Fraley, "Algorithms for model-based Gaussian hierarchical clustering", SIAM J. Sci.
       Comput. 20 (1998), 270-281.
    .. [3] L. Scrucca and A. E. Raftery, "Improved initialisation of model-based clustering using
       Gaussian hierarchical partitions", Adv. Data Anal. Classif. 9 (2015), 447-460.

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.2, 0.1], [5.0, 5.2], [5.1, 5.0]]
    >>> hierarchical_labels(X, [1, 2, 4]).tolist()
    [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 3]]
    """
    threads = check_n_threads(n_threads)
    wanted = [check_integer(K, "n_components", minimum=1) for K in n_components]
    data = check_X(X, n_threads=threads)
    weight = check_sample_weight(sample_weight, len(data))
    check_enough_rows(max(wanted, default=1), len(data), weight)
    return from_engine(core.hierarchical_labels, data, weight, wanted, seed, threads)
