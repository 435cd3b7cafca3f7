"""The tables that present a fit, as text and as HTML, from the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix._validation import shown_names
from gaussmix.covariance import in_short_form
from gaussmix.factor_mixture import FactorMixture
from gaussmix.mixture import Mixture

if TYPE_CHECKING:
    from gaussmix.result import FitResult, StartOutcome

MOST_FEATURES = 5
MOST_COMPONENTS = 30
_NAME_WIDTH = 24

Row = tuple[str, ...]


def as_text(result: FitResult) -> str:
    """Lay out the summary in aligned columns."""
    facts = _facts(result)
    width = max(len(label) for label, _ in facts)
    lines = ["Gaussian mixture", ""]
    lines += [f"{label:<{width}}  {value}" for label, value in facts]
    header, rows, omitted = _component_table(result)
    lines += ["", *aligned([header, *rows]), *omitted]
    for reason in result.reasons:
        lines += ["", f"! {reason}"]
    return "\n".join(lines)


def as_html(result: FitResult) -> str:
    """Lay out the summary as plain HTML tables."""
    facts = "".join(
        f"<tr><th style='text-align:left'>{_escape(label)}</th>"
        f"<td style='text-align:left'>{_escape(value)}</td></tr>"
        for label, value in _facts(result)
    )
    header, rows, omitted = _component_table(result)
    body = "".join(f"<tr>{_html_cells('td', row)}</tr>" for row in rows)
    notes = "".join(f"<p>{_escape(note)}</p>" for note in (*omitted, *result.reasons))
    return (
        f"<div><table><caption>Gaussian mixture</caption>{facts}</table>"
        f"<table><thead><tr>{_html_cells('th', header)}</tr></thead><tbody>{body}</tbody></table>"
        f"{notes}</div>"
    )


def how_it_ended(start: StartOutcome) -> str:
    """Put the status of a start in words."""
    passes = numbered(start.n_iter, "pass", "passes")
    words = {
        "converged": f"converged after {passes}",
        "max_iter": f"not converged after {passes}",
        "max_seconds": f"out of time after {passes}",
        "stopped": f"stopped after {passes}",
        "interrupted": f"interrupted after {passes}",
        "degenerate": f"degenerate after {passes}",
        "raced_out": f"given up after {passes}",
    }
    return words.get(start.status, f"{start.status} after {passes}")


def _facts(result: FitResult) -> list[tuple[str, str]]:
    structure = result.covariance_type
    per_weight = result.log_likelihood / result.total_weight
    return [
        ("rows", f"{result.n_rows} (effective {result.n_effective:.6g})"),
        ("total weight", f"{result.total_weight:.10g}"),
        ("features", f"{result.n_features}{_feature_list(result.mixture)}"),
        ("covariances", f"{structure} ({structure.code}){_factors(result.mixture)}"),
        ("components", f"{result.n_components}"),
        ("free parameters", f"{result.n_parameters}"),
        ("log-likelihood", f"{result.log_likelihood:.10g} ({per_weight:.6g} per unit weight)"),
        ("AIC", f"{result.aic:.10g} (lower is better)"),
        ("BIC", f"{result.bic:.10g} (lower is better)"),
        ("ICL", f"{result.icl:.10g} (lower is better)"),
        ("status", how_it_ended(result.starts[result.best_start])),
        ("starts", _starts(result)),
        ("repairs", f"{result.repairs.total}"),
        (
            "seconds",
            f"{result.seconds_init:.3g} initialisation, {result.seconds_em:.3g} EM",
        ),
    ]


def _factors(mixture: Mixture) -> str:
    if not isinstance(mixture, FactorMixture):
        return ""
    return f", {numbered(mixture.n_factors, 'factor')}"


def _starts(result: FitResult) -> str:
    given_up = sum(start.status == "raced_out" for start in result.starts)
    behind = f", {given_up} given up as they fell behind" if given_up else ""
    reached = f", reached by {result.n_best}" if len(result.starts) > 1 else ""
    return f"{len(result.starts)} (best: number {result.best_start + 1}{reached}{behind})"


def _feature_list(mixture: Mixture) -> str:
    if mixture.feature_names is None:
        return ""
    names = [short_name(name) for name in mixture.feature_names[:MOST_FEATURES]]
    return f" ({', '.join(names)}{', ...' if mixture.n_features > MOST_FEATURES else ''})"


def _component_table(result: FitResult) -> tuple[Row, list[Row], list[str]]:
    """Header, one row per component, and notes on what was left out."""
    mixture = result.mixture
    K, D = mixture.n_components, mixture.n_features
    shown_k, shown_d = min(K, MOST_COMPONENTS), min(D, MOST_FEATURES)
    names = shown_names(mixture.feature_names, D)
    header = (
        "component",
        "weight",
        "n_k",
        *(f"{short_name(n)}: mean (sd)" for n in names[:shown_d]),
    )
    deviations = standard_deviations(mixture)
    rows = [
        (
            str(k),
            f"{mixture.weights[k]:.6f}",
            f"{mixture.weights[k] * result.total_weight:.6g}",
            *(f"{mixture.means[k, j]:.6g} ({deviations[k, j]:.4g})" for j in range(shown_d)),
        )
        for k in range(shown_k)
    ]
    omitted = []
    if shown_k < K:
        omitted.append(f"... and {numbered(K - shown_k, 'more component')}")
    if shown_d < D:
        omitted.append(f"... and {numbered(D - shown_d, 'more feature')}; see result.mixture")
    return header, rows, omitted


def standard_deviations(mixture: Mixture) -> Float64Array:
    """Return the standard deviation of each feature in each component, shape (K, D)."""
    if isinstance(mixture, FactorMixture):
        return np.asarray(np.sqrt((mixture.loadings**2).sum(axis=2) + mixture.noise_variances))
    covariances = mixture.covariances
    if in_short_form(mixture.covariance_type) == "spherical":
        variances = covariances[:, None]
    elif in_short_form(mixture.covariance_type) == "diag":
        variances = covariances
    else:
        variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    return np.sqrt(np.broadcast_to(variances, mixture.means.shape))


def aligned(rows: Sequence[Row]) -> list[str]:
    """Return the rows as lines, their cells flush right."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    return ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in rows]


def _html_cells(tag: str, row: Row) -> str:
    return "".join(f"<{tag}>{_escape(cell)}</{tag}>" for cell in row)


def _escape(text: str) -> str:
    from html import escape  # its table of entities is not wanted by every fit

    return escape(text)


def short_name(name: str) -> str:
    """Return the name of a column as it fits a table."""
    # A name comes from a file: it may hold line breaks, which would break the table.
    line = " ".join(name.split())
    return line if len(line) <= _NAME_WIDTH else line[: _NAME_WIDTH - 3] + "..."


def numbered(count: int, one: str, many: str = "") -> str:
    """Say ``1 pass`` or ``2 passes``; `many` is `one` with an s if it is not given."""
    return f"{count} {one if count == 1 else many or one + 's'}"
