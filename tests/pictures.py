"""Stand-ins and helpers for the tests of pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gaussmix as gx

Float64 = NDArray[np.float64]

CHI_SQUARE = {0.5: 1.3862943611198906, 0.95: 5.991464547107979, 0.99: 9.21034037197618}  # 2 d.o.f.

MEANS = np.array([[0.0, 1.0, -1.0], [4.0, -1.0, 0.5]])
MATRICES = np.array(
    [
        [[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.7]],
        [[1.0, -0.4, 0.0], [-0.4, 0.5, 0.1], [0.0, 0.1, 3.0]],
    ]
)
BY_STRUCTURE = {
    "full": MATRICES,
    "tied": MATRICES[0],
    "diag": np.array([[2.0, 1.0, 0.7], [1.0, 0.5, 3.0]]),
    "spherical": np.array([2.0, 0.5]),
}


def mixture(structure: str = "full", n_features: int = 3, names: Any = None) -> gx.Mixture:
    """The first features of one mixture of two components and three features."""
    covariances = BY_STRUCTURE[structure]
    if structure in ("full", "tied"):
        covariances = covariances[..., :n_features, :n_features]
    elif structure == "diag":
        covariances = covariances[:, :n_features]
    return gx.Mixture([0.3, 0.7], MEANS[:, :n_features], covariances, structure, names)


def matrices(structure: str) -> Float64:
    """The covariance matrices of `mixture`, written out."""
    covariances = BY_STRUCTURE[structure]
    if structure == "tied":
        return np.stack([covariances] * 2)
    if structure == "diag":
        return np.stack([np.diag(row) for row in covariances])
    if structure == "spherical":
        return np.stack([variance * np.eye(3) for variance in covariances])
    return covariances


def rows(n_features: int = 3, count: int = 80) -> Float64:
    X, _ = mixture(n_features=n_features).sample(count, random_state=5)
    return X


@dataclass
class Selection:
    """What a search over structures and numbers of components tells."""

    criterion: Mapping[str, Mapping[int, float]]
    best_structure: str
    best_n_components: int
    criterion_name: str = "bic"
    spurious: Mapping[tuple[str, int], str] = field(default_factory=dict)


@dataclass
class Tree:
    """Merges of components, and the entropy after each."""

    merges: tuple[tuple[int, int], ...]
    entropy: Float64


def squared_distances(points: Any, mean: Any, covariance: Any) -> Any:
    """The squared Mahalanobis distance of each point."""
    away = points - mean
    return np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)


def png(figure: Any) -> bytes:
    """Render a figure; warnings of the layout, for example of clipped text, are errors here."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def texts(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]
