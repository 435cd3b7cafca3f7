"""The cases of each suite: sizes, threads, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SINGLE = "gaussmix-float32"


@dataclass(frozen=True)
class Case:
    """One problem for all libraries.

    `asked` names rivals and how many times slower than gaussmix they should be; under
    ``gaussmix-float32`` how many times faster that should be, under ``peak`` the useful share of
    the machine's multiply-adds. `series` names what varies over the cases that belong together;
    the series "threads" measures every library on one thread, two, four, ... in turns.
    """

    n_rows: int
    n_features: int
    n_components: int
    covariance_type: str = "full"
    n_iter: int = 3
    threads: int | None = None  # None: all cores
    asked: Mapping[str, float] = field(default_factory=dict)
    series: str = ""
    separation: float = 2.0
    seed: int = 0

    @property
    def name(self) -> str:
        """For example ``1000000x8-k16``, or ``200000x8-k16-diag``."""
        kind = "" if self.covariance_type == "full" else f"-{self.covariance_type}"
        return f"{self.n_rows}x{self.n_features}-k{self.n_components}{kind}"


def _iterations() -> tuple[Case, ...]:
    """Rows are chosen so that an iteration of scikit-learn takes about a second or less."""
    full = (
        (1_000_000, 1, 8, 100, 4, None),
        (500_000, 2, 8, 140, 5, None),
        (400_000, 4, 16, 110, 5, 0.45),
        (200_000, 8, 16, 70, 4, 0.65),
        (150_000, 16, 16, 32, 4, 0.75),
        (100_000, 32, 16, 18, 3.5, 0.75),
        (40_000, 64, 16, 12, 2.5, 0.70),
        (30_000, 128, 8, 7, 1.2, 0.75),
        (15_000, 256, 8, 6, 1.15, 0.75),
    )
    others = (
        (500_000, 8, 16, "diag", {"scikit-learn": 35, "oneDAL": 6}),
        (300_000, 32, 16, "diag", {"scikit-learn": 11, "oneDAL": 4.5}),
        (100_000, 128, 16, "diag", {"scikit-learn": 6.5}),
        (500_000, 8, 16, "tied", {"scikit-learn": 100}),
        (200_000, 32, 16, "tied", {"scikit-learn": 75}),
        (500_000, 8, 16, "spherical", {"scikit-learn": 40}),
    )
    cases = []
    for n, D, K, sklearn, onedal, share in full:
        asked: dict[str, float] = {"scikit-learn": sklearn, "oneDAL": onedal}
        if share is not None:
            asked["peak"] = share
        if 8 <= D <= 64:
            asked[SINGLE] = 1.6
        cases.append(Case(n, D, K, threads=1, asked=asked))
    cases += [Case(n, D, K, kind, threads=1, asked=asked) for n, D, K, kind, asked in others]
    return tuple(cases)


def _scaling() -> tuple[Case, ...]:
    by_n = [Case(n, 8, 16, threads=1, series="n") for n in (25_000, 50_000, 100_000, 200_000)]
    by_k = [Case(50_000, 8, K, threads=1, series="K") for K in (4, 8, 16, 32, 64)]
    by_d = [Case(20_000, D, 8, threads=1, series="D") for D in (8, 16, 32, 64, 128)]
    by_threads = [Case(n, D, 16, series="threads") for n, D in ((400_000, 8), (200_000, 32))]
    return (*by_n, *by_k, *by_d, *by_threads)


REQUIRED = (
    Case(1_000_000, 2, 5, asked={"scikit-learn": 20}, n_iter=10),
    Case(1_000_000, 8, 16, asked={"scikit-learn": 20}, n_iter=5),
    Case(200_000, 32, 16, asked={"scikit-learn": 8}, n_iter=5),
)
# Short iterations need many of them, or the difference of two fits is noise.
QUICK = (
    Case(20_000, 2, 5, n_iter=20),
    Case(20_000, 8, 16, n_iter=10),
    Case(5_000, 32, 16, n_iter=10),
)
SUITES = {
    "required": REQUIRED,
    "quick": QUICK,
    "iterations": _iterations(),
    "scaling": _scaling(),
}
