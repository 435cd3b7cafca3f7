"""The search over covariance structures and numbers of components, cell by cell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gaussmix._hierarchical import hierarchical_labels
from gaussmix._lattice import depth, next_within
from gaussmix._progress import ModelBar
from gaussmix._schedule import run_in_order
from gaussmix._search_cell import SAME, CellFits, why_spurious
from gaussmix._search_starts import PartitionStarts, Sample, kind_for_all, sample_of
from gaussmix._typing import Float64Array, FloatArray
from gaussmix.covariance import CovarianceType, resolve_covariance_type, scatter_kind
from gaussmix.result import FitResult

Key = tuple[CovarianceType, int]


@dataclass(frozen=True)
class Found:
    """What a cell of the table came to."""

    structure: CovarianceType
    n_components: int
    result: FitResult | None
    origin: str  # of the start: "partition", "split" or the code of the structure within
    spurious: str  # why the likelihood is not to be believed, or nothing
    failure: str  # why there is no result, or nothing
    n_fits: int
    seconds: float

    @property
    def log_likelihood(self) -> float:
        return np.nan if self.result is None else self.result.log_likelihood


@dataclass
class Search:
    """Data and settings of a search, and the cells that are done."""

    data: FloatArray
    weight: Float64Array | None
    names: tuple[str, ...] | None
    structures: tuple[CovarianceType, ...]
    n_components: tuple[int, ...]
    settings: dict[str, Any]
    n_threads: int
    seed: int
    most_components: int  # rows of positive weight
    weights_count: bool  # rows; otherwise they are shares or importances
    done: dict[Key, Found] = field(default_factory=dict)
    stopped: bool = False
    sample: Sample | None = None  # on which starts are compared; None: all rows
    bar: ModelBar | None = None

    def run(self) -> None:
        """Do every cell that is not done yet, as soon as those that it builds on are.

        A cell of an earlier search is done again if one that it contains has turned out likelier.
        """
        missing = {key for key in self.models() if key not in self.done}
        if not missing:
            return
        partitions = self._partitions()
        self.sample = sample_of(self.data, self.weight, max(self.n_components), self.seed)

        def task(key: Key, n_threads: int) -> None:
            if key in missing or self._is_below(key):
                self.done[key] = self._cell(key, partitions.get(key[1]), n_threads)
            if self.bar is not None:
                self.bar.show(key[0].code, key[1])

        run_in_order(self._after(), task, self.n_threads, self._stop)

    def _stop(self) -> None:
        self.stopped = True

    def models(self) -> list[Key]:
        return [(s, K) for s in self.structures for K in self.n_components]

    def _is_below(self, key: Key) -> bool:
        """Whether a model within this one is likelier."""
        likelier = [*self.results_within(*key).values(), self.result_before(*key)]
        bound = max((one.log_likelihood for one in likelier if one is not None), default=-np.inf)
        return not self.done[key].log_likelihood >= bound - SAME * abs(bound)

    def _after(self) -> dict[Key, set[Key]]:
        """Which cells each builds on; the first ones first, and of equals the longer ones."""
        numbers = {K: i for i, K in enumerate(self.n_components)}
        keys = sorted(self.models(), key=lambda key: (depth(key[0]) + numbers[key[1]], -key[1]))
        return {
            (structure, K): {(one, K) for one in next_within(structure, self.structures)}
            | {(structure, fewer) for fewer in self.n_components[: numbers[K]][-1:]}
            for structure, K in keys
        }

    def _partitions(self) -> dict[int, PartitionStarts]:
        possible = [K for K in self.n_components if self.most_components >= K]
        if not possible:
            return {}
        labels = hierarchical_labels(
            self.data, possible, sample_weight=self.weight, seed=self.seed, n_threads=self.n_threads
        )
        kind = kind_for_all(self.structures)
        return {
            K: PartitionStarts(self.data, self.weight, row, K, kind, self.n_threads)
            for K, row in zip(possible, labels, strict=True)
        }

    def log_likelihood_of_one(self, structure: CovarianceType) -> float:
        """Return that of a single component, whether the search includes it or not."""
        if (structure, 1) not in self.done:
            everybody = np.zeros(len(self.data), dtype=np.int64)
            partition = PartitionStarts(
                self.data, self.weight, everybody, 1, scatter_kind(structure), self.n_threads
            )
            return self._cell((structure, 1), partition, self.n_threads).log_likelihood
        return self.done[structure, 1].log_likelihood

    # --- one cell -----------------------------------------------------------------------------

    def _cell(self, key: Key, partition: PartitionStarts | None, n_threads: int) -> Found:
        began = time.perf_counter()
        structure, K = key
        try:
            cell = CellFits(self, structure, K, n_threads)
            best = cell.run(partition)
        except ValueError as error:
            return Found(structure, K, None, "", "", str(error), 0, time.perf_counter() - began)
        origin, result = best
        spurious = why_spurious(result, self.weights_count) or (
            self._why_origin(key, origin) if not result.n_iter else ""
        )
        seconds = time.perf_counter() - began
        return Found(structure, K, result, origin, spurious, "", cell.n_fits, seconds)

    def _why_origin(self, key: Key, origin: str) -> str:
        """Say why the cell that this one has its very parameters from is spurious."""
        structure, K = key
        if origin == "split":
            fewer = max(n for n in self.n_components if n < K and (structure, n) in self.done)
            return self.done[structure, fewer].spurious
        return self.done[resolve_covariance_type(origin), K].spurious

    def results_within(self, structure: CovarianceType, K: int) -> dict[str, FitResult]:
        """Return the fits of the structures that this one contains, by their codes."""
        found = {
            one.code: self.done[one, K].result
            for one in next_within(structure, self.structures)
            if (one, K) in self.done
        }
        return {code: result for code, result in found.items() if result is not None}

    def result_before(self, structure: CovarianceType, K: int) -> FitResult | None:
        """Return the fit of the same structure with the next smaller number of components."""
        cells = [self.done.get((structure, n)) for n in self.n_components if n < K]
        results = [cell.result for cell in cells if cell and cell.result is not None]
        return results[-1] if results else None
