"""Turns whatever holds numbers into a plain array, or says what in it is not a number.

The engine takes C-ordered, aligned, native float64 or float32 and nothing else. What has that form
already is passed on without a copy; all else is converted once, here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gaussmix._typing import AnyArray, ArrayLike, Float64Array, FloatArray
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

_DOUBLE, _SINGLE = np.dtype(np.float64), np.dtype(np.float32)
_KINDS_WITHOUT_NUMBERS = {
    "M": "dates or times; convert them to numbers first, for example days since the first one",
    "m": "time differences; convert them to numbers first, for example seconds",
    "V": "records; select the numeric fields and stack them as columns",
}


def as_numbers(
    values: ArrayLike,
    name: str,
    *,
    keep_float32: bool = False,
    columns: tuple[str, ...] | None = None,
) -> FloatArray:
    """Return a C-ordered, aligned, native array of float64 (or float32 if kept), of any dimension.

    `columns` are the names by which an error may call the columns.
    """
    array = _as_array(values, name, columns)
    as_wanted = array.dtype == _DOUBLE or (keep_float32 and array.dtype == _SINGLE)
    if as_wanted and array.flags.c_contiguous and array.flags.aligned:
        return array
    if array.dtype.kind == "O":
        return _from_objects(array, name, columns)
    if array.dtype.kind in "SU":
        raise _not_numeric(name, _first_unreadable(array), array, columns)
    if array.dtype.kind == "c":
        raise _complex_numbers(name)
    if array.dtype.kind not in "biuf":
        meaning = _KINDS_WITHOUT_NUMBERS.get(array.dtype.kind, f"{array.dtype} values")
        raise GaussmixTypeError(f"{name} must hold real numbers, but holds {meaning}.")
    single = keep_float32 and array.dtype.kind == "f" and array.dtype.itemsize == 4
    with np.errstate(over="ignore"):  # a long double too large for float64: infinite, found later
        converted: FloatArray = np.require(array, np.float32 if single else np.float64, ["C", "A"])
    return converted


def refuse_unread(values: ArrayLike, name: str) -> None:
    """Refuse what may hold a table without being one: a lazy frame, a dict, an iterator; None."""
    kind = type(values).__name__
    if values is None:
        raise GaussmixTypeError(
            f"{name} is None, and an array, a frame or a list of rows is wanted."
        )
    if isinstance(values, Iterator):
        raise GaussmixTypeError(
            f"{name} is a {kind}, which can be read but once: pass list({name})."
        )
    if kind == "LazyFrame":  # of polars, without importing polars
        raise GaussmixTypeError(
            f"{name} is a LazyFrame, which is yet to be computed: pass {name}.collect()."
        )
    if isinstance(values, Mapping) and not _is_sparse(values):  # some of SciPy's are dicts
        raise GaussmixTypeError(
            f"{name} is a {kind}, and an array, a frame or a list of rows is wanted: pass its "
            f"columns side by side, for example numpy.column_stack(list({name}.values()))."
        )


def _as_array(values: ArrayLike, name: str, columns: tuple[str, ...] | None) -> AnyArray:
    if type(values) is np.ndarray:
        return values
    refuse_unread(values, name)
    if is_masked(values):
        raise GaussmixError(
            f"{name} is a masked array with masked entries, and gaussmix needs every value: "
            "drop or fill them first, for example with numpy.ma.compress_rows or .filled()."
        )
    if _is_sparse(values):
        raise GaussmixTypeError(
            f"{name} is sparse ({type(values).__name__}), which is not supported: a covariance "
            f"needs every entry. Pass {name}.toarray() if that fits into memory."
        )
    _refuse_times(values, name, columns)
    try:
        if not isinstance(values, np.ndarray) and callable(getattr(values, "to_numpy", None)):
            return np.asarray(values.to_numpy())
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise GaussmixTypeError(
            f"{name} of type {type(values).__name__} cannot be turned into a NumPy array: {error}. "
            "Pass an array, a frame, or a list of rows of equal length."
        ) from error


def is_masked(values: ArrayLike) -> bool:
    """Tell whether it is a masked array with masked entries."""
    masked = sys.modules.get("numpy.ma")  # NumPy loads it on first use: then none is one yet
    return (
        masked is not None and isinstance(values, masked.MaskedArray) and masked.is_masked(values)
    )


def is_absent(value: Any) -> bool:
    """Tell whether an entry is None or pandas.NA, without importing pandas."""
    return value is None or type(value).__name__ == "NAType"


def _is_sparse(values: ArrayLike) -> bool:
    # By shape, not by class: importing scipy to ask would make it a dependency.
    return hasattr(values, "nnz") and (hasattr(values, "toarray") or hasattr(values, "todense"))


def _refuse_times(values: ArrayLike, name: str, columns: tuple[str, ...] | None) -> None:
    # Before the conversion: beside a column of numbers, polars turns times into integers.
    shape = getattr(values, "shape", None)
    is_table = isinstance(shape, tuple) and len(shape) == 2
    for column, dtype in enumerate(getattr(values, "dtypes", ()) if is_table else ()):
        kind = _kind_of_time(dtype)
        if kind is not None:
            raise GaussmixTypeError(
                f"{name} must hold real numbers, but {_column(column, columns)} holds "
                f"{_KINDS_WITHOUT_NUMBERS[kind]}."
            )


def _kind_of_time(dtype: Any) -> str | None:
    """Return NumPy's letter for dates or for differences; None for the type of anything else."""
    if callable(getattr(dtype, "is_temporal", None)):  # of polars
        if not dtype.is_temporal():
            return None
        return "m" if str(dtype).startswith("Duration") else "M"
    kind = getattr(dtype, "kind", None)
    return kind if kind in ("M", "m") else None


