"""Names for the types that the package passes around."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

ArrayLike: TypeAlias = Any
"""An array, a list of rows, a pandas or polars frame; `numpy.typing.ArrayLike` has no frames."""

Float64Array: TypeAlias = npt.NDArray[np.float64]
Int64Array: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.float32]

RandomSource: TypeAlias = int | np.integer[Any] | np.random.RandomState | np.random.Generator | None
Acceleration: TypeAlias = Literal["auto"] | bool
