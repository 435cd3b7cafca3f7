"""The rows of a result file, and how they are written and read."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Self, TypeVar

OURS = "gaussmix"


@dataclass(frozen=True)
class TextRow:
    """What every row of every result file has: when and where it was measured."""

    date: str
    cpu: str
    cores: str
    system: str
    python: str
    numpy: str

    @classmethod
    def from_text(cls, cells: Mapping[str, str]) -> Self:
        """Read one line of a CSV file back; columns that an older file lacks get their default."""
        convert = {"int": int, "float": float, "str": str}
        known = [f for f in fields(cls) if f.default is MISSING or f.name in cells]
        return cls(**{f.name: convert[str(f.type)](cells[f.name]) for f in known})


@dataclass(frozen=True)
class Row(TextRow):
    """One library on one case. Seconds are per EM iteration."""

    case: str
    n_rows: int
    n_features: int
    n_components: int
    n_iter: int
    repeats: int
    threads: str  # "2 x 1": two one-thread processes at once, each with all the work
    required_speedup: str  # over this row's library; of our float32 row over our float64
    package: str
    version: str
    median_seconds: float
    min_seconds: float
    ns_per_row_component: float
    log_likelihood: float
    peak_mib: float
    covariance_type: str = "full"
    series: str = ""
    clock: str = "wall"
    cores_busy: float = math.nan
    required_share: str = ""
    peak_gflops: float = math.nan  # multiply-adds of the machine on these threads
    useful_flops: float = math.nan  # per row and component
    limit_ns: float = math.nan  # per row and component, of multiply-adds and exponentials alone
    seconds: str = ""  # of each turn
    note: str = ""

    @property
    def share(self) -> float:
        """Useful flops as a share of the machine's peak, in the best turn."""
        done = self.useful_flops * self.n_rows * self.n_components / self.min_seconds
        return done / (1e9 * self.peak_gflops)

    @property
    def times_limit(self) -> float:
        """How many times longer it takes than the least that this machine could do it in."""
        return self.ns_per_row_component / self.limit_ns


@dataclass(frozen=True)
class FitRow(TextRow):
    """One quantity of one library, about something larger than an iteration."""

    case: str
    quantity: str
    package: str
    version: str
    threads: str
    unit: str
    median: float
    minimum: float
    repeats: int
    peak_mib: float = math.nan  # above the data and the output
    times_slower: float = math.nan  # than gaussmix at the same
    asked_ratio: str = ""
    asked_limit: str = ""
    note: str = ""


def slower(row: Row, ours: Row) -> tuple[float, float]:
    """How many times slower `row` is than `ours`: median of the turns' ratios; of the minima."""
    theirs, mine = row.seconds.split(), ours.seconds.split()
    if theirs and len(theirs) == len(mine):
        middle = median(float(a) / float(b) for a, b in zip(theirs, mine, strict=True))
    else:
        middle = row.median_seconds / ours.median_seconds
    return middle, row.min_seconds / ours.min_seconds


AnyRow = TypeVar("AnyRow", bound=TextRow)


def write_csv(rows: Sequence[TextRow], path: Path) -> None:
    """Write `rows`, all of one kind, with full precision; an existing file is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(rows[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read_csv(path: Path, kind: type[AnyRow]) -> list[AnyRow]:
    """Read a file that `write_csv` wrote."""
    with path.open(newline="") as file:
        return [kind.from_text(cells) for cells in csv.DictReader(file)]


def columns(path: Path) -> list[str]:
    """The header of a result file, which tells what kind of rows it holds."""
    with path.open(newline="") as file:
        return next(csv.reader(file), [])
