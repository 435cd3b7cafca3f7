"""Where the fits of a model search start: one partition for all structures, and other cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gaussmix._engine_errors import from_engine
from gaussmix._many_fits import Parameters
from gaussmix._matrices import as_matrices
from gaussmix._runtime import core
from gaussmix._splitting import split_component
from gaussmix._typing import Float64Array, FloatArray, Int64Array
from gaussmix.covariance import CovarianceType, in_short_form, scatter_kind
from gaussmix.mixture import Mixture

_CHUNK = 1 << 18  # rows whose memberships are held at once

FEW_ROWS = 2000  # whose passes are so cheap that every start is run to the end
_ROWS_PER_COLUMN = 10  # of each component, in a sample on which starts are compared

Start = dict[str, Float64Array]
Sample = tuple[FloatArray, Float64Array | None]  # data and weights


def sample_of(
    data: FloatArray, weight: Float64Array | None, n_components: int, seed: int
) -> Sample | None:
    """Draw the rows on which starts are compared; None: those are all rows."""
    there = np.arange(len(data)) if weight is None else np.flatnonzero(weight)
    size = sample_size(n_components, data.shape[1])
    if len(there) <= size:
        return None
    rows = np.sort(np.random.default_rng(seed).choice(there, size, replace=False))
    return data[rows], None if weight is None else weight[rows]


def sample_size(n_components: int, n_features: int) -> int:
    """Return the number of rows on which starts are compared, if there are more."""
    return max(FEW_ROWS, _ROWS_PER_COLUMN * n_components * n_features)


def start_at(mixture: Mixture, structure: CovarianceType, n_components: int) -> Start:
    """Return the engine's initial parameters: `mixture` as one of `structure`, that contains it.

    Where more components are wanted, its heaviest ones are there twice. The factors come along: of
    what is nearly singular the covariances alone have lost the thinnest directions, and with them
    much of the likelihood.
    """
    weights, numbers = mixture.weights.tolist(), list(range(mixture.n_components))
    while len(numbers) < n_components:
        heaviest = int(np.argmax(weights))
        weights[heaviest] /= 2
        weights.append(weights[heaviest])
        numbers.append(numbers[heaviest])
    sizes = (mixture.covariance_type, mixture.n_components, mixture.n_features)
    covariances, factors = (
        _in_form(as_matrices(values, *sizes)[numbers], structure)
        for values in (mixture.covariances, mixture.precisions_cholesky)
    )
    return {
        "weights_init": np.array(weights),
        "means_init": np.ascontiguousarray(mixture.means[numbers]),
        "covariances_init": covariances,
        "precisions_cholesky_init": factors,
    }


def _in_form(matrices: Float64Array, structure: CovarianceType) -> Float64Array:
    """Return what tells the matrices of all components, as the engine wants it of `structure`."""
    values: dict[str, Float64Array] = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.diagonal(matrices, axis1=1, axis2=2),
        "spherical": matrices[:, 0, 0],
    }
    return np.ascontiguousarray(values[in_short_form(structure)])


def kind_for_all(structures: Iterable[CovarianceType]) -> str:
    """Return the kind of scatter from which the M-steps of all these structures can be had."""
    kinds = {scatter_kind(structure) for structure in structures}
    if len(kinds) == 1:
        return kinds.pop()
    return "diag" if kinds == {"diag", "trace"} else "full"


class _Groups(NamedTuple):
    """Rows and their labels, let go of as soon as they are summed up.

    A function within another that called itself would hold them until the cyclic collector came.
    """

    data: FloatArray
    weight: Float64Array | None
    labels: Int64Array
    n_groups: int
    there: Int64Array | None  # rows of positive weight; None: all rows are
    kind: str
    n_threads: int

    def sums(self, begin: int, end: int) -> dict[str, Any]:
        """Sum up these of the rows that are there, some at a time."""
        if end - begin > _CHUNK:
            middle = (begin + end) // 2
            try:
                halves = self.sums(begin, middle), self.sums(middle, end)
                return core.merge_statistics(*halves, self.kind)
            except ValueError:  # one half's spread is out of range: that of both may not be
                pass
        rows = slice(begin, end) if self.there is None else self.there[begin:end]
        return from_engine(
            core.statistics_from_responsibilities,
            self.data[rows],
            None if self.weight is None else self.weight[rows],
            np.eye(self.n_groups)[self.labels[rows]],
            self.kind,
            self.n_threads,
        )


class PartitionStarts:
    """A partition of the rows, summed up once for all structures."""

    def __init__(
        self,
        data: FloatArray,
        weight: Float64Array | None,
        labels: Int64Array,
        n_components: int,
        kind: str,
        n_threads: int,
    ) -> None:
        there = None if weight is None or weight.all() else np.flatnonzero(weight)
        groups = _Groups(data, weight, labels, int(labels.max()) + 1, there, kind, n_threads)
        self._sums = groups.sums(0, len(data) if there is None else len(there))
        self._kind, self._n_components = kind, n_components

    def start(self, structure: CovarianceType) -> Start:
        """Return the M-step of `structure` for that partition.

        There are fewer groups than components where fewer rows differ: some are then split.
        """
        found = core.m_step(self._sums, self._kind, structure.value, None, "repair", None)
        groups = Parameters(*(found[name][None] for name in ("weights", "means", "covariances")))
        return start_of(with_more(groups, self._n_components, structure))


def parameters_of(mixture: Mixture) -> Parameters:
    """Return the parameters as a stack of one."""
    return Parameters(mixture.weights[None], mixture.means[None], mixture.covariances[None])


def start_of(parameters: Parameters) -> Start:
    """Return the engine's initial parameters, from a stack of one."""
    return {
        "weights_init": np.ascontiguousarray(parameters.weights[0]),
        "means_init": np.ascontiguousarray(parameters.means[0]),
        "covariances_init": np.ascontiguousarray(parameters.covariances[0]),
    }


def with_more(found: Parameters, n_components: int, structure: CovarianceType) -> Parameters:
    """Split the heaviest component until there are so many."""
    while found.weights.shape[1] < n_components:
        found = split_component(found, int(found.weights[0].argmax()), structure)
    return found
