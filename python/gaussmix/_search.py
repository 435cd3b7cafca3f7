"""The search over covariance structures and numbers of components, cell by cell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gaussmix._hierarchical import hierarchical_labels
from gaussmix._lattice import depth, next_within
from gaussmix._outcome import result_of
from gaussmix._reasons import spurious_components
from gaussmix._runtime import core
from gaussmix._schedule import run_in_order
from gaussmix._search_starts import (
    PartitionStarts,
    Start,
    parameters_of,
    start_at,
    start_of,
    with_more,
)
from gaussmix._splitting import split_component
from gaussmix._typing import Float64Array, FloatArray
from gaussmix.covariance import CovarianceType, resolve_covariance_type
from gaussmix.result import FitResult, RepairEvent

SAME = 1e-9  # relative difference of log-likelihoods that is rounding
_SHORT_PASSES = 4
_FEW_ROWS = 2000  # whose passes are so cheap that no start is given up
_PASSES_AT_BOUND = 100
_TRIAL_PASSES = 20  # of a start that is not the most promising
_OPTIMISM = 10.0  # predictions of the remaining gain are too low at a plateau
_SHORT_SPLITS = 3  # halved components that are tried, the most promising ones

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
    done: dict[Key, Found] = field(default_factory=dict)
    stopped: bool = False

    def run(self) -> None:
        """Do every cell that is not done yet, as soon as those that it builds on are.

        A cell of an earlier search is done again if one that it contains has turned out likelier.
        """
        missing = {key for key in self.models() if key not in self.done}
        if not missing:
            return
        partitions = self._partitions(self.n_components)

        def task(key: Key, n_threads: int) -> None:
            if key in missing or self._is_below(key):
                self.done[key] = self._cell(key, partitions.get(key[1]), n_threads)

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

    def _partitions(self, wanted: tuple[int, ...]) -> dict[int, PartitionStarts]:
        possible = [K for K in wanted if self.most_components >= K]
        if not possible:
            return {}
        labels = hierarchical_labels(
            self.data, possible, sample_weight=self.weight, seed=self.seed, n_threads=self.n_threads
        )
        return {
            K: PartitionStarts(self.data, self.weight, row, K, self.n_threads)
            for K, row in zip(possible, labels, strict=True)
        }

    def log_likelihood_of_one(self, structure: CovarianceType) -> float:
        """Return that of a single component, whether the search includes it or not."""
        if (structure, 1) not in self.done:
            everybody = np.zeros(len(self.data), dtype=np.int64)
            partition = PartitionStarts(self.data, self.weight, everybody, 1, self.n_threads)
            return self._cell((structure, 1), partition, self.n_threads).log_likelihood
        return self.done[structure, 1].log_likelihood

    # --- one cell -----------------------------------------------------------------------------

    def _cell(self, key: Key, partition: PartitionStarts | None, n_threads: int) -> Found:
        began = time.perf_counter()
        structure, K = key
        try:
            cell = _Cell(self, structure, K, n_threads)
            best = cell.run(partition)
        except ValueError as error:
            return Found(structure, K, None, "", "", str(error), 0, time.perf_counter() - began)
        origin, result = best
        spurious = why_spurious(result) or (
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


class _Cell:
    """The fits of one cell."""

    def __init__(
        self, search: Search, structure: CovarianceType, n_components: int, n_threads: int
    ) -> None:
        self.search, self.structure = search, structure
        self.n_fits = 0
        self.settings = search.settings | {
            "covariance_type": structure.value,
            "n_components": n_components,
            "n_threads": n_threads,
        }

    def run(self, partition: PartitionStarts | None) -> tuple[str, FitResult]:
        """Fit from the partition and from the best of the other starts.

        The likeliest fit that is not spurious is kept, if no model within this one is likelier;
        if one is, EM from there cannot fall below it.
        """
        search, K = self.search, self.settings["n_components"]
        if partition is None:
            raise ValueError(
                f"there are {search.most_components} rows of positive weight, fewer than the {K} "
                "components"
            )
        within = search.results_within(self.structure, K)
        before = search.result_before(self.structure, K)
        try:
            found = self._from_all_starts(partition.start(self.structure), within, before)
        except ValueError:  # as columns 1e16 times apart can bring about
            if not within and before is None:
                raise
            found = []
        likelier = [one for one in (*within.values(), before) if one is not None]
        bound = max((one.log_likelihood for one in likelier), default=-np.inf)
        return self._above(bound, found, within, before)

    def _from_all_starts(
        self, start: Start, within: dict[str, FitResult], before: FitResult | None
    ) -> list[tuple[str, FitResult]]:
        if self.settings["n_components"] == 1:
            return [("partition", self._fit(start))]
        starts = {"partition": start}
        starts |= {code: self._start_at(result) for code, result in within.items()}
        if before is not None:
            starts["split"] = self._best_split(before)
        short = {name: self._fit(start, _SHORT_PASSES) for name, start in starts.items()}
        return self._finish_the_best(short)

    def _finish_the_best(self, short: dict[str, FitResult]) -> list[tuple[str, FitResult]]:
        """Carry on to the end from the most promising starts, and from more while none will do."""
        ranked = sorted(short, key=lambda name: -short[name].log_likelihood)
        if "partition" in ranked[1:]:  # what owes nothing to other cells is always tried
            ranked.remove("partition")
            ranked.insert(1, "partition")
        found = [(ranked[0], self._carry_on(short[ranked[0]]))]
        few_rows = len(self.search.data) <= _FEW_ROWS
        for name in ranked[1:]:
            regular = any(not why_spurious(result) for _, result in found)
            if len(found) > (2 if few_rows else 1) and regular:
                break
            trial = self._carry_on(short[name], None if few_rows else _TRIAL_PASSES)
            best = max(result.log_likelihood for _, result in found)
            hoped_for = trial.log_likelihood + _OPTIMISM * trial.predicted_gain
            if few_rows or trial.converged or (regular and hoped_for < best):  # NaN: not known yet
                found.append((name, trial))
            else:
                found.append((name, self._carry_on(trial)))
        return found

    def _above(
        self,
        bound: float,
        found: list[tuple[str, FitResult]],
        within: dict[str, FitResult],
        before: FitResult | None,
    ) -> tuple[str, FitResult]:
        least = bound - SAME * abs(bound)

        def preferred(one: tuple[str, FitResult]) -> tuple[bool, bool, float]:
            result = one[1]
            reached = result.log_likelihood >= least
            return reached, not why_spurious(result), result.log_likelihood

        name, result = max(found, key=preferred, default=("", None))
        if result is not None and result.log_likelihood >= least:
            return name, result if result.converged else self._carry_on(result)
        # From the very parameters that are likelier: nothing that contains them can end below.
        for code, one in within.items():
            if one.log_likelihood == bound:
                return code, self._no_lower(self._start_at(one), least)
        assert before is not None  # the bound is somebody's
        fewer, K = parameters_of(before.mixture), self.settings["n_components"]
        same = with_more(fewer, K, self.structure, 0.0)
        return "split", self._no_lower(start_of(same), least)

    def _no_lower(self, start: Start, least: float) -> FitResult:
        """Fit from parameters as likely as `least`; keep them where rounding takes EM below."""
        try:
            result = self._fit(start)
            if result.log_likelihood >= least:
                return result
        except ValueError:
            pass
        return self._fit(start, 0)

    def _carry_on(self, result: FitResult, max_iter: int | None = None) -> FitResult:
        return self._fit(self._start_at(result), max_iter)

    def _best_split(self, before: FitResult) -> Start:
        """Return the start with one component in two halves that gains most in a few passes."""
        K, structure = self.settings["n_components"], self.structure
        parameters = with_more(parameters_of(before.mixture), K - 1, structure, 1.0)
        weights = parameters.weights[0]
        order = np.argsort(-weights, kind="stable")[:_SHORT_SPLITS]
        starts = [
            start_of(split_component(parameters, int(k), structure))
            for k in order
            if weights[k] > 0
        ]
        if len(starts) == 1:
            return starts[0]
        tried = [self._fit(start, _SHORT_PASSES).log_likelihood for start in starts]
        return starts[int(np.argmax(tried))]

    def _start_at(self, result: FitResult) -> Start:
        return start_at(result.mixture, self.structure)

    def _fit(self, start: Start, max_iter: int | None = None) -> FitResult:
        """Run EM to the end, or for some passes.

        The end of a fit at the bound on eigenvalues, which can be far, is not waited for.
        """
        if max_iter is not None:
            return self._run(start, max_iter)
        most = self.settings["max_iter"]
        result = self._run(start, min(most, _PASSES_AT_BOUND))
        if result.converged or most <= _PASSES_AT_BOUND or _held_by_bound(result):
            return result
        return self._run(self._start_at(result), most - _PASSES_AT_BOUND)

    def _run(self, start: Start, max_iter: int) -> FitResult:
        self.n_fits += 1
        search, settings = self.search, self.settings | start
        settings["max_iter"] = min(max_iter, settings["max_iter"])
        # Only the main thread hears of Ctrl-C. Where passes are quick, so is the whole cell.
        go_on = None if len(search.data) <= _FEW_ROWS else lambda *_: not search.stopped
        outcome = core.fit(search.data, search.weight, on_iteration=go_on, **settings)
        if search.stopped:
            raise KeyboardInterrupt
        return result_of(outcome, search.names, settings)


def why_spurious(result: FitResult) -> str:
    """Say why a likelihood is not to be believed: at the bound, or because of a few rows."""
    at_bound = _held_by_bound(result)
    if at_bound:
        which = sorted({-1 if e.component is None else e.component for e in at_bound})
        named = ", ".join("all" if k < 0 else str(k) for k in which)
        return f"the bound on eigenvalues holds the covariance of component {named}"
    few = spurious_components(result.mixture, result.n_effective, result.column_scale)
    if few:
        return f"too few rows determine the covariance of component {', '.join(map(str, few))}"
    return ""


def _held_by_bound(result: FitResult) -> list[RepairEvent]:
    """Return what the last M-steps had to repair."""
    last = [event for event in result.events if event.last_iteration >= result.n_iter - 1]
    return [event for event in last if event.action in ("floored", "emptied")]
