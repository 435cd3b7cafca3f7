"""The C++ programs of `native/`, compiled when they are first needed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
KERNELS = Path(__file__).parent.parent / "cpp"
BUILD = Path(__file__).parent.parent / "build" / "benchmarks"
FLAGS = ("-std=c++20", "-O3", "-march=native", "-DNDEBUG", "-DARMA_NO_DEBUG", "-fopenmp")
OWN_FLAGS = {
    "armadillo_em": ("-larmadillo",),
    "fma_peak": ("-pthread",),
    "exponentials": ("-I", str(KERNELS)),
}


def compiler() -> list[str] | None:
    """The command of a C++ compiler, with CXX first."""
    named = shlex.split(os.environ.get("CXX", ""))
    if named:
        return named
    return next(([name] for name in ("g++", "clang++", "c++") if shutil.which(name)), None)


@cache
def program(name: str) -> Path | None:
    """Compile ``native/<name>.cpp`` unless that is done already; None if it cannot be."""
    source, target = SOURCES / f"{name}.cpp", BUILD / name
    read = [source, *(KERNELS / "kernels").glob("*.hpp")]
    if target.exists() and target.stat().st_mtime > max(path.stat().st_mtime for path in read):
        return target
    command = compiler()
    if command is None:
        return None
    BUILD.mkdir(parents=True, exist_ok=True)
    half_done = target.with_suffix(f".{os.getpid()}")
    command += [*FLAGS, str(source), "-o", str(half_done), *OWN_FLAGS[name]]
    if subprocess.run(command, capture_output=True).returncode != 0:
        return None
    half_done.replace(target)
    return target


def fma_peak(n_threads: int, seconds: float = 0.1) -> tuple[float, float]:
    """GFLOP/s of fused multiply-adds on `n_threads`, in float64 and in float32; NaN if unknown."""
    found = program("fma_peak")
    if found is None:
        return float("nan"), float("nan")
    done = subprocess.run(
        [found, str(n_threads), str(seconds)], check=True, capture_output=True, text=True
    )
    double, single = done.stdout.split()
    return float(double), float(single)


def exponential(seconds: float = 0.1) -> float:
    """Nanoseconds of one exponential of the kernels, on one thread; NaN if unknown."""
    found = program("exponentials")
    if found is None:
        return float("nan")
    done = subprocess.run([found, str(seconds)], check=True, capture_output=True, text=True)
    return float(done.stdout)
