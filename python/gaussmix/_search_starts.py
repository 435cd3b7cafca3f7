"""Where the fits of a model search start: one partition for all structures, and other cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._marginal import covariance_matrices
from gaussmix._runtime import core
from gaussmix._typing import Float64Array, FloatArray, Int64Array
from gaussmix.covariance import CovarianceType, in_short_form, scatter_kind
from gaussmix.mixture import Mixture

_CHUNK = 1 << 18  # rows whose memberships are held at once
_SHIFT = 0.8  # of the halves of a component, in standard deviations to either side

Start = dict[str, Float64Array]


def start_at(mixture: Mixture, structure: CovarianceType) -> Start:
    """Return the engine's initial parameters: `mixture` as one of `structure`, that contains it."""
    matrices = covariance_matrices(mixture)
    values: dict[str, Float64Array] = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.diagonal(matrices, axis1=1, axis2=2),
        "spherical": matrices[:, 0, 0],
    }
    return {
        "weights_init": mixture.weights,
        "means_init": mixture.means,
        "covariances_init": np.ascontiguousarray(values[in_short_form(structure)]),
    }


class PartitionStarts:
    """The partition of the rows into K groups, summed up once for all structures."""

    def __init__(
        self, data: FloatArray, weight: Float64Array | None, labels: Int64Array, n_threads: int
    ) -> None:
        self._statistics: dict[str, dict[str, Any]] = {}
        self._data, self._weight, self._labels, self._n_threads = data, weight, labels, n_threads
        self._identity = np.eye(int(labels.max()) + 1)

    def start(self, structure: CovarianceType) -> Start:
        """Return the M-step of `structure` for that partition."""
        kind = scatter_kind(structure)
        found = core.m_step(self._sums(kind), kind, structure.value, None, None, "repair", None)
        return {f"{name}_init": found[name] for name in ("weights", "means", "covariances")}

    def _sums(self, kind: str) -> dict[str, Any]:
        if kind not in self._statistics:
            total: dict[str, Any] | None = None
            for begin in range(0, len(self._data), _CHUNK):
                rows = slice(begin, begin + _CHUNK)
                part = core.statistics_from_responsibilities(
                    self._data[rows],
                    None if self._weight is None else self._weight[rows],
                    self._identity[self._labels[rows]],
                    kind,
                    self._n_threads,
                )
                total = part if total is None else core.merge_statistics(total, part, kind)
            assert total is not None  # there are rows
            self._statistics[kind] = total
        return self._statistics[kind]


def split(mixture: Mixture, k: int) -> Mixture:
    """Return the mixture with component k in two halves, moved apart along its longest axis."""
    matrix = covariance_matrices(mixture)[k]
    variances, axes = np.linalg.eigh(matrix)
    shift = _SHIFT * np.sqrt(max(variances[-1], 0.0)) * axes[:, -1]
    return _doubled(mixture, k, shift)


def duplicated(mixture: Mixture) -> Mixture:
    """Return the same density with one component more: the heaviest, in two equal halves."""
    return _doubled(mixture, int(mixture.weights.argmax()), np.zeros(mixture.n_features))


def _doubled(mixture: Mixture, k: int, shift: Float64Array) -> Mixture:
    weights = np.append(mixture.weights, mixture.weights[k] / 2)
    weights[k] /= 2
    means = np.vstack([mixture.means, mixture.means[k] + shift])
    means[k] -= shift

    def with_another(values: Float64Array) -> Float64Array:
        return np.concatenate([values, values[k : k + 1]])

    one_array_for_all = in_short_form(mixture.covariance_type) == "tied"
    keep = (lambda values: values) if one_array_for_all else with_another
    return Mixture._of_engine(
        {
            "weights": weights / weights.sum(),
            "means": means,
            "covariances": np.array(keep(mixture.covariances)),
            "precisions_cholesky": np.array(keep(mixture.precisions_cholesky)),
        },
        mixture.covariance_type,
        mixture.feature_names,
    )
