"""Data sets and starts to measure on: drawn from a known mixture, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """A mixture: (K,), (K, D) and covariances, (K, D, D) where nothing else is said."""

    weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True)
class Problem:
    """Data (n, D), the mixture they were drawn from, and the start of every library's EM."""

    X: Array
    truth: Parameters
    start: Parameters


def make_problem(
    n_rows: int, n_features: int, n_components: int, *, separation: float = 2.0, seed: int = 0
) -> Problem:
    """Draw data and a start that no library can find converged."""
    rng = np.random.default_rng([seed, n_rows, n_features, n_components])
    truth = random_mixture(rng, n_components, n_features, separation)
    X = draw(rng, truth, n_rows)
    return Problem(X, truth, rough_start(rng, X, truth))


def random_mixture(
    rng: np.random.Generator, n_components: int, n_features: int, separation: float
) -> Parameters:
    """A mixture whose closest two components lie `separation` standard deviations apart.

    The distance of components i and j is the Mahalanobis distance of their means under the
    average of their covariances; all means are stretched so that the smallest one fits.
    """
    weights = rng.dirichlet(np.full(n_components, 5.0))
    covariances = np.stack([_random_covariance(rng, n_features) for _ in range(n_components)])
    means = rng.standard_normal((n_components, n_features))
    closest = min(
        (
            _mahalanobis(means[i] - means[j], (covariances[i] + covariances[j]) / 2)
            for i in range(n_components)
            for j in range(i)
        ),
        default=separation,
    )
    return Parameters(weights, means * (separation / closest), covariances)


def draw(rng: np.random.Generator, mixture: Parameters, n_rows: int) -> Array:
    """Independent draws, components in random order."""
    labels = rng.choice(len(mixture.weights), size=n_rows, p=mixture.weights)
    X = rng.standard_normal((n_rows, mixture.means.shape[1]))
    for k, factor in enumerate(np.linalg.cholesky(mixture.covariances)):
        mine = labels == k
        X[mine] = X[mine] @ factor.T + mixture.means[k]
    return X


def rough_start(rng: np.random.Generator, X: Array, truth: Parameters) -> Parameters:
    """Equal weights, each mean off by one unit, the covariance of all data for every component.

    Means at random rows would leave some components with fewer rows than columns where the
    columns are many, and what a library does about that is no part of an iteration's time.
    """
    steps = rng.standard_normal(truth.means.shape)
    means = truth.means + steps / np.linalg.norm(steps, axis=1, keepdims=True)
    covariance = np.atleast_2d(np.cov(X, rowvar=False, bias=True))
    K = len(means)
    return Parameters(np.full(K, 1.0 / K), means, np.stack([covariance] * K))


def save_problem(problem: Problem, folder: Path) -> None:
    """Write data and start for the processes that measure; the truth is not their business."""
    np.save(folder / "X.npy", problem.X)
    start = problem.start
    np.savez(
        folder / "start.npz",
        weights=start.weights,
        means=start.means,
        covariances=start.covariances,
    )


def load_problem(folder: Path) -> tuple[Array, Parameters]:
    """Data and start as `save_problem` wrote them."""
    with np.load(folder / "start.npz") as start:
        parameters = Parameters(start["weights"], start["means"], start["covariances"])
    X: Array = np.load(folder / "X.npy")
    return X, parameters


def _random_covariance(rng: np.random.Generator, n_features: int) -> Array:
    """Random axes, variances between 1/4 and 4."""
    axes, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
    variances = 2.0 ** rng.uniform(-2.0, 2.0, n_features)
    covariance: Array = (axes * variances) @ axes.T
    return (covariance + covariance.T) / 2


def _mahalanobis(difference: Array, covariance: Array) -> float:
    return float(np.sqrt(difference @ np.linalg.solve(covariance, difference)))
