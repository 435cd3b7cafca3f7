"""Data sets and starts to measure on: drawn from a known mixture, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """A mixture with full covariances: (K,), (K, D) and (K, D, D)."""

    weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True)
class Problem:
    """Data (n, D), the mixture they were drawn from, and the start of every library's EM."""

    X: Array
    truth: Parameters
    start: Parameters


@dataclass(frozen=True)
class Case:
    """One line of the benchmark: a size, the passes to time and the speed-up asked for, if any."""

    n_rows: int
    n_features: int
    n_components: int
    n_iter: int = 5
    required_speedup: float | None = None
    separation: float = 2.0
    seed: int = 0

    @property
    def name(self) -> str:
        """For example ``1000000x8-k16``."""
        return f"{self.n_rows}x{self.n_features}-k{self.n_components}"


REQUIRED = (
    Case(1_000_000, 2, 5, n_iter=10, required_speedup=20.0),
    Case(1_000_000, 8, 16, required_speedup=20.0),
    Case(200_000, 32, 16, required_speedup=8.0),
)
# Short iterations need many of them, or the difference of two fits is noise.
QUICK = (
    Case(20_000, 2, 5, n_iter=50),
    Case(20_000, 8, 16, n_iter=20),
    Case(5_000, 32, 16, n_iter=20),
)
SUITES = {"required": REQUIRED, "quick": QUICK}


def make_problem(case: Case) -> Problem:
    """Draw the data of `case` and a start that no library can find converged."""
    rng = np.random.default_rng([case.seed, case.n_rows, case.n_features, case.n_components])
    truth = random_mixture(rng, case.n_components, case.n_features, case.separation)
    X = draw(rng, truth, case.n_rows)
    return Problem(X, truth, far_start(rng, X, case.n_components))


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


def far_start(rng: np.random.Generator, X: Array, n_components: int) -> Parameters:
    """Equal weights, means at random rows, the covariance of all data for every component."""
    means = X[rng.choice(len(X), size=n_components, replace=False)]
    covariance = np.cov(X, rowvar=False, bias=True)
    return Parameters(
        np.full(n_components, 1.0 / n_components), means, np.stack([covariance] * n_components)
    )


def save_problem(problem: Problem, folder: Path) -> None:
    """Write data and start for a process that shall not pay for making them."""
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
