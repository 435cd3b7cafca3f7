"""A fit tells how much memory it needs before it begins, keeps to it, and is refused in time."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from environment import SANITIZED
from factor_oracle import planted
from fits import memory_needed_by, quiet
from gaussmix import _core, _memory
from gaussmix._settings import engine_settings
from gaussmix.exceptions import InsufficientMemoryError
from strategies import clusters

MIB = 2**20
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
not_sanitized = pytest.mark.skipif(SANITIZED, reason="the sanitizer holds memory of its own")

# --- What a fit takes, measured -----------------------------------------------------------------

# Every case in a child of its own: what an earlier one gave back to the allocator would hide what
# the next one takes. The data are read from a file, so that making them leaves nothing either.
MEASURE = """
import json, os, sys, warnings
import numpy as np
import gaussmix as gx
from fits import memory_needed_by

def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))

def measure(path, K, options):
    X = np.load(path)
    if options.pop("prior", False):
        options["prior"] = gx.Prior()
    if options.pop("weights", False):
        options["sample_weight"] = 3.0 + X[:, 0] ** 2
    options = {"random_state": 0, "n_threads": 2} | options
    gx.fit(X[:50, :9], 1)  # loads what is loaded on first use
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the recorded peak starts again from here
    before = status("VmRSS")
    result = gx.fit(X, K, **options)
    return {
        "peak": status("VmHWM") - before,
        "needed": memory_needed_by(X, K, **options),
        "actions": sorted({event.action for event in result.events}),
    }

