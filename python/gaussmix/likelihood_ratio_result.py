"""What the likelihood-ratio tests for the number of components found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaussmix._record import Record, read_only
from gaussmix._summary import aligned
from gaussmix._typing import Float64Array
from gaussmix.mixture import Mixture

__all__ = ["LikelihoodRatioStep", "LikelihoodRatioTest"]


@dataclass(frozen=True, eq=False)
class LikelihoodRatioStep(Record):
    """The test of K components against K + 1.

    Parameters
    ----------
    n_components : int
        K, the number under the hypothesis.
    log_likelihoods : tuple of float
        Of the data, with K and with K + 1 components.
    replicates : ndarray of shape (B,)
        The statistic of each sample; NaN where a fit used up its passes. Of a test that ended early
        those until it was decided.
    n_repaired : int
        Samples whose best fit needed repairs of a singular or empty component.
    n_negative : int
        Samples for which no fit of K + 1 components was found that was as likely as that of K.
        Their statistic is 0, since K components are K + 1 of which two are the same.
    repaired : bool
        Whether one of the fits to the data themselves needed repairs.
    """

    n_components: int
    log_likelihoods: tuple[float, float]
    replicates: Float64Array
    n_repaired: int = 0
    n_negative: int = 0
    repaired: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "replicates", read_only(self.replicates))

    @property
    def statistic(self) -> float:
        """Twice the gain of log-likelihood by the component more."""
        low, high = self.log_likelihoods
        return 2 * (high - low)

    @property
    def p_value(self) -> float:
        """Share of statistics at least as large as that of the data, which is one of them.

        Samples without a statistic count as larger.
        """
        smaller = int(np.count_nonzero(self.replicates < self.statistic))
        return (1 + len(self.replicates) - smaller) / (1 + len(self.replicates))

    @property
    def n_unconverged(self) -> int:
        """Samples without a statistic."""
        return int(np.count_nonzero(np.isnan(self.replicates)))


@dataclass(frozen=True, eq=False, repr=False)
class LikelihoodRatioTest(Record):
    """The outcome of `gaussmix.bootstrap_lrt`: the tests in turn, and the number they chose.

    Parameters
    ----------
    level : float
        Largest p-value with which a hypothesis was rejected.
    steps : tuple of LikelihoodRatioStep
        The tests of 1, 2, ... components against one more.
    mixture : Mixture
        What was fitted to the data with the number of components that was chosen.
    """

    level: float
    steps: tuple[LikelihoodRatioStep, ...]
    mixture: Mixture

    @property
    def n_components(self) -> int:
        """The chosen number: the first that was not rejected, or the largest that was allowed."""
        return self.mixture.n_components

    @property
    def statistics(self) -> tuple[float, ...]:
        """Statistic of each test."""
        return tuple(step.statistic for step in self.steps)

    @property
    def p_values(self) -> tuple[float, ...]:
        """P-value of each test."""
        return tuple(step.p_value for step in self.steps)

    @property
    def accepted(self) -> bool:
        """Whether the tests ended with a hypothesis that was not rejected."""
        return bool(self.steps) and self.steps[-1].p_value > self.level

    def summary(self) -> str:
        """Lay out the tests, one per line."""
        if not self.steps:
            return "\n".join(["Likelihood-ratio tests: none was made", "", self._choice()])
        rows = [("components", "statistic", "p-value", "samples", "their median")]
        for step in self.steps:
            known = step.replicates[~np.isnan(step.replicates)]
            middle = f"{np.median(known):.6g}" if known.size else "-"
            against = f"{step.n_components} vs {step.n_components + 1}"
            count = str(len(step.replicates))
            rows.append((against, f"{step.statistic:.6g}", f"{step.p_value:.4g}", count, middle))
        tests = "Likelihood-ratio test" if len(self.steps) == 1 else "Likelihood-ratio tests"
        lines = [f"{tests} by the bootstrap", "", *aligned(rows), "", self._choice()]
        return "\n".join([*lines, *self._warnings()])

    def _choice(self) -> str:
        if self.accepted:
            return f"K = {self.n_components} is not rejected at the level {self.level:g}."
        return f"The tests ended at K = {self.n_components}, which was not tested."

    def _warnings(self) -> list[str]:
        """Say what the reader should know of the fits that the tests compare."""
        lines = []
        for step in self.steps:
            of = f"of {len(step.replicates)} samples with K = {step.n_components}"
            counts = (
                (step.n_repaired, "had singular or empty components repaired"),
                (step.n_negative, "had no better fit with one more, and count as 0"),
                (step.n_unconverged, "did not converge, and count as larger than the data's"),
            )
            lines += [f"! {number} {of} {what}." for number, what in counts if number]
            if step.repaired:
                K = step.n_components
                lines.append(
                    f"! A fit to the data with K = {K} or {K + 1} had singular or empty components "
                    "repaired."
                )
        return ["", *lines] if lines else []

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        values = ", ".join(f"{value:.4g}" for value in self.p_values)
        tests = "no test was made"
        if values:
            tests = f"{'p-value' if len(self.steps) == 1 else 'p-values'} {values}"
        return f"LikelihoodRatioTest(n_components={self.n_components}; {tests})"
