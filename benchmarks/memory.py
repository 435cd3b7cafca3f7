"""Peak memory of a fit above the data, measured in a process of its own.

``python -m benchmarks.memory LIBRARY FOLDER N_ITER [N_THREADS]`` is that process: it loads the
data, imports the library, notes what it holds, fits, and prints how much higher the peak was.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.adapters import ADAPTERS, Adapter
from benchmarks.problems import load_problem

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak_above_data(adapter: Adapter, folder: Path, n_iter: int, n_threads: int | None) -> float:
    """MiB that a fit of the problem saved in `folder` needs on top of the data."""
    command = [sys.executable, "-m", "benchmarks.memory", adapter.name, str(folder), str(n_iter)]
    if n_threads is not None:
        command.append(str(n_threads))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _measure(adapter: Adapter, folder: Path, n_iter: int, n_threads: int | None) -> float:
    X, start = load_problem(folder)
    adapter.version()  # imports the library, whose own size is not the fit's
    before = _start_counting()
    adapter.fit(X, start, n_iter, n_threads)
    return (_peak() - before) / 1024


def _start_counting() -> float:
    """KiB held now; where the kernel allows it, the recorded peak starts again from here."""
    try:
        _RESET.write_text("5")
    except OSError:  # not Linux, or forbidden: the peak so far is the data's loading
        return _peak()
    return _status("VmRSS")


def _peak() -> float:
    if _STATUS.exists():
        return _status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else peak


def _status(key: str) -> float:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return float(line.split()[1])
    raise LookupError(f"{_STATUS} has no line {key}")


if __name__ == "__main__":
    _, library, where, iterations, *threads = sys.argv
    limit = int(threads[0]) if threads else None
    print(_measure(ADAPTERS[library], Path(where), int(iterations), limit))
