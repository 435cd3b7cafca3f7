"""The level of instructions that was asked for is the one that runs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from gaussmix import _core

X86_64 = platform.machine().lower() in ("x86_64", "amd64")
LEVELS = ("v2", "v3", "v4")

# Prints the level and the statistics of a fixed problem, exactly.
PROGRAM = """
import json
import numpy as np
import gaussmix as gx
from gaussmix import _core

rng = np.random.default_rng(1)
results = []
for covariance_type in ("full", "tied", "diag", "spherical"):
    for n_features in (1, 3, 17, 40):
        X = rng.standard_normal((1003, n_features))
        responsibilities = rng.dirichlet([0.3, 0.3, 0.3], size=len(X))
        mixture = gx.fit(
            X, 3, covariance_type=covariance_type,
            responsibilities_init=responsibilities, max_iter=0,
        ).mixture
        s = gx.e_step(X, mixture)
        values = [s.weight, s.mean, s.scatter, mixture.log_density(X)]
        results.append([v.hex() for array in values for v in np.ravel(array).tolist()])
print(json.dumps({"level": _core.build_info()["simd_level"], "results": results}))
"""


def run(level: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "GAUSSMIX_SIMD"}
    if level is not None:
        environment["GAUSSMIX_SIMD"] = level
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def built_levels() -> tuple[str, ...]:
    return tuple(_core.build_info()["simd_levels"])


@pytest.fixture(scope="module")
def outcomes() -> dict[str, subprocess.CompletedProcess[str]]:
    """Each built level in a process of its own; levels this processor lacks fail to import."""
    return {level: run(level) for level in built_levels()}


def answer(process: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)  # type: ignore[no-any-return]


def numbers(process: subprocess.CompletedProcess[str]) -> list[np.ndarray]:
    results = answer(process)["results"]
    assert isinstance(results, list)
    return [np.array([float.fromhex(value) for value in result]) for result in results]


def test_levels_are_named_for_the_architecture() -> None:
    expected = LEVELS if X86_64 else ("generic",)
    assert built_levels() == expected


def test_the_running_level_is_one_of_the_built() -> None:
    assert _core.build_info()["simd_level"] in built_levels()


def test_forced_levels_run(outcomes: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert outcomes[built_levels()[0]].returncode == 0  # the weakest level runs everywhere
    for level, process in outcomes.items():
        if process.returncode == 0:
            assert answer(process)["level"] == level


def test_the_strongest_usable_level_is_the_default(
    outcomes: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    usable = [level for level, process in outcomes.items() if process.returncode == 0]
    default = answer(run(None))
    assert default["level"] == usable[-1]
    assert default["results"] == answer(outcomes[usable[-1]])["results"]


@pytest.mark.skipif(not X86_64, reason="v2 and v3 are levels of x86-64")
def test_the_forced_level_is_seen_in_the_bits(
    outcomes: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    """v3 has fused multiply-add and v2 has not: over thousands of sums they cannot all agree."""
    if outcomes["v3"].returncode != 0:
        pytest.skip("this processor has no AVX2")
    assert answer(outcomes["v2"])["results"] != answer(outcomes["v3"])["results"]


def test_levels_agree(outcomes: dict[str, subprocess.CompletedProcess[str]]) -> None:
    """To 1e-12 of the largest value in each problem's answer."""
    weakest = numbers(outcomes[built_levels()[0]])
    for process in outcomes.values():
        if process.returncode == 0:
            for ours, theirs in zip(numbers(process), weakest, strict=True):
                bound = 1e-12 * np.max(np.abs(theirs))
                np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=bound)


def test_a_level_the_processor_lacks_is_a_clear_error(
    outcomes: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    lacking = {level: p for level, p in outcomes.items() if p.returncode != 0}
    if not lacking:
        pytest.skip("this processor runs every level that was built")
    for level, process in lacking.items():
        assert "ImportError" in process.stderr
        assert "GAUSSMIX_SIMD" in process.stderr
        assert level in process.stderr


@pytest.mark.parametrize("level", ["v5", "avx2", "V3 "])
def test_an_unknown_level_is_a_clear_error(level: str) -> None:
    process = run(level)
    assert process.returncode != 0
    assert "ImportError" in process.stderr
    assert "GAUSSMIX_SIMD" in process.stderr
    assert level in process.stderr
    for valid in built_levels():
        assert valid in process.stderr
