"""The fourteen covariance structures by their letters, for the tests of all of them.

A covariance is ``volume * axes @ diag(shape) @ axes.T``, shapes of determinant one. What the
letters say is checked, and moved about in, through these three parts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref

Float64 = NDArray[np.float64]

# fmt: off
CODES = ("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE",
         "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
# fmt: on
NEW = tuple(code for code in CODES if code not in ("VII", "VVI", "EEE", "VVV"))
# Axes turned against the columns, along which variances or axes of components are compared.
COMPARING = ("EVE", "VVE", "EEV", "VEV")
# Where a column in other units gives the same fit in those units; else only all columns together.
BY_COLUMN = ("EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV")


def contains(larger: str, smaller: str) -> bool:
    """Whether every set of covariances of the one structure is one of the other.

    V contains E and, as a shape or an orientation, I; equal axes may be the identity.
    """
    return larger != smaller and all(
        a == b or a == "V" or (a == "E" and b == "I") for a, b in zip(larger, smaller, strict=True)
    )


def matrices(mixture: gx.Mixture) -> Float64:
    """The covariances as K matrices, whatever the structure."""
    return np.asarray(
        ref.matrices(
            mixture.covariance_type.value,
            mixture.covariances,
            mixture.n_components,
            mixture.n_features,
        ),
        np.float64,
    )


def log_volumes(covariances: Float64) -> Float64:
    """log of the D-th root of each determinant."""
    return np.asarray(np.linalg.slogdet(covariances)[1] / covariances.shape[-1])


def log_shapes(covariances: Float64) -> Float64:
    """Logs of the eigenvalues of each, ascending, less their mean."""
    logs = np.log(np.linalg.eigvalsh(covariances))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def assert_in_structure(code: str, covariances: Float64, rtol: float = 1e-9) -> None:
    """Volumes, shapes and axes are equal, or those of the coordinates, as the letters say.

    `rtol` of an eigenvalue, which must be above the rounding of the largest one.
    """
    volume, shape, orientation = tuple(code)
    D = covariances.shape[-1]
    if volume == "E":
        np.testing.assert_allclose(log_volumes(covariances), log_volumes(covariances)[0], atol=rtol)
    if shape == "E":
        shapes = log_shapes(covariances)
        np.testing.assert_allclose(shapes, shapes[[0] * len(shapes)], atol=rtol)
    if shape == "I":
        np.testing.assert_allclose(log_shapes(covariances), 0, atol=rtol)
    if orientation == "I":
        assert np.all(covariances[:, ~np.eye(D, dtype=bool)] == 0)
    if orientation == "E":
        for a in covariances:
            for b in covariances:
                commutator = a @ b - b @ a
                size = np.linalg.norm(a, 2) * np.linalg.norm(b, 2)
                assert np.max(np.abs(commutator)) <= 1e-12 * size
    if orientation == "E" and shape == "E":
        scaled = covariances / np.exp(log_volumes(covariances))[:, None, None]
        np.testing.assert_allclose(scaled, scaled[[0] * len(scaled)], rtol=rtol, atol=1e-13)


@dataclass(frozen=True)
class Parts:
    """Logs of volumes (K,) and shapes (K, D), and axes (K, D, D): repeated where they are equal."""

    code: str
    log_volume: Float64
    log_shape: Float64
    axes: Float64

    @staticmethod
    def of(code: str, covariances: Float64) -> Parts:
        """The parts of covariances that have the structure."""
        K, D = covariances.shape[:2]
        if code[2] == "I":
            axes = np.array([np.eye(D)] * K)
        elif code[2] == "E":
            # A sum in other proportions separates axes that have equal variances in one of them.
            shares = np.random.default_rng(0).uniform(1, 2, K) / np.exp(log_volumes(covariances))
            common = np.linalg.eigh(np.einsum("k,kij->ij", shares, covariances))[1]
            axes = np.array([common] * K)
        else:
            axes = np.linalg.eigh(covariances)[1]
        logs = np.log(np.einsum("kij,kil,klj->kj", axes, covariances, axes))
        volume = logs.mean(axis=1)
        return Parts(code, volume, logs - volume[:, None], axes)

    def moved(self, rng: np.random.Generator, size: float) -> Parts:
        """A random step within the structure."""
        K, D = self.log_shape.shape

        def step(letter: str, shape: tuple[int, ...]) -> Float64:
            one = rng.standard_normal((1 if letter == "E" else K, *shape)) * size
            return np.asarray(np.broadcast_to(one, (K, *shape)))

        log_shape = self.log_shape
        if self.code[1] != "I":
            log_shape = log_shape + step(self.code[1], (D,))
            log_shape = log_shape - log_shape.mean(axis=1, keepdims=True)
        axes = self.axes
        if self.code[2] != "I":
            free = step(self.code[2], (D, D))
            half = (free - np.swapaxes(free, 1, 2)) / 2  # Cayley's map makes rotations of these
            axes = axes @ np.linalg.solve(np.eye(D) - half, np.eye(D) + half)
        return Parts(self.code, self.log_volume + step(self.code[0], ()), log_shape, axes)

    def covariances(self) -> Float64:
        variances = np.exp(self.log_volume[:, None] + self.log_shape)
        return np.asarray(np.einsum("kij,kj,klj->kil", self.axes, variances, self.axes))


def expected_log_likelihood(weight: Float64, scatter: Float64, covariances: Float64) -> float:
    """What an M-step of the covariances maximises, but for a constant.

    ``- sum_k (n_k log |S_k| + tr(S_k^-1 W_k)) / 2``.
    """
    log_determinants = np.linalg.slogdet(covariances)[1]
    traces = np.trace(np.linalg.solve(covariances, scatter), axis1=1, axis2=2)
    return float(-0.5 * (weight @ log_determinants + traces.sum()))


def in_array_form(code: str, covariances: Float64) -> Float64:
    """K matrices in the package's shape of the structure."""
    name = gx.CovarianceType(code) if code in NEW else NAMES[code]
    return np.asarray(ref.compact(str(name), ref.real(covariances)), np.float64)


NAMES = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}


def random_scatter(rng: np.random.Generator, K: int, D: int, spread: float) -> Float64:
    """Positive definite matrices, each of other volume, shape and axes."""
    roots = rng.standard_normal((K, D, D + 2)) * np.exp(spread * rng.standard_normal((K, D, 1)))
    return np.asarray(roots @ np.swapaxes(roots, 1, 2))


def statistics(code: str, weight: Float64, mean: Float64, scatter: Float64) -> Any:
    """What an E-step would leave, of full scatters, for any structure."""
    kind = ref.SCATTER_KINDS[NAMES.get(code, code)]
    return gx.SufficientStatistics(
        weight=weight,
        mean=mean,
        scatter=np.asarray(ref.reduced_scatter(kind, ref.real(scatter)), np.float64),
        scatter_kind=kind,
        log_likelihood=float("nan"),
        total_weight=float(weight.sum()),
        n_effective=float(weight.sum()),
        n_rows=len(weight) * 100,
    )
