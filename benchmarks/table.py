"""The rows of a result file, and how they are written and read."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One library on one case. Seconds are per EM iteration."""

    date: str
    cpu: str
    cores: str
    system: str
    python: str
    numpy: str
    case: str
    n_rows: int
    n_features: int
    n_components: int
    n_iter: int
    repeats: int
    threads: str
    required_speedup: str
    package: str
    version: str
    median_seconds: float
    min_seconds: float
    ns_per_row_component: float
    log_likelihood: float
    peak_mib: float

    @classmethod
    def from_text(cls, cells: dict[str, str]) -> Row:
        """Read one line of a CSV file back."""
        convert = {"int": int, "float": float, "str": str}
        return cls(**{f.name: convert[str(f.type)](cells[f.name]) for f in fields(cls)})


def write_csv(rows: list[Row], path: Path) -> None:
    """Write `rows` with full precision; an existing file is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read_csv(path: Path) -> list[Row]:
    """Read a file that `write_csv` wrote."""
    with path.open(newline="") as file:
        return [Row.from_text(cells) for cells in csv.DictReader(file)]
