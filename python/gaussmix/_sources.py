"""The kinds of table file, each behind the same two questions: which columns, and their values.

Parsing is left to pandas, PyArrow and NumPy; they are imported when a file asks for them.
"""

from __future__ import annotations

import io
import lzma
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gaussmix._optional import optional_module
from gaussmix._replace_file import is_special
from gaussmix._validation import shown_names
from gaussmix.exceptions import GaussmixError

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_ROWS_AT_ONCE = 100_000
_BINARY = (".npy", ".parquet", ".pq")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
_STANDARD_INPUT = "-"
_OTHER_SEPARATORS = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}
_DAMAGED = (ValueError, EOFError, zlib.error, lzma.LZMAError)


class Source(Protocol):
    """A table file that has been looked at but not read."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name per column; "x0", "x1", ... where the file has no names."""

    @property
    def has_names(self) -> bool:
        """Whether the names come from the file."""

    @property
    def advice(self) -> str:
        """What to add to an error about the columns; mostly nothing."""

    def read(self, positions: Sequence[int]) -> Any:
        """Read the columns at these positions, in this order: a pandas frame or an array."""


def called(path: str, *, quoted: bool = True) -> str:
    """Return what messages call a file."""
    if path == _STANDARD_INPUT:
        return "standard input"
    return repr(path) if quoted else path


def is_text(path: str) -> bool:
    """Tell by its name whether a file is delimited text; one of unknown kind may be."""
    return PurePath(path).suffix.lower() not in _BINARY


def open_source(path: str, *, separator: str | None, header: bool | None) -> Source:
    """Choose the reader by the suffix of `path`, and look at the columns.

    What comes from a pipe is delimited text, whatever the name of the pipe.
    """
    suffixes = [suffix.lower() for suffix in PurePath(path).suffixes]
    last = suffixes[-1] if suffixes else ""
    if path == _STANDARD_INPUT or is_special(path):
        return DelimitedSource(path, separator, header, _SEPARATORS.get(last, ","))
    if last == ".npy":
        return NpySource(path)
    if last in _BINARY:
        return ParquetSource(path)
    if last in _COMPRESSED and len(suffixes) > 1:
        last = suffixes[-2]
    by_suffix = _SEPARATORS.get(last)
    if separator is None and by_suffix is None:
        raise GaussmixError(
            f"cannot tell the format of {path!r} from its name; known are .csv and .tsv (also "
            f"compressed: {' '.join(_COMPRESSED)}), .parquet and .npy. "
            "For other delimited text say --separator"
        )
    return DelimitedSource(path, separator, header, by_suffix)


class DelimitedSource:
    """CSV, TSV and their like, read by pandas."""

    def __init__(
        self, path: str, separator: str | None, header: bool | None, by_suffix: str | None
    ) -> None:
        self._file = called(path)
        self._pandas = _pandas(f"reading {self._file}")
        self._opened = _reader(path)
        self._options = {"sep": by_suffix if separator is None else separator, "index_col": False}
        first = self._first_line()
        self.advice = _another_separator(first) if separator is None else ""
        if header is None:
            _check_is_header(first, self._file)
        self.has_names = header is not False
        self.names = shown_names(first if self.has_names else None, len(first))

    def _first_line(self) -> tuple[str, ...]:
        with _parsing(self._file, self._pandas):
            frame = self._pandas.read_csv(
                self._opened(),
                header=None,
                nrows=1,
                dtype=str,
                keep_default_na=False,
                **self._options,
            )
        return tuple(str(name).strip() for name in frame.iloc[0])

    def read(self, positions: Sequence[int]) -> Any:
        """Read the columns at `positions`; every number to its nearest float64.

        Whole rows are parsed, a chunk at a time: told to skip columns, pandas no longer notices
        rows that are longer than the header, whose values stand in the wrong columns.
        """
        chosen = list(positions)
        with _parsing(self._file, self._pandas, self.advice):
            chunks = self._pandas.read_csv(
                self._opened(),
                header=0 if self.has_names else None,
                chunksize=_ROWS_AT_ONCE,
                low_memory=False,
                **_exact_floats(self._pandas),
                **self._options,
            )
            with chunks:
                parts = [chunk.iloc[:, chosen] for chunk in chunks]
            return self._pandas.concat(parts, ignore_index=True)


