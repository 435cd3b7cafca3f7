"""What can be wrong with a fit, in words: what happened, why it happens, what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._agreement import same_optimum
from gaussmix._common_covariance import few_in_common
from gaussmix._spectrum import scaled_eigenvalues
from gaussmix._spurious import spurious_components, too_few
from gaussmix._summary import numbered, standard_deviations
from gaussmix._typing import AnyArray, Float64Array, Int64Array
from gaussmix.covariance import in_short_form
from gaussmix.factor_mixture import FactorMixture

if TYPE_CHECKING:
    from gaussmix.mixture import Mixture
    from gaussmix.result import FitResult, RepairEvent

_NAMED_AT_MOST = 6  # components that a sentence lists before it only counts them
# What ends a whole fit, and not a start alone.
_ENDED_BY = {
    "max_seconds": "by max_seconds",
    "stopped": "by the callback",
    "interrupted": "from the keyboard",
}

# Standard deviations between components that are the same: EM leaves far more between others.
_ROUNDING = 1e-9


def reasons_of(result: FitResult) -> tuple[str, ...]:
    """Collect what is worth knowing before trusting `result`; empty if nothing is."""
    return tuple(_found(result))


def first_reason(result: FitResult) -> str:
    """Return the first of them: of a fit that did not converge, that it did not."""
    return next(_found(result))


def _found(result: FitResult) -> Iterator[str]:
    finders = (
        _ended_early,
        _other_starts_ended_early,
        _more_to_gain,
        _floored,
        _emptied,
        _dropped,
        _restarted,
        _at_ratio,
        _spurious,
        _spurious_in_common,
        _coincident,
        _degenerate,
        _disagreeing,
    )
    for find in finders:
        yield from find(result)


def _ended_early(result: FitResult) -> Iterator[str]:
    gain = result.predicted_gain
    to_come = (
        f" A further gain of {gain:.3g} or more in log-likelihood is predicted."
        if math.isfinite(gain)
        else ""
    )
    passes = numbered(result.n_iter, "pass", "passes")
    carry_on = "or carry on from here with fit(..., start=result)"
    if result.status == "max_iter" and result.n_iter == 0:
        yield "max_iter=0: this is the start itself, and EM has not run."
    elif result.status == "max_iter":
        yield (
            f"Not converged: the {passes} that max_iter allows {_were(result.n_iter)} used up."
            f"{to_come} Raise max_iter, {carry_on}."
        )
    elif result.status == "max_seconds":
        yield (
            f"Not converged: the time that max_seconds allows was used up after {passes}."
            f"{to_come} Raise max_seconds, {carry_on}."
        )
    elif result.status in _ENDED_BY:
        yield (
            f"Not converged: the fit was stopped {_ENDED_BY[result.status]} after {passes}."
            f"{to_come} Run it again, {carry_on}."
        )


def _other_starts_ended_early(result: FitResult) -> Iterator[str]:
    ended = [start.status for start in result.starts if start.status in _ENDED_BY]
    if ended and result.status not in _ENDED_BY:
        yield (
            f"The fit was stopped {_ENDED_BY[ended[0]]} when {len(ended)} of the "
            f"{len(result.starts)} starts begun {_were(len(ended))} still running; a later one "
            "may be better. Run it again and let it end, if the best of the others is not enough."
        )


def _more_to_gain(result: FitResult) -> Iterator[str]:
    gain = result.predicted_gain
    if result.converged and gain > same_optimum(result):
        yield (
            f"The stopping rule was met, but a further gain of about {gain:.3g} in log-likelihood "
            "is predicted. Lower tol, or leave it at None, which stops by that prediction."
        )


def _floored(result: FitResult) -> Iterator[str]:
    counts = result.repairs.floored
    if not any(counts):
        return
    if isinstance(result.mixture, FactorMixture):
        yield (
            f"The floor of the noise acted on {_counted(counts)}: the factors explain all of a "
            "column there (a Heywood case). Causes are too many factors, columns that are constant "
            "or combinations of others, repeated rows, and components of few rows. Use fewer "
            "factors or components, or drop such columns."
        )
        return
    if result.covariance_type.one_for_all:
        what = f"the common covariance in {numbered(max(counts), 'M-step')}"
    else:
        what = _counted(counts)
    yield (
        f"The eigenvalue floor acted on {what}: without it the covariance would be singular, and "
        "the likelihood unbounded or undefined. Causes are columns that are constant or "
        "combinations of others, repeated rows, and components with fewer distinct rows than "
        "features. Use fewer components or a simpler covariance_type, or drop such columns."
    )


def _emptied(result: FitResult) -> Iterator[str]:
    counts = result.repairs.emptied
    if any(counts):
        yield (
            f"No row was left to {_counted(counts)}, which then kept its earlier mean and "
            "covariance. There are more components than the data tell apart"
            f"{', or no row was near its start' if result.given_start else ''}: use fewer, or "
            f"{_other_starts(result, 'try more')}."
        )


def _dropped(result: FitResult) -> Iterator[str]:
    events = _of_best(result, "dropped")
    if events:
        yield (
            f"{_listed_events(events)} taken out of the mixture, as on_degenerate='drop' asks: "
            f"{result.n_components} of {result.n_components + len(events)} components "
            f"{'is' if result.n_components == 1 else 'are'} left."
        )


def _restarted(result: FitResult) -> Iterator[str]:
    kept, vain = _of_best(result, "restarted"), _of_best(result, "restart_rejected")
    if kept:
        yield (
            f"{_listed_events(kept)} seeded anew where the model explained the data worst, and the "
            "likelihood ended higher for that."
        )
    if vain:
        yield (
            f"{_listed_events(vain)} seeded anew in vain: the likelihood ended no higher, so it "
            f"stays as it was, repaired. Use fewer components, {_steadier(result)}, or "
            "on_degenerate='drop'."
        )


def _at_ratio(result: FitResult) -> Iterator[str]:
    ratio = result.max_eigenvalue_ratio
    if ratio is None:
        return
    eigenvalues = scaled_eigenvalues(result.mixture, result.column_scale)
    if eigenvalues.max() >= ratio * (1 - 1e-6) * eigenvalues.min():
        yield (
            f"The bound on the ratio of eigenvalues, {ratio:g}, holds the covariances back: a "
            "maximum of the likelihood lies beyond it, or none exists. Compare results under "
            "several bounds."
        )


def _of_best(result: FitResult, action: str) -> list[RepairEvent]:
    best = result.starts[result.best_start]
    return [event for event in best.events if event.action == action]


def _listed_events(events: list[RepairEvent]) -> str:
    """Say ``Component 3 (effective rows 2, pass 7) was``."""
    names = [
        f"component {event.component} (effective rows {event.n_effective:.3g}, pass "
        f"{event.iteration})"
        for event in events
    ]
    said = listed(names, len(names))
    return f"{said[0].upper()}{said[1:]} {_were(len(events))}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _spurious(result: FitResult) -> Iterator[str]:
    small = spurious_components(result.mixture, result.n_effective, result.column_scale)
    if small:
        rows = result.mixture.weights * result.n_effective
        names = listed([f"component {k} ({rows[k]:.3g})" for k in small], len(small))
        yield (
            f"The effective number of rows is no more than {too_few(result.mixture)[1]}, or "
            "hardly more with a covariance that is close to singular, or a handful no closer than "
            f"some rows are by chance, in {names}. This is how a spurious maximum looks: a few "
            "rows that happen to lie close together. Use fewer components, a simpler "
            f"covariance_type or {_steadier(result)}, and "
            f"{_other_starts(result, 'compare')}."
        )


def _spurious_in_common(result: FitResult) -> Iterator[str]:
    mixture = result.mixture
    what = few_in_common(mixture, result.n_effective, result.column_scale)
    if what:
        K, code = int((mixture.weights > 0).sum()), mixture.covariance_type.code
        remedies = ["fewer components"] if K > 1 else []
        remedies += ["a simpler covariance_type"] if code not in ("E", "EII") else []
        said = " or ".join(filter(None, (", ".join(remedies), _steadier(result))))
        yield (
            f"Few rows determine the {what} common to all components: {result.n_effective:.3g} "
            f"effective rows, less one for {f'each of {K} means' if K > 1 else 'the mean'}. A "
            "likelihood is spuriously high where rows share a component that happen to lie close. "
            f"Use {said}."
        )


def _other_starts(result: FitResult, verb: str) -> str:
    """Say how to begin elsewhere: a start that was given is the only one, whatever n_init is."""
    return "start from other parameters" if result.given_start else f"{verb} starts with n_init"


def _steadier(result: FitResult) -> str:
    """Name what keeps covariances off a singularity, beyond what the fit had."""
    if isinstance(result.mixture, FactorMixture):  # for which there is no prior
        return "fewer factors"
    return "a prior of larger scale" if result.log_prior else "a prior"


def _coincident(result: FitResult) -> Iterator[str]:
    groups = _same_components(result)
    if groups and result.n_iter > 0:
        said = "; and ".join(
            f"components {listed([str(k) for k in group], len(group))}" for group in groups
        )
        yield (
            f"{said[0].upper()}{said[1:]} have the same mean and covariance, up to rounding: they "
            "are one component in several parts. EM never parts components once they are the same, "
            "so this may be a saddle point of the likelihood and no maximum. Start from other "
            "parameters, or use fewer components."
        )


def _same_components(result: FitResult) -> list[list[int]]:
    """Return the groups of two or more components between which there is but rounding."""
    mixture, repairs = result.mixture, result.repairs
    # Of a repaired one it was the floor that made it what it is, and that has been said.
    repaired = np.array(repairs.floored) + np.array(repairs.emptied) > 0
    left = np.flatnonzero((mixture.weights > 0) & ~repaired)
    groups = []
    deviations = standard_deviations(mixture)
    while len(left) > 1:
        same = _same_as(left[0], left, mixture, deviations)
        groups += [left[same].tolist()] if same.sum() > 1 else []
        left = left[~same]
    return groups


def _same_as(k: int, others: Int64Array, mixture: Mixture, deviations: Float64Array) -> AnyArray:
    unit = _ROUNDING * deviations[k]
    with np.errstate(over="ignore"):
        same = np.abs(mixture.means[others] - mixture.means[k]) <= unit
    same &= np.abs(deviations[others] - deviations[k]) <= unit
    alike: AnyArray = same.all(axis=1)
    turned = isinstance(mixture, FactorMixture) or in_short_form(mixture.covariance_type) == "full"
    if turned and alike.sum() > 1:
        own, covariances = (_matrices(mixture, which) for which in (np.array([k]), others[alike]))
        near = np.abs(covariances - own) <= np.outer(unit, deviations[k])
        alike[alike] = near.all(axis=(1, 2))
    return alike


def _matrices(mixture: Mixture, which: Int64Array) -> Float64Array:
    if not isinstance(mixture, FactorMixture):
        return mixture.covariances[which]
    loadings, noise = mixture.loadings[which], mixture.noise_variances[which]
    matrices: Float64Array = loadings @ loadings.swapaxes(1, 2)
    return matrices + noise[:, None] * np.eye(noise.shape[1])


def _degenerate(result: FitResult) -> Iterator[str]:
    messages = [start.message for start in result.starts if start.status == "degenerate"]
    if messages:
        yield (
            f"{len(messages)} of {len(result.starts)} starts met a singular covariance that may "
            f"not be repaired, and {_were(len(messages))} dropped; the first: {messages[0]}"
        )


def _disagreeing(result: FitResult) -> Iterator[str]:
    if not result.starts[result.best_start].finished:
        return
    reached = [start.objective for start in result.starts if start.finished]
    if result.n_best < len(reached):
        yield (
            f"The starts disagree: {result.n_best} of {len(reached)} reached the best "
            f"log-likelihood, the worst is {max(reached) - min(reached):.3g} below it. There are "
            "several local optima: a better one may exist, so raise n_init until the best is found "
            "several times. result.start_agreement(X) tells how far they group the rows alike."
        )


def _counted(counts: tuple[int, ...]) -> str:
    """Say ``component 0 in 3 M-steps and component 4 in 1 M-step``."""
    hit = [k for k, count in enumerate(counts) if count]
    return listed([f"component {k} in {numbered(counts[k], 'M-step')}" for k in hit], len(hit))


def listed(names: list[str], total: int) -> str:
    """List names in a sentence; of many, the first and how many more there are."""
    if total > _NAMED_AT_MOST:
        return ", ".join(names[:_NAMED_AT_MOST]) + f" and {total - _NAMED_AT_MOST} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
