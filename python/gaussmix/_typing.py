"""Names for the types that the package passes around.

They do without ``numpy.typing`` and ``numpy.random``, which NumPy itself loads on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ForwardRef, Literal, TypeAlias, Union

import numpy as np

ArrayLike: TypeAlias = Any
"""An array, a list of rows, a pandas or polars frame; `numpy.typing.ArrayLike` has no frames."""

AnyArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Float64Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Int64Array: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
FloatArray: TypeAlias = Float64Array | np.ndarray[Any, np.dtype[np.float32]]

if TYPE_CHECKING:
    RandomSource: TypeAlias = (
        int | np.integer[Any] | np.random.RandomState | np.random.Generator | None
    )
else:  # `typing.get_type_hints` looks the names up here when it is asked to
    _GENERATORS = [
        ForwardRef(f"np.random.{name}", module=__name__) for name in ("RandomState", "Generator")
    ]
    RandomSource = Union[int, np.integer[Any], *_GENERATORS, None]
Acceleration: TypeAlias = Literal["auto"] | bool
