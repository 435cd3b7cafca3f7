"""The table for the project's README: a line per case, a column per rival."""

from __future__ import annotations

from benchmarks.layout import cells, number, place
from benchmarks.table import OURS, Row, slower

_OURS = ("rows", "columns", "components", "covariances", "gaussmix", "share of peak", "memory")


def brief_markdown(rows: list[Row]) -> str:
    """One table per number of threads; rivals as how many times slower they are, in the median."""
    parts = []
    for threads in dict.fromkeys(row.threads for row in rows):
        mine = [row for row in rows if row.threads == threads]
        rivals = [name for name in dict.fromkeys(row.package for row in mine) if name != OURS]
        lines = [cells([*_OURS, *rivals]), cells(["---:"] * (len(_OURS) + len(rivals)))]
        for key in dict.fromkeys((row.case, row.series) for row in mine):
            case = {row.package: row for row in mine if (row.case, row.series) == key}
            if OURS in case:
                lines.append(_line(case, rivals))
        parts.append(f"{place(mine[0])}; threads: {threads}.\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(case: dict[str, Row], rivals: list[str]) -> str:
    ours = case[OURS]
    return cells(
        [
            f"{ours.n_rows:,}",
            str(ours.n_features),
            str(ours.n_components),
            ours.covariance_type,
            f"{1e3 * ours.median_seconds:.3g} ms",
            number(100 * ours.share, ".0f", " %"),
            f"{ours.peak_mib:.0f} MiB",
            *(_ratio(case[name], ours) if name in case else "" for name in rivals),
        ]
    )


def _ratio(rival: Row, ours: Row) -> str:
    middle, _ = slower(rival, ours)
    return f"{middle:.0f}" if middle >= 10 else f"{middle:.1f}"
