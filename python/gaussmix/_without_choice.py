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
    name, needs = selection.criterion_name, needs_of(selection.criterion_name)
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


def _in_vain(selection: SelectionResult) -> int:
    return sum(bool(cell.failure or cell.spurious) for cell in selection.cells)
