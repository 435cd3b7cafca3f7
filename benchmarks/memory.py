"""Peak memory of this process above what it holds when the counting starts."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class PeakCounter:
    """Starts counting when it is made."""

    def __init__(self) -> None:
        self._before = self._start()

    def mib(self) -> float:
        """MiB of the peak since the start above what was held then."""
        return (_peak() - self._before) / 1024

    @staticmethod
    def _start() -> float:
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
