"""Counts the instructions of a pass of EM, per row and component, under Valgrind.

``python tests/instructions.py`` writes what it counts into data/instructions.json. That is the one
way in which budgets change: run it when a count has fallen, or has risen for a good reason.

Valgrind emulates AVX2 but not AVX-512, so the kernels of level v3 are counted. A count does not
depend on the machine or on what else it does, but on the compiler: the file names it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fits import fixed_passes
from gaussmix import _core

BUDGETS = Path(__file__).parent / "data" / "instructions.json"
LEVEL = "v3"
LANES = 4
ROWS = 512  # whole blocks; Valgrind takes long for multiply-adds
SINGLE_ROWS = 4096  # of fewer none is done in single precision
PASSES = 4  # the second looks for components to leave out, the fourth leaves out what was found


@dataclass(frozen=True)
class Case:
    """A fit; `distance` between its components decides by which form densities are computed."""

    covariance_type: str
    n_features: int
    n_components: int
    distance: float = 0.5
    single: bool = False  # rows of float32
    two_places: bool = False  # of which single precision serves one: far into a leaf it gives up

    @property
    def name(self) -> str:
        far = "" if self.distance < 1 else " apart" if self.distance < 100 else " far apart"
        kind = (" float32" if self.single else "") + (" in two places" if self.two_places else "")
        return f"{self.covariance_type} D={self.n_features} K={self.n_components}{far}{kind}"

    @property
    def n_rows(self) -> int:
        return SINGLE_ROWS if self.single else ROWS

    @property
    def multiply_adds(self) -> float:
        """Vector multiply-adds of a row and component that no pass can do without.

        One per statistic for the density and one for the sums; an exponential is not counted. Of
        components that are apart a row needs no more than its own.
        """
        D = self.n_features
        products = {"full": D * (D + 1) // 2, "diag": D, "spherical": 1, "tied": 0}
        lanes = 2 * LANES if self.single and not self.two_places else LANES
        needed = 1 / self.n_components if 1 <= self.distance < 100 else 1
        return 2 * needed * (1 + D + products[self.covariance_type]) / lanes

    def fit(self, n_rows: int) -> None:
        """Fit rows of overlapping components, unless `distance` is large, from their truth.

        In single precision from wider components: it ends where little more is gained.
        """
        D, K = self.n_features, self.n_components
        rng = np.random.default_rng([D, K])
        means = self.distance * rng.standard_normal((K, D))
        labels = np.arange(n_rows) % K
        if self.two_places:
            means[-K // 3 :, 0] += 60.0
            labels = np.sort(labels)
        X = means[labels] + rng.standard_normal((n_rows, D))
        shape = {"full": (K, D, D), "tied": (D, D), "diag": (K, D), "spherical": (K,)}
        identity = np.eye(D) if self.covariance_type in ("full", "tied") else 1.0
        fixed_passes(
            X.astype(np.float32) if self.single else X,
            K,
            PASSES,
            covariance_type=self.covariance_type,
            n_threads=1,
            weights_init=np.full(K, 1 / K),
            means_init=means,
            covariances_init=np.broadcast_to(
                4 * identity if self.single else identity, shape[self.covariance_type]
            ),
        )


CASES = (
    Case("full", 1, 8),
    Case("full", 2, 8),
    Case("full", 8, 16),
    Case("full", 16, 16),
    Case("full", 16, 16, distance=1e3),
    Case("full", 64, 4),
    Case("diag", 8, 16),
    Case("tied", 8, 16),
    Case("spherical", 8, 16),
    Case("full", 8, 16, single=True),
    Case("full", 8, 16, single=True, two_places=True),
    Case("full", 4, 32, single=True, distance=7.0),
)


def obstacle() -> str | None:
    """Why nothing can be counted here, or None."""
    build = _core.build_info()
    if shutil.which("valgrind") is None:
        return "needs valgrind"
    if LEVEL not in build["simd_levels"] or "avx2" not in cpu_flags():
        return "needs a processor with AVX2, and the kernels for it"
    if build["build_type"] != "Release" or "-fsanitize" in build["flags"]:
        return "needs an optimised build"
    return None


def cpu_flags() -> list[str]:
    """What the processor can do, by Linux's names."""
    if platform.system() != "Linux":
        return []
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].split() if found else []


def compiler() -> str:
    """Name and major version of what compiled the kernels."""
    return _core.build_info()["compiler"].partition(".")[0]


def count() -> dict[str, float]:
    """Instructions per row and component of every case.

    Of the last pass over many rows and the last pass over few: what does not grow with the rows,
    the M-step above all, cancels.
    """
    last = iter(instructions_before_marks()[PASSES - 1 :: PASSES])
    pairs = {case.name: case.n_rows * case.n_components for case in CASES}
    return {name: (-next(last) + next(last)) / n_pairs for name, n_pairs in pairs.items()}


def instructions_before_marks() -> list[int]:
    """Instructions from mark to mark of `fit_everything`: at each Callgrind writes a file."""
    fixed = {"GAUSSMIX_SIMD": LEVEL, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--dump-before={MARK}"),
                *(f"--callgrind-out-file={folder}/out", sys.executable, __file__, "--fit"),
            ],
            capture_output=True,
            text=True,
            timeout=500,
            env={**os.environ, **fixed, "OPENBLAS_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
        files = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        totals = [re.search(r"^totals: (\d+)", path.read_text(), re.MULTILINE) for path in files]
    return [int(total[1]) for total in totals if total is not None][: 2 * PASSES * len(CASES)]


MARK = "getppid"  # a function of the C library that nothing else here calls


def fit_everything() -> None:
    """All fits that `count` takes apart, with a mark after every pass."""
    engine_fit = _core.fit
    mark = {"on_iteration": lambda *_: os.getppid() > 0}
    _core.fit = lambda *arguments, **options: engine_fit(*arguments, **(options | mark))
    for case in CASES:
        for n_rows in (case.n_rows, 2 * case.n_rows):
            case.fit(n_rows)


def write_budgets() -> None:
    """Make today's counts the budgets of this compiler, which become the only ones."""
    counts = {name: round(value, 2) for name, value in count().items()}
    told = (
        "Instructions per row and component of a pass of EM, level v3: golden numbers, counted by "
        "`python tests/instructions.py`, which is how they are renewed."
    )
    BUDGETS.write_text(
        json.dumps({"about": told, "compiler": compiler(), "budgets": counts}, indent=2) + "\n"
    )


if __name__ == "__main__":
    reason = obstacle()
    if "--fit" in sys.argv:
        fit_everything()
    elif reason is not None:
        sys.exit(reason)
    else:
        write_budgets()
