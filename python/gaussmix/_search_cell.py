"""The fits of one cell of a model search: where they start, and which is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._common_covariance import few_in_common
from gaussmix._outcome import result_of
from gaussmix._runtime import core
from gaussmix._search_starts import (
    PartitionStarts,
    Sample,
    Start,
    parameters_of,
    start_at,
    start_of,
    with_more,
)
from gaussmix._splitting import split_component
from gaussmix._spurious import undetermined_components
from gaussmix.covariance import CovarianceType
from gaussmix.mixture import Mixture
from gaussmix.result import FitResult, RepairEvent

if TYPE_CHECKING:
    from gaussmix._search import Search

AT_BOUND = "the bound on eigenvalues holds"
SAME = 1e-9  # relative difference of log-likelihoods that is rounding
_SINGULAR = 1e-14  # reciprocal condition of a matrix whose least eigenvalue is rounding
_SHORT_PASSES = 4
_FEW_NUMBERS = 100_000  # whose passes are so quick that asking whether to go on would take as long
_PASSES_AT_BOUND = 100
_TRIAL_PASSES = 12  # of those before which a start is given up
_OPTIMISM = 10.0  # predictions of the remaining gain are too low at a plateau
_SHORT_SPLITS = 3  # halved components that are tried, the most promising ones


class CellFits:
    """The fits of one cell: from every start that promises something, and the one to keep."""

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
        starts |= {code: self._start_at(result.mixture) for code, result in within.items()}
        short = {name: self._try(start, _SHORT_PASSES) for name, start in starts.items()}
        if before is not None:
            short["split"] = self._best_split(before)
        return self._finish_the_best(short)

    def _finish_the_best(self, short: dict[str, FitResult]) -> list[tuple[str, FitResult]]:
        """Carry on to the end from the most promising starts, and from more while none will do."""
        ranked = sorted(short, key=lambda name: -short[name].log_likelihood)
        if "partition" in ranked[1:]:  # what owes nothing to other cells is always tried
            ranked.remove("partition")
            ranked.insert(1, "partition")
        first = short[ranked[0]]
        found = [(ranked[0], self._carry_on(first))]
        sampled = self.search.sample is not None
        leader = self._try_on(first) if sampled and len(ranked) > 1 else None
        for number, name in enumerate(ranked[1:], 2):
            regular = any(not self._why_spurious(result) for _, result in found)
            if leader is not None and number > 2 and regular:
                break
            result = short[name]
            if leader is not None:
                result = self._try_on(result)
                hoped_for = result.log_likelihood + _OPTIMISM * result.predicted_gain
                if regular and hoped_for < leader.log_likelihood:  # NaN: not known yet
                    continue
            found.append((name, self._carry_on(result)))
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
            return reached, not self._why_spurious(result), result.log_likelihood

        name, result = max(found, key=preferred, default=("", None))
        if result is not None and result.log_likelihood >= least:
            further = result if result.converged else self._carry_on(result)
            return name, further if further.log_likelihood >= least else result
        # From the very parameters that are likelier: nothing that contains them can end below.
        for code, one in within.items():
            if one.log_likelihood == bound:
                return code, self._no_lower(one.mixture, least)
        assert before is not None  # the bound is somebody's
        return "split", self._no_lower(before.mixture, least)

    def _why_spurious(self, result: FitResult) -> str:
        return why_spurious(result, self.search.weights_count)

    def _no_lower(self, likelier: Mixture, least: float) -> FitResult:
        """Fit from parameters as likely as `least`; keep them where rounding takes EM below."""
        start = self._start_at(likelier)
        try:
            result = self._fit(start)
            if result.log_likelihood >= least:
                return result
        except ValueError:
            pass
        return self._run(start, 0)

    def _carry_on(self, result: FitResult) -> FitResult:
        return self._fit(self._start_at(result.mixture))

    def _best_split(self, before: FitResult) -> FitResult:
        """Halve one component, the one with which most is gained in a few passes."""
        K, structure = self.settings["n_components"], self.structure
        parameters = with_more(parameters_of(before.mixture), K - 1, structure)
        weights = parameters.weights[0]
        order = np.argsort(-weights, kind="stable")[:_SHORT_SPLITS]
        tried = [
            self._try(start_of(split_component(parameters, int(k), structure)), _SHORT_PASSES)
            for k in order
            if weights[k] > 0
        ]
        return max(tried, key=lambda result: result.log_likelihood)

    def _start_at(self, mixture: Mixture) -> Start:
        return start_at(mixture, self.structure, self.settings["n_components"])

    def _fit(self, start: Start) -> FitResult:
        """Run EM to the end, unless that is far: the bound on eigenvalues holds the fit."""
        most = self.settings["max_iter"]
        result = self._run(start, min(most, _PASSES_AT_BOUND))
        if result.converged or most <= _PASSES_AT_BOUND or _held_by_bound(result):
            return result
        return self._run(self._start_at(result.mixture), most - _PASSES_AT_BOUND)

    def _try(self, start: Start, passes: int) -> FitResult:
        """Run a few passes over the rows that starts are compared on."""
        return self._run(start, passes, self.search.sample)

    def _try_on(self, result: FitResult) -> FitResult:
        return self._try(self._start_at(result.mixture), _TRIAL_PASSES)

    def _run(self, start: Start, max_iter: int, sample: Sample | None = None) -> FitResult:
        self.n_fits += 1
        search, settings = self.search, self.settings | start
        data, weight = (search.data, search.weight) if sample is None else sample
        settings["max_iter"] = min(max_iter, settings["max_iter"])
        # Only the main thread hears of Ctrl-C. Where passes are quick, so is the whole cell.
        go_on = None if data.size <= _FEW_NUMBERS else lambda *_: not search.stopped
        outcome = core.fit(data, weight, on_iteration=go_on, **settings)
        if search.stopped:
            raise KeyboardInterrupt
        return result_of(outcome, search.names, settings)


def why_spurious(result: FitResult, weights_count: bool) -> str:
    """Say why a likelihood is not to be believed: at the bound, or because of a few rows.

    As counts weights stand for as many rows, unless their sum is so small that they cannot be.
    """
    at_bound = {event.component for event in _held_by_bound(result)}
    if not at_bound:  # across columns of very different spread rounding can hide it from M-steps
        at_bound = set(np.flatnonzero(result.mixture.reciprocal_conditions < _SINGULAR).tolist())
    if at_bound:
        own = at_bound - {None}
        return f"{AT_BOUND} the covariance of {_named(own) if own else 'all'}"
    n_rows = max(result.total_weight, result.n_effective) if weights_count else result.n_effective
    few = undetermined_components(result.mixture, n_rows, result.column_scale)
    if few:
        return f"too few rows determine the covariance of {_named(few)}"
    common = few_in_common(result.mixture, n_rows, result.column_scale)
    return f"too few rows determine the {common} common to all components" if common else ""


def _named(components: Iterable[int | None]) -> str:
    numbers = sorted(k for k in components if k is not None)
    return f"component{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"


def _held_by_bound(result: FitResult) -> list[RepairEvent]:
    """Return what the last M-steps had to repair."""
    last = [event for event in result.events if event.last_iteration >= result.n_iter - 1]
    return [event for event in last if event.action in ("floored", "emptied")]
