"""What all frozen records of arrays share: equality, no hash, pickling, read-only arrays."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import numpy as np

from gaussmix._typing import AnyArray, ArrayLike, Float64Array


def read_only(values: ArrayLike) -> Float64Array:
    """Return a private C-ordered float64 copy that nobody can write to."""
    array = np.array(values, dtype=np.float64, order="C", copy=True)
    array.flags.writeable = False
    return array


def frozen(array: Float64Array) -> Float64Array:
    """Return `array` itself, read-only from now on: for arrays that nobody else holds."""
    array.flags.writeable = False
    return array


def same(a: Any, b: Any) -> bool:
    """Compare two values; arrays element by element, and NaN equals NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and _same_arrays(a, b)
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    return bool(a == b)


def _same_arrays(a: AnyArray, b: AnyArray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)


class Record:
    """Base of the frozen dataclasses of this package.

    Use with ``@dataclass(frozen=True, eq=False)``: the comparison that a dataclass generates fails
    on arrays. Whoever defines equality loses the hash, which is wanted. Times are fields of
    ``compare=False``: what is found again is the same, however long it took. Pickling goes through
    the constructor, because an unpickled array is writeable.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(same(a, b) for a, b in zip(self._compared(), other._compared(), strict=True))

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), self._values()

    def _values(self) -> tuple[Any, ...]:
        """Return what the constructor takes."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def _compared(self) -> tuple[Any, ...]:
        compared = [field.name for field in fields(self) if field.compare]  # type: ignore[arg-type]
        return tuple(getattr(self, name) for name in compared)
