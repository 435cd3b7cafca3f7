"""Whether a fit can be held in memory: asked before it begins, because the system only kills.

Linux hands out more memory than it has and ends the process that comes to use it, so that a request
which cannot be met does not fail where it is made. The engine tells beforehand what it would take.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from gaussmix._runtime import core
from gaussmix._sets import CheckedSet
from gaussmix._typing import FloatArray
from gaussmix._validation import check_integer
from gaussmix.exceptions import GaussmixError, GaussmixTypeError, InsufficientMemoryError

# Below this nobody asks what is left: to read it takes longer than to fit a few rows.
_SURELY_THERE = 64 * 2**20
_UNITS = {"B": 1}
_UNITS |= {f"{letter}B": 1000**power for power, letter in enumerate("kMGT", 1)}
_UNITS |= {f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", 1)}
_BY_LOWER = {unit.lower(): factor for unit, factor in _UNITS.items()}
_SIZE = re.compile(
    r"\s*((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE
)
# Folder, limit, use, and what of that is reclaimable.
_GROUP_VERSION_2 = ("/sys/fs/cgroup/", "memory.max", "memory.current", "inactive_file")
_GROUP_VERSION_1 = (
    "/sys/fs/cgroup/memory/",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
)
_REMEDIES = (
    "Take fewer components or columns, a covariance_type with fewer parameters ('tied', 'diag', "
    "'spherical'), fewer starts (n_init) or fewer threads (n_threads)."
)


def check_memory_limit(value: Any) -> int | None:
    """Turn None, a number of bytes or text such as ``"2 GiB"`` into bytes.

    Raises
    ------
    GaussmixError
        Not positive, or text that is no size.
    GaussmixTypeError
        Neither a whole number nor text.
    """
    if value is None:
        return None
    if isinstance(value, float | np.floating) and value.is_integer():  # such as 2e9
        value = int(value)
    if not isinstance(value, str):
        try:
            return check_integer(value, "memory_limit", minimum=1)
        except GaussmixTypeError:
            raise GaussmixTypeError(
                "memory_limit must be None, a number of bytes, or text such as '2 GiB', got "
                f"{value!r} of type {type(value).__name__}."
            ) from None
    found = _SIZE.fullmatch(value)
    factor = _BY_LOWER.get((found[2] or "B").lower()) if found else None
    if found is None or factor is None:
        raise GaussmixError(
            f"memory_limit must be a size such as '500 MB' or '2 GiB', got {value!r}; the "
            f"units are {', '.join(_UNITS)}."
        )
    size = float(found[1]) * factor
    return check_integer(int(min(size, 2.0**62)), "memory_limit", minimum=1)


def check_memory(
    X: FloatArray,
    weighted: bool,
    settings: dict[str, Any],
    limit: int | None,
    *,
    with_responsibilities: bool = False,
) -> None:
    """Refuse a fit of `X` by all threads that would need more than there is or than `limit`.

    Responsibilities to start from are checked, in copies.

    Raises
    ------
    InsufficientMemoryError
    """
    kept, working, handed_over = bytes_of_fit(X, weighted, settings)
    copies = 17 * len(X) * settings["n_components"] if with_responsibilities else 0
    refuse(copies + kept + max(working, handed_over), limit)


def check_memory_of_many(
    sets: Iterable[CheckedSet], settings: dict[str, Any], limit: int | None
) -> None:
    """Refuse fits of many sets, each by one thread: all outcomes are kept, a few are in work.

    Results are made of the outcomes when they are asked for, and are their owner's.
    """
    by_size: dict[Any, tuple[float, float, float]] = {}
    kept, working = 0.0, [0.0]
    for one in sets:
        weighted = one.sample_weight is not None
        size = (*one.X.shape, one.X.dtype, weighted)
        if size not in by_size:
            by_size[size] = bytes_of_fit(one.X, weighted, settings | {"n_threads": 1})
        kept += by_size[size][0]
        working.append(by_size[size][1])
    at_once = settings["n_threads"] or core.available_threads()
    refuse(kept + sum(sorted(working)[-at_once:]), limit)


def check_rows_to_return(n_rows: int, n_features: int) -> None:
    """Refuse to draw more rows, with a label each, than there is memory for.

    Raises
    ------
    InsufficientMemoryError
    """
    _refuse_beyond_available(8 * n_rows * (n_features + 1), "the rows", "Draw fewer at a time.")


def bytes_of_fit(
    X: FloatArray, weighted: bool, settings: dict[str, Any]
) -> tuple[float, float, float]:
    """Return what the outcome keeps, what is in work beside it, and what Python gets of it."""
    n_rows, n_features = X.shape
    return core.memory_needed(n_rows, n_features, X.dtype.itemsize == 4, weighted, **settings)


def refuse(
    needed: float, limit: int | None, what: str = "the fit", remedies: str = _REMEDIES
) -> None:
    """Raise if `what` needs more than is allowed or available."""
    if limit is not None and needed > limit:
        raise InsufficientMemoryError(
            f"memory_limit allows {_in_words(limit)} beside the data, but {what} may need "
            f"{_in_words(needed)}. {remedies}"
        )
    _refuse_beyond_available(needed, f"beside the data, {what}", remedies)


def _refuse_beyond_available(needed: float, what: str, remedies: str) -> None:
    if needed <= _SURELY_THERE:
        return
    available = available_memory()
    if available is not None and needed > available:
        raise InsufficientMemoryError(
            f"{what} may need {_in_words(needed)}, but only {_in_words(available)} are available. "
            f"{remedies}"
        )


def _in_words(size: float) -> str:
    units = ("TiB", "GiB", "MiB", "KiB")
    unit = next((name for name in units if size >= _UNITS[name]), "B")
    return f"{size / _UNITS[unit]:.3g} {unit} ({int(size):,} bytes)"


def available_memory() -> int | None:
    """Return how many bytes this process can still come to hold; None where nothing tells.

    The least of what the system has left, swap included, of what the control group of the process
    may still take, and of its own limit on address space.
    """
    known = (_system(), _control_group(), _address_space())
    return min((size for size in known if size is not None), default=None)


def _system() -> int | None:
    lines = _text("/proc/meminfo").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if ":" in line}
    if "MemAvailable" in sizes:
        return sizes["MemAvailable"] + sizes.get("SwapFree", 0)
    try:  # all there is, used or not
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _control_group() -> int | None:
    """Return what is left of its limit, counting what the kernel would give back.

    Containers mount their own group at the root.
    """
    for folder, limit, used, reclaimable in (_GROUP_VERSION_2, _GROUP_VERSION_1):
        most, now = _text(folder + limit).strip(), _text(folder + used).strip()
        if most.isdigit() and now.isdigit():
            statistics = _text(folder + "memory.stat").splitlines()
            cached = dict(line.split() for line in statistics).get(reclaimable, "0")
            return max(0, int(most) - int(now) + int(cached))
    return None


def _address_space() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # not on every platform

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _text("/proc/self/statm").split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return max(0, limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE"))


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
