"""Covariances in the shape of each structure, the common log-likelihood, and useful flops.

The shapes are scikit-learn's: (K, D, D) full, (D, D) tied, (K, D) diag, (K,) spherical.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.problems import Array, Parameters

_BLOCK = 50_000  # rows scored at a time


def in_shape(start: Parameters, covariance_type: str) -> Parameters:
    """The mixture with full covariances `start`, each reduced to the structure's shape."""
    full = start.covariances
    variances = np.diagonal(full, axis1=1, axis2=2)
    shaped = {
        "full": full,
        "tied": np.einsum("k,kij->ij", start.weights, full),
        "diag": variances,
        "spherical": variances.mean(axis=1),
    }[covariance_type]
    return Parameters(start.weights, start.means, np.ascontiguousarray(shaped))


def as_full(covariances: Array, covariance_type: str, n_components: int, n_features: int) -> Array:
    """(K, D, D) from the shape of a structure."""
    if covariance_type == "full":
        return covariances
    if covariance_type == "tied":
        return np.broadcast_to(covariances, (n_components, n_features, n_features))
    variances = covariances if covariance_type == "diag" else covariances[:, None]
    full: Array = variances[:, :, None] * np.eye(n_features)
    return full


def precisions(covariances: Array, covariance_type: str) -> Array:
    """Inverse covariances, in the same shape."""
    if covariance_type in ("full", "tied"):
        return np.asarray(np.linalg.inv(covariances))
    return np.asarray(1.0 / covariances)


def mean_log_likelihood(X: Array, mixture: Parameters, covariance_type: str) -> float:
    """Mean log-likelihood per row: one plain computation that judges every library."""
    K, D = mixture.means.shape
    factors = np.linalg.cholesky(as_full(mixture.covariances, covariance_type, K, D))
    whiten = np.linalg.inv(factors).transpose(0, 2, 1)
    log_scale = -np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    constant = np.log(mixture.weights) + log_scale - D / 2 * math.log(2 * math.pi)
    total = 0.0
    for block in np.array_split(X, math.ceil(len(X) / _BLOCK)):
        logits = np.empty((len(block), K))
        for k in range(K):
            z = (block - mixture.means[k]) @ whiten[k]
            logits[:, k] = constant[k] - 0.5 * np.einsum("ij,ij->i", z, z)
        top = logits.max(axis=1)
        total += float((top + np.log(np.exp(logits - top[:, None]).sum(axis=1))).sum())
    return total / len(X)


def useful_flops(covariance_type: str, n_features: int) -> float:
    """Flops that one EM iteration needs per row and component: 4 for each sufficient statistic.

    A statistic is multiplied and added once for the density and once for the sums. A row has
    (D + 1)(D + 2) / 2 of them with full covariances (1, x, the lower half of x x'), 2 D + 1 with
    diag (1, x, x^2), D + 2 with spherical (1, x, |x|^2) and D + 1 with tied, whose scatter of all
    rows does not change. Exponentials and what is done once per iteration are not counted.
    """
    D = n_features
    statistics = {
        "full": (D + 1) * (D + 2) / 2,
        "diag": 2 * D + 1,
        "spherical": D + 2,
        "tied": D + 1,
    }
    return 4.0 * statistics[covariance_type]


def whitening_flops(n_features: int) -> float:
    """Flops per row of y = L^-1 (x - c), which tied covariances need once for all components."""
    return float(n_features * (n_features + 1))
