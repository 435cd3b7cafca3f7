"""The fits of one cell of a model search: where they start, and which is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gaussmix._outcome import result_of
from gaussmix._reasons import spurious_components
from gaussmix._runtime import core
from gaussmix._search_starts import (
    PartitionStarts,
    Start,
    parameters_of,
    start_at,
    start_of,
    with_more,
)
from gaussmix._splitting import split_component
from gaussmix.covariance import CovarianceType
from gaussmix.result import FitResult, RepairEvent

if TYPE_CHECKING:
    from gaussmix._search import Search

SAME = 1e-9  # relative difference of log-likelihoods that is rounding
_SHORT_PASSES = 4
_FEW_ROWS = 2000  # whose passes are so cheap that every start is run to the end
_PASSES_AT_BOUND = 100
_TRIAL_PASSES = 20  # of a start that is not the most promising
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
            if not few_rows and len(found) > 1 and regular:
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
