"""Random mixtures, data and weights for hypothesis.

Sizes and kinds are drawn by hypothesis, so that failures shrink to a few rows and columns; the
bulk of the numbers comes from a generator seeded by hypothesis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref

Float64 = NDArray[np.float64]

# Row counts around every power of two, where a tile, a block or a lane would end, and in between.
ROWS = st.one_of(
    st.integers(1, 40),
    st.sampled_from([63, 64, 65, 127, 128, 129, 255, 256, 257, 300]),
    st.integers(41, 320),
)


def examples(share: float) -> int:
    """A share of the profile's number of examples, for properties dearer than the oracle's."""
    assert settings.default is not None
    return max(2, round(share * settings.default.max_examples))


@dataclass(frozen=True)
class Problem:
    """A mixture in the package's shapes, data, and perhaps weights of the rows."""

    X: NDArray[Any]
    sample_weight: Float64 | None
    covariance_type: str
    weights: Float64
    means: Float64
    covariances: Float64

    @property
    def n_components(self) -> int:
        return len(self.weights)

    @property
    def n_features(self) -> int:
        return int(self.means.shape[1])

    def mixture(self) -> gx.Mixture:
        return gx.Mixture(
            self.weights, self.means, self.covariances, covariance_type=self.covariance_type
        )

    def parameters(self) -> ref.Parameters:
        return ref.Parameters(
            ref.real(self.weights),
            ref.real(self.means),
            ref.matrices(
                self.covariance_type, self.covariances, self.n_components, self.n_features
            ),
        )

    def row_weights(self) -> Float64:
        return np.ones(len(self.X)) if self.sample_weight is None else self.sample_weight


def random_covariance(rng: np.random.Generator, size: int, log10_condition: float) -> Float64:
    """A symmetric positive definite matrix with eigenvalues 10**(+-log10_condition / 2)."""
    rotation, _ = np.linalg.qr(rng.standard_normal((size, size)))
    eigenvalues = 10.0 ** (log10_condition * (rng.random(size) - 0.5))
    matrix = (rotation * eigenvalues) @ rotation.T
    return np.asarray((matrix + matrix.T) / 2)


def random_covariances(
    rng: np.random.Generator,
    covariance_type: str,
    n_components: int,
    n_features: int,
    log10_condition: float,
) -> Float64:
    """Covariances in the package's shape of the structure."""
    if covariance_type == "tied":
        return random_covariance(rng, n_features, log10_condition)
    if covariance_type == "full":
        return np.array(
            [random_covariance(rng, n_features, log10_condition) for _ in range(n_components)]
        )
    shape = (n_components, n_features) if covariance_type == "diag" else (n_components,)
    return np.asarray(10.0 ** (log10_condition * (rng.random(shape) - 0.5)))


def row_weights(rng: np.random.Generator, kind: str, n_rows: int) -> Float64 | None:
    """Weights of the rows, never all zero."""
    if kind == "none":
        return None
    if kind == "counts":
        weights = rng.integers(0, 4, size=n_rows).astype(float)
    else:
        weights = rng.gamma(0.5, size=n_rows) * (rng.random(n_rows) > 0.2)
    weights[rng.integers(n_rows)] = 1.0
    return np.asarray(weights)


@st.composite
def problems(
    draw: st.DrawFn,
    covariance_type: str | None = None,
    max_features: int = 40,
    max_components: int = 20,
    rows: st.SearchStrategy[int] = ROWS,
    log10_conditions: tuple[float, ...] = (0.0, 1.0, 3.0),
) -> Problem:
    """A random mixture and rows that mostly come from it; some far out, some on a mean."""
    if covariance_type is None:
        covariance_type = draw(st.sampled_from(ref.COVARIANCE_TYPES))
    n_features = draw(st.integers(1, max_features))
    n_components = draw(st.integers(1, max_components))
    n_rows = draw(rows)
    condition = draw(st.sampled_from(log10_conditions))
    separation = draw(st.sampled_from([0.3, 1.0, 4.0, 20.0]))
    offset = draw(st.sampled_from([0.0, 1e3]))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    weighting = draw(st.sampled_from(["none", "counts", "real"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    weights = rng.dirichlet(np.full(n_components, 0.7)) + 1e-9
    means = offset + separation * rng.standard_normal((n_components, n_features))
    covariances = random_covariances(rng, covariance_type, n_components, n_features, condition)
    labels = rng.integers(n_components, size=n_rows)
    X = means[labels] + scattered(rng, covariance_type, covariances, labels, n_features)
    X[rng.random(n_rows) < 0.05] += 10.0
    on_a_mean = rng.random(n_rows) < 0.05
    X[on_a_mean] = means[labels[on_a_mean]]
    return Problem(
        X.astype(dtype),
        row_weights(rng, weighting, n_rows),
        covariance_type,
        weights / weights.sum(),
        means,
        covariances,
    )


def scattered(
    rng: np.random.Generator,
    covariance_type: str,
    covariances: Float64,
    labels: NDArray[np.int64],
    n_features: int,
) -> Float64:
    """Zero-mean normal rows, each with the covariance of its label."""
    noise = rng.standard_normal((len(labels), n_features))
    if covariance_type == "spherical":
        return np.asarray(noise * np.sqrt(covariances)[labels, None])
    if covariance_type == "diag":
        return np.asarray(noise * np.sqrt(covariances)[labels])
    if covariance_type == "tied":
        return np.asarray(noise @ np.linalg.cholesky(covariances).T)
    factors = np.linalg.cholesky(covariances)
    return np.asarray(np.einsum("nij,nj->ni", factors[labels], noise))


def clusters(
    seed: int, n_rows: int, n_features: int, n_components: int, separation: float = 2.0
) -> Float64:
    """Overlapping elliptical clusters, for tests that fit."""
    rng = np.random.default_rng(seed)
    means = separation * rng.standard_normal((n_components, n_features))
    factors = rng.standard_normal((n_components, n_features, n_features)) * 0.4
    factors += np.eye(n_features)
    labels = rng.integers(n_components, size=n_rows)
    noise = rng.standard_normal((n_rows, n_features))
    return np.asarray(means[labels] + np.einsum("nij,nj->ni", factors[labels], noise))


def three_near_groups() -> Float64:
    """Ninety rows of two columns: enough for every structure, and quick to search."""
    rng = np.random.default_rng(3)
    centres = np.array([[0.0, 0.0], [2.5, 0.0], [0.0, 3.0]])
    return np.asarray(centres[rng.integers(3, size=90)] + rng.normal(size=(90, 2)))


def weights_with_zeros(n_rows: int) -> Float64:
    """Weights of very unlike size; every seventh row is absent."""
    weight = np.random.default_rng(4).exponential(size=n_rows)
    return np.asarray(weight * (np.arange(n_rows) % 7 > 0))


def soft_start(seed: int, n_rows: int, n_components: int) -> Float64:
    """Random responsibilities, sharp enough to start EM away from the symmetric point."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.dirichlet(np.full(n_components, 0.3), size=n_rows))
