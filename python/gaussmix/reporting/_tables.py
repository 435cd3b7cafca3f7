"""The tables of a report that are its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from gaussmix._summary import numbered
from gaussmix.result import FitResult
from gaussmix.selection_result import SelectionCell, SelectionResult

_RIVALS = 10


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 0) -> str:
    """Lay out rows of plain text; the last `words` columns hold words and not numbers."""
    first_word = len(header) - words

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag} class='words'>{escape(text)}</{tag}>"
            if column >= first_word
            else f"<{tag}>{escape(text)}</{tag}>"
            for column, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', header)}</tr></thead><tbody>{body}</tbody></table>"


def rivals(selection: SelectionResult) -> str:
    """Lay out the best models and what each lacks."""
    best = selection.ranking[0].criterion
    name = selection.criterion_name
    rows = [
        (
            cell.covariance_type.code,
            str(cell.n_components),
            f"{cell.criterion:.3f}",
            f"{cell.criterion - best:+.3f}",
            f"{cell.log_likelihood:.3f}",
            str(cell.n_parameters),
        )
        for cell in selection.ranking[:_RIVALS]
    ]
    header = ("structure", "components", name, "behind the best", "log-likelihood", "parameters")
    return table(header, rows)


def incidents(selection: SelectionResult) -> str:
    """Lay out which models failed, are not to be believed, were repaired or not finished."""
    rows = [
        (cell.covariance_type.code, str(cell.n_components), what, why)
        for cell in selection.cells
        for what, why in _incidents(cell)
    ]
    if not rows:
        return "<p>None: every model has a fit that converged without repairs.</p>"
    return table(("structure", "components", "what", "why"), rows, words=2)


def _incidents(cell: SelectionCell) -> Iterator[tuple[str, str]]:
    if cell.failure:
        yield "no fit", cell.failure
    if cell.spurious:
        yield "not to be believed", cell.spurious
    if cell.result is None:
        return
    if not math.isfinite(cell.criterion):
        yield "no criterion", "it cannot be computed for this model"
    if not cell.result.converged:
        yield "not converged", _why_unconverged(cell, cell.result.n_iter)
    if cell.result.repairs:
        yield "repaired", f"{numbered(cell.result.repairs.total, 'time')} in the fit that was kept"


def _why_unconverged(cell: SelectionCell, n_iter: int) -> str:
    if cell.cut_short:
        return "max_iter ended the fit before it converged"
    if not n_iter:
        return "it is the fit of a model within this one, from which EM went no higher"
    return f"the bound on eigenvalues held the fit, and still did after {n_iter} passes"


def repairs(result: FitResult) -> str:
    """Lay out what was repaired in the best fit, and when."""
    if not result.events:
        return "<p>Nothing was repaired in the best fit.</p>"
    rows = [
        (
            "all" if event.component is None else str(event.component),
            f"{event.iteration}-{event.last_iteration}",
            f"{event.n_effective:.4g}",
            f"{event.eigenvalue:.4g}",
            event.action,
        )
        for event in result.events
    ]
    header = ("component", "passes", "effective rows", "smallest eigenvalue", "what was done")
    return table(header, rows, words=1)