class ParquetSource:
    """Apache Parquet, read by PyArrow."""

    has_names = True
    advice = ""

    def __init__(self, path: str) -> None:
        purpose = f"reading {path!r}"
        self._pandas = _pandas(purpose)
        self._parquet = optional_module("pyarrow.parquet", extra="io", purpose=purpose)
        self._path = path
        with _parsing(called(path), self._pandas):
            schema = self._parquet.read_schema(path)
        # What pandas stored as an index numbers the rows; it is no variable.
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        self.names = tuple(name for name in schema.names if name not in index)

    def read(self, positions: Sequence[int]) -> Any:
        """Read the columns at `positions`."""
        wanted = [self.names[position] for position in positions]
        with _parsing(called(self._path), self._pandas):
            table = self._parquet.read_table(self._path, columns=wanted)
            return table.to_pandas(ignore_metadata=True)[wanted]


class NpySource:
    """A NumPy array file; the data stay on the disk until they are used."""

    has_names = False
    advice = ""

    def __init__(self, path: str) -> None:
        self._array = _map_npy(path)
        if self._array.ndim != 2 or self._array.dtype.kind not in "fiub":
            raise GaussmixError(
                f"{path!r} must hold a two-dimensional array of numbers, one row per observation; "
                f"it holds shape {self._array.shape} of dtype {self._array.dtype}"
            )
        self.names = shown_names(None, self._array.shape[1])

    def read(self, positions: Sequence[int]) -> Any:
        """Give the mapped array itself when it is wanted whole, else a copy of the columns."""
        if list(positions) == list(range(len(self.names))):
            return self._array
        return self._array[:, list(positions)]


def _map_npy(path: str) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        # NumPy takes for a pickle what it does not know, and advises to load it as one.
        why = "it is damaged or of another kind." if "pickle" in str(error) else error
        raise GaussmixError(
            f"{path!r} cannot be read as a NumPy array of numbers: {why}"
        ) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise GaussmixError(f"{path!r} is an archive of several arrays; save the one as .npy")
    return array


def _reader(path: str) -> Callable[[], Any]:
    """Return what gives pandas the file to read, each time from its beginning."""
    if path == _STANDARD_INPUT:
        whole = sys.stdin.buffer.read()
    elif is_special(path):
        whole = Path(path).read_bytes()  # a pipe can be read but once
    else:
        return lambda: path
    return lambda: io.BytesIO(whole)


def _another_separator(first: tuple[str, ...]) -> str:
    """Name the separator that one column alone seems to hold."""
    found = [said for mark, said in _OTHER_SEPARATORS.items() if mark in first[0]]
    if len(first) > 1 or not found:
        return ""
    return f"; where {found[0]} separates the columns, say --separator {found[0]}"


def _pandas(purpose: str) -> ModuleType:
    return optional_module("pandas", extra="io", purpose=purpose)


def _exact_floats(pandas: ModuleType) -> dict[str, str]:
    """Ask for the nearest float64 of each number; since pandas 3.1 there is nothing else."""
    major, minor = (int(part) for part in pandas.__version__.split(".")[:2])
    return {"float_precision": "round_trip"} if (major, minor) < (3, 1) else {}


def _check_is_header(names: tuple[str, ...], file: str) -> None:
    """Refuse to take numbers for names: the first observation would be lost without a word."""
    if all(_is_number(name) for name in names):
        raise GaussmixError(
            f"the first line of {file} holds numbers ({', '.join(names[:4])}), no column names; "
            "say --no-header if it is data, --header if these are the names"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _parsing(file: str, pandas: ModuleType, advice: str = "") -> Iterator[None]:
    """Turn the parsers' own errors into one of ours that names the file."""
    try:
        with warnings.catch_warnings():
            # Rows longer than the header: pandas would cut them short and only warn.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            yield
    except (*_DAMAGED, pandas.errors.ParserWarning) as error:
        raise _unreadable(file, error, advice) from error
    except OSError as error:
        if error.filename is not None or error.errno is not None:
            raise
        raise _unreadable(file, error, advice) from error  # of gzip and bz2, about what they read


def _unreadable(file: str, error: Exception, advice: str) -> GaussmixError:
    return GaussmixError(f"{file} cannot be read as a table: {str(error).rstrip('.')}{advice}")