def _from_objects(array: AnyArray, name: str, columns: tuple[str, ...] | None) -> Float64Array:
    try:
        numbers = np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(array.shape)
        for index, value in np.ndenumerate(array):
            numbers[index] = _number(value, index, name, array, columns)
        return numbers
    # NumPy reads numbers out of text; a column of text is more likely one that was never parsed.
    if any(isinstance(value, (str, bytes)) for value in array.flat):
        text = next(i for i, value in np.ndenumerate(array) if isinstance(value, (str, bytes)))
        raise _not_numeric(name, text, array, columns)
    return numbers


def _number(
    value: Any,
    index: tuple[int, ...],
    name: str,
    array: AnyArray,
    columns: tuple[str, ...] | None,
) -> float:
    if is_absent(value):
        return float("nan")
    if isinstance(value, (complex, np.complexfloating)):
        raise _complex_numbers(name)
    if isinstance(value, (str, bytes)):
        raise _not_numeric(name, index, array, columns)
    try:
        return float(value)
    except OverflowError:
        return float("inf")
    except (TypeError, ValueError) as error:
        raise _not_numeric(name, index, array, columns, f" ({error})") from error


def _first_unreadable(array: AnyArray) -> tuple[int, ...]:
    """Find the first text that is no number; where all are numbers, the first of all."""
    for index, value in np.ndenumerate(array):
        try:
            float(value)
        except ValueError:
            return index
    return (0,) * array.ndim


def _complex_numbers(name: str) -> GaussmixTypeError:
    return GaussmixTypeError(
        f"Complex data not supported: {name} must hold real numbers. Pass its real and imaginary "
        "parts as separate columns."
    )


def _not_numeric(
    name: str,
    index: tuple[int, ...],
    array: AnyArray,
    columns: tuple[str, ...] | None,
    detail: str = "",
) -> GaussmixTypeError:
    entry = f"{array[index]!r}" if array.size else "text"
    return GaussmixTypeError(
        f"{name} must hold numbers, but holds {entry} at {place(index, columns)}{detail}. "
        "Leave that column out or convert it to numbers."
    )


def place(index: tuple[int, ...], columns: tuple[str, ...] | None = None) -> str:
    """Put an index in words: ``row 3, column 1 ('waiting')``; both are counted from 0."""
    if len(index) == 0:
        return "its only place"
    if len(index) == 1:
        return f"row {index[0]}"
    if len(index) > 2:
        return f"index {index}"
    return f"row {index[0]}, {_column(index[1], columns)}"


def _column(number: int, columns: tuple[str, ...] | None) -> str:
    label = f" ({columns[number]!r})" if columns is not None else ""
    return f"column {number}{label}"
