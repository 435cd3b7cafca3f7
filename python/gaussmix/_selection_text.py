"""A search over models as text and as HTML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gaussmix._summary import numbered
from gaussmix._without_choice import needs_of, no_value

if TYPE_CHECKING:
    from gaussmix.selection_result import SelectionCell, SelectionResult

_RIVALS = 5


def as_text(selection: SelectionResult) -> str:
    """Lay out the choice, its rivals and the table of the criterion."""
    return "\n".join([headline(selection), "", *_rivals(selection), "", *_table(selection)])


def headline(selection: SelectionResult) -> str:
    """Say in a line what was chosen."""
    name = selection.criterion_name
    if not selection.ranking:
        return f"{models(len(selection.cells))}, none of which can be recommended"
    best = selection.ranking[0]
    effective = f" for {selection.best.n_effective:.6g} effective rows"
    return (
        f"Best of {models(len(selection.cells))} by {name}: {best.covariance_type.code} with "
        f"{components(best.n_components)} ({name} {best.criterion:.3f}"
        f"{effective if selection.sample_size == 'effective' and name != 'nec' else ''}"
        f", lower is better{'; max_iter ended it before it converged' if best.cut_short else ''})"
    )


def components(count: int) -> str:
    """Say how many components."""
    return numbered(count, "component")


def models(count: int) -> str:
    """Say how many models."""
    return numbered(count, "model")


def _rivals(selection: SelectionResult) -> list[str]:
    lines = [
        f"  {cell.covariance_type.code:>3}, {cell.n_components:>2}  "
        f"{cell.criterion:14.3f}  +{cell.criterion - selection.ranking[0].criterion:.3f}"
        for cell in selection.ranking[:_RIVALS]
    ]
    return ["The best, and what the next ones lack:", *lines] if lines else []


def cell_text(cell: SelectionCell | None) -> str:
    """Return a cell's criterion, starred where the cell is spurious; nothing if it was not done."""
    if cell is None:
        return ""
    value = f"{cell.criterion:.2f}" if math.isfinite(cell.criterion) else "-"
    return f"{value}{'*' if cell.spurious else ' '}"


def _rows(selection: SelectionResult) -> list[list[str]]:
    cells = {(cell.covariance_type.code, cell.n_components): cell for cell in selection.cells}
    header = ["", *(f"{K} " for K in selection.n_components)]
    rows = [
        [code, *(cell_text(cells.get((code, K))) for K in selection.n_components)]
        for code in selection.covariance_types
    ]
    return [header, *rows]


def notes(selection: SelectionResult) -> list[str]:
    """Explain the marks of the table, and tell what stands behind them."""
    said = []
    if selection.spurious:
        said.append("* not to be believed and never the best; .spurious says why")
    if any(no_value(cell) for cell in selection.cells):
        name = selection.criterion_name
        said.append(f"- no value of {name}: {needs_of(name)}")
    if selection.failures:
        said.append("- no fit; .failures says why")
    return said + [f"! {reason}" for reason in selection.reasons]


def _table(selection: SelectionResult) -> list[str]:
    rows = _rows(selection)
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = [
        "  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    title = f"{selection.criterion_name} by structure and number of components:"
    return [title, *lines, *notes(selection)]


def as_html(selection: SelectionResult) -> str:
    """Lay out the choice and the table."""
    from html import escape

    return f"<p>{escape(headline(selection))}</p>\n{table_html(selection)}"


def table_html(selection: SelectionResult) -> str:
    """Lay out the table of the criterion; the best cell is in bold."""
    from html import escape  # its table of entities is not wanted by every search

    header, *rows = _rows(selection)
    best = selection.ranking[0] if selection.ranking else None
    place = None if best is None else (best.covariance_type.code, best.n_components)
    lines = ["<table>"]
    lines.append("<tr>" + "".join(f"<th>{escape(text)}</th>" for text in header) + "</tr>")
    for row in rows:
        cells = [f"<th>{escape(row[0])}</th>"]
        for K, text in zip(selection.n_components, row[1:], strict=True):
            chosen = (row[0], K) == place
            cells.append(
                f"<td><b>{escape(text)}</b></td>" if chosen else f"<td>{escape(text)}</td>"
            )
        lines.append("<tr>" + "".join(cells) + "</tr>")
    lines.append("</table>")
    lines += [f"<p>{escape(note)}</p>" for note in notes(selection)]
    return "\n".join(lines)
