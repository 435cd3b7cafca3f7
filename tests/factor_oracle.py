"""The slow, obvious oracle of factor analysers: matrices of D x D, inverted, in extended precision.

One step is written as in the papers, with the expectations of the factors, and not as the engine
takes it: Rubin & Thayer 1982 for the step, Liu, Rubin & Wu 1998 for its expansion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import gaussmix as gx
import reference as ref
from fits import quiet
from reference import Array, Parameters, real


def inverse(matrix: Array) -> Array:
    """By Gauss and Jordan, without pivoting: of a positive definite matrix."""
    size = len(matrix)
    table = np.concatenate([matrix, np.eye(size, dtype=ref.Real)], axis=1)
    for i in range(size):
        table[i] /= table[i, i]
        for j in range(size):
            if j != i:
                table[j] -= table[j, i] * table[i]
    return table[:, size:]


def parameters(mixture: gx.FactorMixture) -> Parameters:
    loadings, noise = real(mixture.loadings), real(mixture.noise_variances)
    covariances = np.array([a @ a.T + np.diag(b) for a, b in zip(loadings, noise, strict=True)])
    return Parameters(real(mixture.weights), real(mixture.means), covariances)


@dataclass(frozen=True)
class Step:
    """What one step of EM leads to; loadings are known up to a rotation, so as L L^T."""

    weights: Array
    means: Array
    common: Array  # (K, D, D): loadings times their transpose
    noise: Array  # (K, D)


def step(X: ArrayLike, mixture: gx.FactorMixture, sample_weight: ArrayLike | None = None) -> Step:
    """Responsibilities, means, then for each component one step for the scatter about its mean."""
    old = parameters(mixture)
    stats = ref.e_step(X, old, sample_weight)
    common, noise = [], []
    for k, covariance in enumerate(old.covariances):
        scatter = stats.scatter[k] / stats.weight[k]
        loadings = real(mixture.loadings[k])
        beta = loadings.T @ inverse(covariance)  # E[u | x] = beta (x - mean)
        cross = scatter @ beta.T
        second = np.eye(loadings.shape[1]) - beta @ loadings + beta @ cross  # E[u u^T]
        regression = cross @ inverse(second)
        common.append(regression @ second @ regression.T)  # of factors of variance one
        noise.append(np.diag(scatter - regression @ cross.T))
    return Step(stats.weight / stats.weight.sum(), stats.mean, np.array(common), np.array(noise))


def planted(
    seed: int, n_rows: int, n_features: int, n_components: int, n_factors: int, spread: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.int64], gx.FactorMixture]:
    """Rows of a random mixture of factor analysers, and the component of each."""
    rng = np.random.default_rng(seed)
    mixture = gx.FactorMixture(
        rng.dirichlet(np.full(n_components, 20.0)),
        spread * rng.normal(size=(n_components, n_features)),
        rng.normal(size=(n_components, n_features, n_factors)),
        rng.uniform(0.3, 1.5, size=(n_components, n_features)),
    )
    X, labels = mixture.sample(n_rows, random_state=seed)
    return X, labels, mixture


def fitted(X: Any, n_components: int, n_factors: int, **options: Any) -> gx.FitResult:
    options = {"random_state": 0} | options
    return quiet(X, n_components, covariance_type="factor", n_factors=n_factors, **options)


def factors_of(result: gx.FitResult) -> gx.FactorMixture:
    assert isinstance(result.mixture, gx.FactorMixture)
    return result.mixture


def least_gain(result: gx.FitResult) -> float:
    """In units of what summation rounds by."""
    trace = np.append(result.trace, result.log_likelihood)
    return float((np.diff(trace) / (1e-12 * np.abs(trace[:-1]))).min())
