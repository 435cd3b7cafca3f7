"""The machine a result was measured on, as columns of its table."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TypedDict

import numpy as np


class Machine(TypedDict):
    """The columns."""

    cpu: str
    cores: str
    system: str
    python: str
    numpy: str


def describe() -> Machine:
    """Processor, cores this process may use, system, Python and NumPy."""
    return {
        "cpu": _cpu_model(),
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def usable_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        facts = dict(_pairs(cpuinfo.read_text()))
        if "model name" in facts:
            avx512 = ", AVX-512" if "avx512f" in facts.get("flags", "") else ""
            family = f"family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"
            return f"{facts['model name']} ({family}{avx512})"
    return platform.processor() or "unknown"


def _pairs(text: str) -> list[tuple[str, str]]:
    lines = (line.partition(":") for line in text.splitlines())
    return [(key.strip(), value.strip()) for key, colon, value in lines if colon]