def in_child(*case):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        warnings.simplefilter("ignore")
        os.write(writer, json.dumps(measure(*case)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    return answer

print(json.dumps([in_child(*case) for case in json.loads(sys.argv[1])]))
"""

# (rows, columns, components) in which rows, sums, parameters, the sparse visit or the sample of the
# start take most.
SIZES = [
    (100_000, 2, 5),
    (100_000, 8, 16),
    (20_000, 16, 60),
    (3_000, 64, 20),
    (2_000, 200, 8),
    (1_000, 400, 4),
]
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("f8", {}),
    ("f4", {}),
    ("f8", {"n_init": 6, "max_iter": 3}),
    ("f8", {"init_params": "random", "max_iter": 2}),
    ("f8", {"init_params": "hierarchical", "max_iter": 2, "n_init": 2}),
    ("f8", {"accelerate": True}),
    ("f8", {"weights": True}),
    ("f8", {"prior": True}),
    ("f8", {"max_eigenvalue_ratio": 10.0}),
]


def data_file(folder: Path, size: tuple[int, int, int], dtype: str) -> str:
    path = folder / f"{size}-{dtype}.npy"
    if not path.exists():
        n_rows, n_features, n_components = size
        X = clusters(n_features, n_rows, n_features, n_components, separation=3.0)
        np.save(path, X.astype(dtype))
    return str(path)


def measured_in_children(cases: list[list[Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps(cases)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@linux_only
@not_sanitized
def test_what_many_starts_keep_leaves_holes(tmp_path: Path) -> None:
    """An allocator cannot fill all the room between blocks that stay."""
    cases = [
        [data_file(tmp_path, (1000, n_features, 4), "f8"), 4,
         {"n_init": n_init, "race": False, "max_iter": 2}]
        for n_features, n_init in ((60, 60), (100, 20), (150, 20))
    ]  # fmt: skip
    for case, measured in zip(cases, measured_in_children(cases), strict=True):
        what = f"{case}: {measured['peak'] / MIB:.1f} of {measured['needed'] / MIB:.1f} MiB"
        assert measured["peak"] <= measured["needed"] <= 1.3 * measured["peak"], what


@linux_only
@not_sanitized
@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_the_measured_peak_is_near_and_below_what_was_told(
    covariance_type: str, tmp_path: Path
) -> None:
    cases = [
        [data_file(tmp_path, size, dtype), size[2],
         {"covariance_type": covariance_type, "max_iter": 6} | variant]
        for size in SIZES
        for dtype, variant in VARIANTS
    ]  # fmt: skip
    found = measured_in_children(cases)
    # A tied fit must have room for components so far apart that rows are not whitened, and any fit
    # with matrices for what acceleration remembers, which these few passes do not come to.
    factor = 4 if covariance_type in ("full", "tied") else 3
    for case, measured in zip(cases, found, strict=True):
        what = f"{case}: {measured['peak'] / MIB:.1f} of {measured['needed'] / MIB:.1f} MiB"
        assert measured["peak"] <= measured["needed"], what
        assert measured["needed"] <= factor * measured["peak"] + 12 * MIB, what


@linux_only
@not_sanitized
def test_factor_analysers_take_what_was_told_and_no_matrices(tmp_path: Path) -> None:
    wide = (400, 2_000, 3)
    for dtype in ("f8", "f4"):  # their own rows: the others are made with a matrix per row
        np.save(tmp_path / f"{wide}-{dtype}.npy", planted(0, 400, 2_000, 3, 4)[0].astype(dtype))
    cases = [
        [data_file(tmp_path, size, dtype), size[2],
         {"covariance_type": "factor", "n_factors": n_factors, "max_iter": 6} | variant]
        for size, n_factors in [
            ((100_000, 8, 16), 2), ((3_000, 64, 20), 5), (wide, 4)
        ]
        for dtype, variant in VARIANTS
        if not variant.keys() & {"prior", "max_eigenvalue_ratio", "accelerate"}
    ]  # fmt: skip
    for case, measured in zip(cases, measured_in_children(cases), strict=True):
        what = f"{case}: {measured['peak'] / MIB:.1f} of {measured['needed'] / MIB:.1f} MiB"
        assert measured["peak"] <= measured["needed"], what
        assert measured["needed"] <= 3 * measured["peak"] + 12 * MIB, what
        if str(wide) in case[0] and "n_init" not in case[2]:
            assert measured["peak"] < 8 * 3 * 2_000**2 / 2, what  # matrices would take 96 MB


@linux_only
@not_sanitized
@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_components_that_are_restarted_or_dropped_are_counted(
    covariance_type: str, tmp_path: Path
) -> None:
    """A fiftieth of the rows are the same, and one of the starting means is there."""
    cases, expected = [], []
    for n_rows, n_features, n_components in [(1_500_000, 1, 3), (4_000, 100, 8)]:
        X = clusters(n_features, n_rows, n_features, n_components, separation=3.0)
        X[: n_rows // 50] = 1e3
        path = tmp_path / f"{n_features}.npy"
        np.save(path, X)
        means = np.concatenate([X[:1], X[-n_components + 1 :]]).tolist()
        options = {"covariance_type": covariance_type, "tol": 1.0, "means_init": means}
        cases += [
            [str(path), n_components, options | {"on_degenerate": policy}]
            for policy in ("restart", "drop")
        ]
        expected += ["restart", "drop"]
    for case, policy, measured in zip(cases, expected, measured_in_children(cases), strict=True):
        what = f"{case[:2]}: {measured['peak'] / MIB:.1f} of {measured['needed'] / MIB:.1f} MiB"
        assert any(action.startswith(policy) for action in measured["actions"]), what
        assert measured["peak"] <= measured["needed"], what


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
@pytest.mark.parametrize("policy", ["drop", "restart"])
def test_looking_for_components_to_drop_takes_no_matrix(covariance_type: str, policy: str) -> None:
    """Of the D x D that structures with as many variances as columns do not have."""
    X = np.zeros((50, 20_000), dtype=np.float32)
    options: dict[str, Any] = {"covariance_type": covariance_type}
    repair, other = (
        memory_needed_by(X, 2, on_degenerate=name, **options) for name in ("repair", policy)
    )
    assert other < 2 * repair


@linux_only
@not_sanitized
def test_wide_components_are_dropped_in_little_memory(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 5_000))
    X[:12] = 9.0
    path = tmp_path / "wide.npy"
    np.save(path, X)
    options = {
        "covariance_type": "diag",
        "on_degenerate": "drop",
        "means_init": X[[0, 40]].tolist(),
    }
    (measured,) = measured_in_children([[str(path), 2, options]])
    assert "dropped" in measured["actions"]
    assert measured["peak"] <= measured["needed"] < 5_000**2 * 8


# --- Too large for the machine ------------------------------------------------------------------


@linux_only
def test_a_model_too_large_for_memory_is_refused_at_once() -> None:
    # Pages of zeros that nobody writes to take no memory.
    X = np.zeros((1000, 20_000), dtype=np.float32)
    begin = time.perf_counter()
    with pytest.raises(MemoryError, match=r"TiB \([0-9,]{17,} bytes\).*only .*bytes\) are avail"):
        gx.fit(X, 1000)
    assert time.perf_counter() - begin < 10


def test_sizes_that_cannot_be_counted_are_beyond_memory_too() -> None:
    settings = engine_settings(
        **{
            name: parameter.default
            for name, parameter in inspect.signature(gx.fit).parameters.items()
            if name in inspect.signature(engine_settings).parameters
        }
    )
    settings |= {"prior": None, "n_threads": 1}
    for K, D in ((2**18, 2**20), (1, 2**29), (2**57, 1)):
        needed = _core.memory_needed(2**60, D, False, False, **settings | {"n_components": K})
        assert sum(needed) > 2**53


def mixture_of(K: int, D: int) -> gx.Mixture:
    return gx.Mixture(np.full(K, 1 / K), np.zeros((K, D)), np.eye(D), covariance_type="tied")


@linux_only
@pytest.mark.parametrize("n_samples", [2**36, 2**62])
def test_more_rows_than_memory_holds_are_not_drawn(n_samples: int) -> None:
    mixture = mixture_of(3, 2)
    expected = f"({8 * n_samples * 3:,} bytes)"
    with pytest.raises(InsufficientMemoryError, match="the rows may need") as caught:
        mixture.sample(n_samples)
    assert expected in str(caught.value)
    model = gx.GaussianMixture(2, random_state=0).fit(clusters(0, 60, 2, 2))
    with pytest.raises(MemoryError, match=re.escape(expected)):
        model.sample(n_samples)


def test_a_refused_draw_leaves_the_generator_alone() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(MemoryError):
        mixture_of(1, 2).sample(2**60, random_state=rng)
    assert rng.bit_generator.state == before


def test_what_a_tied_covariance_is_factorised_into_does_not_grow_with_components() -> None:
    factor, conditions = _core.factorise("tied", np.eye(3), 2**40, 3)
    assert factor.shape == (3, 3)
    assert conditions.tolist() == [1.0]
    assert mixture_of(5, 3).reciprocal_conditions.tolist() == [1.0] * 5


IN_LITTLE_SPACE = """
import resource, sys
import numpy as np
import gaussmix as gx
from gaussmix import _core

def limit_further_space(size):
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + size, resource.RLIM_INFINITY))

