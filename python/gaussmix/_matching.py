"""Which component of a refitted mixture is which of the fitted one."""

from __future__ import annotations

import numpy as np

from gaussmix._assignment import least_cost_assignment
from gaussmix._matrices import as_matrices
from gaussmix._typing import Float64Array, Int64Array
from gaussmix.mixture import Mixture


def matched_components(
    mixture: Mixture, means: Float64Array, covariances: Float64Array
) -> Int64Array:
    r"""Return, for each refitted mixture, the number that each fitted component has there.

    The numbers of components mean nothing, and EM may end with any order of them. The order that
    is chosen has the least sum of Kullback-Leibler divergences [1]_ of the refitted components
    :math:`N(m_j, S_j)` from the fitted ones :math:`N(\mu_i, \Sigma_i)`,

    .. math:: \tfrac12 \bigl[ \operatorname{tr}(\Sigma_i^{-1} S_j)
              + (m_j - \mu_i)^T \Sigma_i^{-1} (m_j - \mu_i)
              + \log |\Sigma_i| - \log |S_j| - D \bigr],

    of which the last three terms are the same in every order.

    Parameters
    ----------
    mixture : Mixture
        The fitted one.
    means : ndarray of shape (B, K, D)
    covariances : ndarray of shape (B, ...)
        In the shape of the structure.

    Returns
    -------
    ndarray of shape (B, K), int64

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On information and sufficiency", Ann. Math. Statist. 22
       (1951), 79-86.
    """
    costs = _divergences(mixture, means, covariances)
    nearest: Int64Array = costs.argmin(axis=2)
    # Where every fitted component has a nearest one of its own, no sum can be less.
    in_order = np.arange(mixture.n_components)
    for b in np.flatnonzero((np.sort(nearest, axis=1) != in_order).any(axis=1)):
        nearest[b] = least_cost_assignment(costs[b])
    return nearest


def _divergences(mixture: Mixture, means: Float64Array, covariances: Float64Array) -> Float64Array:
    """Twice the divergence up to what order cannot change, [b, fitted i, refitted j]."""
    structure, K, D = mixture.covariance_type, mixture.n_components, mixture.n_features
    precisions = as_matrices(mixture.precisions, structure, K, D).reshape(K, D * D)
    factors = as_matrices(mixture.precisions_cholesky, structure, K, D)
    matrices = as_matrices(covariances, structure, K, D).reshape(len(means), K, D * D)
    costs = np.swapaxes(matrices @ precisions.T, 1, 2)
    for i in range(K):
        whitened = (means - mixture.means[i]) @ factors[i]
        costs[:, i] += (whitened**2).sum(axis=2)
    return costs
