"""Reading a table file into what `gaussmix.fit` takes: the command line's way in."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaussmix._optional import optional_module
from gaussmix._row_blocks import row_blocks
from gaussmix._sources import Source, called, open_source
from gaussmix._validation import check_sample_weight
from gaussmix.exceptions import GaussmixError


@dataclass(frozen=True, eq=False)
class Table:
    """Observations from a file, all numbers and none missing.

    Attributes
    ----------
    X : ndarray or DataFrame of shape (n, D)
        A frame where the file has column names, so that the fitted mixture knows them.
    names : tuple of str
        One per column; "x0", "x1", ... by position where the file has no names.
    weights : ndarray of shape (n,) or None
        The column of weights that was asked for.
    """

    X: Any
    names: tuple[str, ...]
    weights: NDArray[np.float64] | None


def read_table(
    path: str,
    *,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    separator: str | None = None,
    header: bool | None = None,
) -> Table:
    r"""Read columns of numbers from a CSV, TSV, Parquet or .npy file.

    Parameters
    ----------
    path : str
        The suffix tells the format; CSV and TSV may be compressed. ``-`` is standard input, and
        what comes from there or from another pipe is delimited text.
    columns : sequence of str, optional
        The columns to use, in this order; positions from 0, or "x0" and so on, where the file has
        no names. By default all but `weights`, and then all of them must be numbers.
    weights : str, optional
        The column of weights: none negative, and not all zero.
    separator : str, optional
        Of delimited text, default by suffix: ``,`` for .csv and pipes, a tab for .tsv.
    header : bool, optional
        Whether the first line of delimited text holds names. By default it must, and names that
        all look like numbers are refused.

    Raises
    ------
    GaussmixError
        The file cannot be parsed, a column is unknown or not numeric, a value is missing or
        infinite, or a weight is negative; the message names the column and the row (the first row
        of data is row 1).
    MissingDependencyError
        pandas or PyArrow is needed and not installed.
    OSError
        The file cannot be opened.
    """
    source = open_source(path, separator=separator, header=header)
    file = called(path)
    columns = None if columns is None else [_in_full(source, name) for name in columns]
    weights = None if weights is None else _in_full(source, weights)
    wanted = _choose(source, columns, weights, file)
    positions = [_position(source, name, file) for name in wanted]
    if weights is not None:
        positions.append(_position(source, weights, file))
    names = [source.names[position] for position in positions]
    table = source.read(positions)
    if len(table) == 0:
        raise GaussmixError(f"{file} has no rows of data")
    values = _numbers(table, names, file, source.advice)
    _check_finite(values, names, file)
    X, w = (values, None) if weights is None else (values[:, :-1], values[:, -1])
    return Table(
        _with_names(X, wanted) if source.has_names else X,
        tuple(wanted),
        None if w is None else _checked_weights(np.array(w, dtype=np.float64), names[-1], file),
    )


def _in_full(source: Source, name: str) -> str:
    """Return the name of a column for a position, where the file has no names."""
    return name if source.has_names or not name.isdecimal() else f"x{int(name)}"


def _choose(
    source: Source, columns: Sequence[str] | None, weights: str | None, file: str
) -> list[str]:
    """Names of the columns of X."""
    if columns is None:
        wanted = [name for name in source.names if name != weights]
        if "" in wanted:
            raise GaussmixError(
                f"column {source.names.index('') + 1} of {file} has no name (row numbers?); "
                "choose the columns to use with --columns"
            )
    else:
        wanted = list(columns)
    twice = next((name for name in wanted if wanted.count(name) > 1), None)
    if twice is not None:
        raise GaussmixError(f"column {twice!r} is there twice; each column can be used once")
    if weights in wanted:
        raise GaussmixError(
            f"column {weights!r} cannot hold the weights and be a column of the data as well"
        )
    if not wanted:
        raise GaussmixError(f"{file} has no column left to fit")
    return wanted


def _position(source: Source, name: str, file: str) -> int:
    if source.names.count(name) == 1:
        return source.names.index(name)
    if name in source.names:
        raise GaussmixError(f"{file} has more than one column {name!r}; rename one of them")
    near = difflib.get_close_matches(name, source.names, n=3) or source.names
    known = ", ".join(repr(candidate) for candidate in near[:8])
    of_these = "nearest" if near is not source.names else "it has"
    more = ", ..." if len(near) > 8 else ""
    raise GaussmixError(f"{file} has no column {name!r}; {of_these}: {known}{more}{source.advice}")


def _numbers(table: Any, names: list[str], file: str, advice: str) -> NDArray[Any]:
    """Give the values as one float array, float32 only where every column is that."""
    if isinstance(table, np.ndarray):
        return table if table.dtype.kind == "f" else table.astype(np.float64)
    pandas = optional_module("pandas", extra="io", purpose=f"reading {file}")
    is_real = [_is_real(pandas, dtype) for dtype in table.dtypes]
    if not all(is_real):
        raise _not_numeric(pandas, table, is_real, names, file, advice)
    single = all(dtype == np.float32 for dtype in table.dtypes)
    dtype = np.float32 if single else np.float64
    values: NDArray[Any] = table.to_numpy(dtype=dtype, na_value=np.nan)
    return values


def _is_real(pandas: Any, dtype: Any) -> bool:
    types = pandas.api.types
    return bool(types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype))


def _not_numeric(
    pandas: Any, table: Any, is_real: list[bool], names: list[str], file: str, advice: str
) -> GaussmixError:
    """Name the columns, show the first offending value, and offer the columns that would do."""
    bad = [name for name, real in zip(names, is_real, strict=True) if not real]
    good = [name for name, real in zip(names, is_real, strict=True) if real]
    first = table.iloc[:, is_real.index(False)]
    text = pandas.to_numeric(first, errors="coerce").isna() & first.notna()
    row = int(np.argmax(text.to_numpy()))
    remedy = f"for example --columns {','.join(good)}" if good else "with --columns"
    return GaussmixError(
        f"not numeric in {file}: {', '.join(map(repr, bad))} "
        f"(column {bad[0]!r}, row {row + 1}: {str(first.iloc[row])!r}); "
        f"choose columns of numbers, {remedy}{advice}"
    )


def _check_finite(values: NDArray[Any], names: list[str], file: str) -> None:
    for rows in row_blocks(len(values)):
        finite = np.isfinite(values[rows])
        if finite.all():
            continue
        row, column = np.argwhere(~finite)[0]
        row += rows.start
        value = values[row, column]
        what = "a missing value" if np.isnan(value) else f"an infinite value ({value})"
        raise GaussmixError(
            f"{what} in {file}: {_place(names[column], row)}; remove such rows or fill "
            "them in first"
        )


def _checked_weights(
    weights: NDArray[np.float64], name: str, file: str
) -> NDArray[np.float64] | None:
    """Check finite weights; an error names their column."""
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise GaussmixError(
            f"a negative weight ({weights[row]}) in {file}: {_place(name, row)}; a weight says "
            "how often a row counts: 0 leaves it out"
        )
    return check_sample_weight(weights, len(weights), name=f"column {name!r} of {file}")


def _place(name: str, row: int) -> str:
    """Put a place of a file in words; `row` counts from 0."""
    return f"column {name!r}, row {row + 1} (the first row of data is 1)"


def _with_names(values: NDArray[Any], names: list[str]) -> Any:
    """Wrap the array, without a copy, in a frame that carries the names."""
    pandas = optional_module("pandas", extra="io", purpose="naming columns")
    return pandas.DataFrame(np.ascontiguousarray(values), columns=names, copy=False)
