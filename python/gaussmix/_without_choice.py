"""Why models have no value of the criterion, and a search nothing to recommend, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gaussmix.selection_result import SelectionCell, SelectionResult

_NEEDS = {
    "aicc": "it needs more rows than parameters and one",
    "nec": "it needs a likelihood above that of one component",
    "cv": "the rows outside of each fold must carry the model",
}


_TOO_LARGE = "sums over the rows leave the range of float64, divide sample_weight by its mean"


def no_value(cell: SelectionCell) -> bool:
    """Whether there is a fit, but no finite criterion."""
    return cell.result is not None and not math.isfinite(cell.criterion)


def needs_of(criterion: str) -> str:
    """Say what a criterion must have to be finite."""
    return _NEEDS.get(criterion, "the likelihood must be finite")


def why_none(selection: SelectionResult) -> str:
    """Say why no model can be recommended."""
    vain, count = _in_vain(selection), len(selection.cells)
    if vain == count:
        return "every one failed or is spurious"
    name = selection.criterion_name
    needs = _TOO_LARGE if _too_large(selection) else needs_of(name)
    if not vain:
        return f"{name} has a value for none of them: {needs}"
    are, others = "is" if vain == 1 else "are", "other" if count - vain == 1 else "others"
    return (
        f"{vain} of {count} failed or {are} spurious, and {name} has no value for the {others}: "
        f"{needs}"
    )


def advice_for_none(selection: SelectionResult) -> str:
    """Say what to do about it."""
    vain = _in_vain(selection)
    advice = ["use fewer components or simpler structures"]
    if vain < len(selection.cells):
        advice.insert(0, "choose another criterion")
    if vain:
        advice.append("leave out columns that are constant or combinations of others")
    *first, last = advice
    said = ", or ".join([", ".join(first), last]) if first else last
    return f"{said[0].upper()}{said[1:]}."


def _too_large(selection: SelectionResult) -> bool:
    """Whether it is a sum that has no value: the other criteria are infinite for other reasons."""
    cells = [cell for cell in selection.cells if no_value(cell)]
    if any(not math.isfinite(2 * cell.log_likelihood) for cell in cells):
        return True
    sums = selection.criterion_name not in {"aicc", "nec"}
    return sums and any(math.isinf(cell.criterion) for cell in cells)


def _in_vain(selection: SelectionResult) -> int:
    return sum(bool(cell.failure or cell.spurious) for cell in selection.cells)