rng = np.random.default_rng(0)
X, small = rng.normal(size=(3000, 150)), rng.normal(size=(300, 2))
expected = gx.fit(small, 2, random_state=0, n_threads=1).mixture
gx.fit(X, 1, max_iter=1, n_threads=2)  # starts the threads
limit_further_space(64 * 2**20)
try:
    {attempt}
except MemoryError as error:
    print(type(error).__name__, error)
assert gx.fit(small, 2, random_state=0, n_threads=1).mixture == expected
"""


def in_little_space(attempt: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_LITTLE_SPACE.replace("{attempt}", attempt)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


@linux_only
@not_sanitized
def test_a_limit_on_address_space_is_what_is_available() -> None:
    said = in_little_space("gx.fit(X, 150, n_threads=2)")
    assert said.startswith("InsufficientMemoryError")
    assert "are available" in said


@linux_only
@not_sanitized
@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_allocation_that_fails_in_the_engine_is_a_memory_error(n_threads: int) -> None:
    """Nobody asked beforehand: the process goes on, and fits again."""
    attempt = f"gx._memory.available_memory = lambda: None; gx.fit(X, 150, n_threads={n_threads})"
    assert in_little_space(attempt).startswith("MemoryError")


# --- What is available --------------------------------------------------------------------------


@linux_only
def test_what_is_available_is_no_more_than_there_is() -> None:
    available = _memory.available_memory()
    assert available is not None
    assert 0 < available <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + 2**50


def test_the_least_of_what_is_known_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/meminfo": "MemTotal: 100 kB\nMemAvailable: 60 kB\nSwapFree: 5 kB\n",
        "/sys/fs/cgroup/memory.max": "max\n",
        "/sys/fs/cgroup/memory.current": "7\n",
    }
    monkeypatch.setattr(_memory, "_text", lambda path: files.get(path, ""))
    assert _memory.available_memory() == 65 * 1024
    files["/sys/fs/cgroup/memory.max"] = "50000\n"
    files["/sys/fs/cgroup/memory.stat"] = "anon 1\ninactive_file 2\n"
    assert _memory.available_memory() == 50000 - 7 + 2
    first_version = "/sys/fs/cgroup/memory/memory."
    del files["/sys/fs/cgroup/memory.max"]
    files[f"{first_version}limit_in_bytes"] = "40000"
    files[f"{first_version}usage_in_bytes"] = "50000"
    assert _memory.available_memory() == 0


def test_small_fits_do_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "available_memory", lambda: 0)
    quiet(clusters(0, 200, 2, 2), 2)
    with pytest.raises(InsufficientMemoryError, match=r"0 B \(0 bytes\) are available"):
        gx.fit(clusters(0, 400, 200, 2), 30)
