"""Table files are read to the bit, and what cannot be read is named: file, column, row."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gaussmix._io import Table, read_table
from gaussmix.exceptions import GaussmixError, MissingDependencyError

VALUES = np.array([[1.0, 20.5], [0.1 + 0.2, -3e-7], [1 / 3, 1e300]])


def read(path: Path, **options) -> Table:
    return read_table(str(path), **options)


@pytest.fixture
def write(tmp_path: Path):
    """Write text to a file of this name."""

    def _write(text: str, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def delimited(separator: str = ",") -> str:
    rows = [["a", "b"], *[[repr(float(x)) for x in row] for row in VALUES]]
    return "".join(separator.join(row) + "\n" for row in rows)


def same_bits(table: Table, values: np.ndarray) -> None:
    X = np.asarray(table.X)
    assert X.dtype == values.dtype
    assert np.ascontiguousarray(X).tobytes() == np.ascontiguousarray(values).tobytes()


# --- formats ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "separator", "options"),
    [
        ("d.csv", ",", {}),
        ("D.CSV", ",", {}),
        ("d.tsv", "\t", {}),
        ("d.tab", "\t", {}),
        ("d.csv", ";", {"separator": ";"}),
        ("no_suffix", ",", {"separator": ","}),
        ("a.b.c.csv", ",", {}),
    ],
)
def test_delimited_text_to_the_bit(write, name, separator, options) -> None:
    table = read(write(delimited(separator), name), **options)
    same_bits(table, VALUES)
    assert table.names == ("a", "b")
    assert list(table.X.columns) == ["a", "b"]
    assert table.weights is None


def test_random_floats_to_the_bit(write) -> None:
    bits = np.random.default_rng(0).integers(0, 2**64, size=(5000, 2), dtype=np.uint64)
    values = bits.view(np.float64)
    values = values[np.isfinite(values).all(axis=1)]
    text = "a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in values.tolist())
    same_bits(read(write(text)), values)


def test_compressed_text(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv.gz"
    path.write_bytes(gzip.compress(delimited("\t").encode()))
    same_bits(read(path), VALUES)


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"\xef\xbb\xbf" + delimited().replace("\n", "\r\n").encode())
    table = read(path)
    same_bits(table, VALUES)
    assert table.names == ("a", "b")


@pytest.mark.parametrize("suffix", ["parquet", "pq"])
def test_parquet(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"d.{suffix}"
    pd.DataFrame(VALUES, columns=["a", "b"]).to_parquet(path)
    table = read(path)
    same_bits(table, VALUES)
    assert table.names == ("a", "b")


def test_parquet_stored_index_is_no_column(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame(VALUES, columns=["a", "b"], index=pd.Index([7, 8, 9], name="id")).to_parquet(path)
    same_bits(read(path), VALUES)
    pd.DataFrame(VALUES, columns=["a", "b"], index=[7, 8, 9]).to_parquet(path)
    same_bits(read(path), VALUES)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_npy(tmp_path: Path, dtype: type) -> None:
    values = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    np.save(tmp_path / "d.npy", values)
    table = read(tmp_path / "d.npy")
    same_bits(table, values)
    assert isinstance(table.X, np.ndarray)
    assert table.names == ("x0", "x1", "x2")


def test_integers_and_booleans_become_float64(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.array([[1, 2], [3, 4]]))
    same_bits(read(tmp_path / "d.npy"), np.array([[1.0, 2.0], [3.0, 4.0]]))
    frame = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": pd.array([5, 6], dtype="Int64")})
    frame.to_parquet(tmp_path / "d.parquet")
    same_bits(read(tmp_path / "d.parquet"), np.array([[1.0, 1.0, 5.0], [2.0, 0.0, 6.0]]))


def test_float32_stays_only_when_all_columns_are(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES[:2], columns=["a", "b"]).astype(np.float32)
    frame.to_parquet(tmp_path / "single.parquet")
    same_bits(read(tmp_path / "single.parquet"), VALUES[:2].astype(np.float32))
    frame.assign(c=0.1).to_parquet(tmp_path / "mixed.parquet")
    assert np.asarray(read(tmp_path / "mixed.parquet").X).dtype == np.float64


def test_more_rows_than_one_chunk(write) -> None:
    """Whole numbers for longer than a chunk, then a fraction: one column all the same."""
    rows = [*range(150_000), 0.5]
    table = read(write("a\n" + "".join(f"{x}\n" for x in rows)))
    np.testing.assert_array_equal(np.asarray(table.X)[:, 0], rows)


# --- columns ------------------------------------------------------------------------------------

THREE = "a,b,c\n1,2,3\n4,5,6\n"


def test_columns_come_in_the_order_asked(write) -> None:
    table = read(write(THREE), columns=["c", "a"])
    same_bits(table, np.array([[3.0, 1.0], [6.0, 4.0]]))
    assert table.names == ("c", "a")
    assert list(table.X.columns) == ["c", "a"]


def test_weights_are_no_column(write) -> None:
    table = read(write(THREE), weights="b")
    same_bits(table, np.array([[1.0, 3.0], [4.0, 6.0]]))
    assert table.weights is not None
    assert table.weights.tolist() == [2.0, 5.0]
    table = read(write(THREE), columns=["c"], weights="a")
    same_bits(table, np.array([[3.0], [6.0]]))
    assert table.weights is not None
    assert table.weights.tolist() == [1.0, 4.0]


def test_positions_where_there_are_no_names(tmp_path: Path, write) -> None:
    np.save(tmp_path / "d.npy", np.arange(6.0).reshape(2, 3))
    table = read(tmp_path / "d.npy", columns=["2", "0"], weights="1")
    same_bits(table, np.array([[2.0, 0.0], [5.0, 3.0]]))
    assert table.weights is not None
    assert table.weights.tolist() == [1.0, 4.0]
    table = read(write("1,2,3\n4,5,6\n"), header=False, columns=["2", "0"])
    same_bits(table, np.array([[3.0, 1.0], [6.0, 4.0]]))
    assert isinstance(table.X, np.ndarray)


@pytest.mark.parametrize("words", [["2", "0"], ["x2", "x0"], ["x2", "0"]])
def test_columns_without_names_are_called_as_in_the_summary(write, words) -> None:
    path = write("1,2,3\n4,5,6\n")
    table = read(path, header=False, columns=words, weights="x1")
    same_bits(table, np.array([[3.0, 1.0], [6.0, 4.0]]))
    assert table.names == ("x2", "x0")
    assert table.weights is not None
    assert table.weights.tolist() == [2.0, 5.0]
    with pytest.raises(GaussmixError, match="'x2' is there twice"):
        read(path, header=False, columns=["2", "x2"])
    with pytest.raises(GaussmixError, match="'x2' cannot hold the weights"):
        read(path, header=False, columns=["2"], weights="x2")
    with pytest.raises(GaussmixError, match="no column 'x3'; it has: 'x0'"):
        read(path, header=False, columns=["3"])


def test_a_name_of_digits_is_a_name(write) -> None:
    table = read(write("2,0\n1,2\n3,4\n"), header=True, columns=["0"])
    same_bits(table, np.array([[2.0], [4.0]]))
    with pytest.raises(GaussmixError, match="no column '1'"):
        read(write("2,0\n1,2\n3,4\n"), header=True, columns=["1"])


def test_the_first_row_is_never_lost_for_a_header(write) -> None:
    path = write("1.5,2\n3,4\n")
    with pytest.raises(GaussmixError, match=r"1\.5, 2.*--no-header if it is data, --header"):
        read(path)
    same_bits(read(path, header=False), np.array([[1.5, 2.0], [3.0, 4.0]]))
    table = read(path, header=True)
    same_bits(table, np.array([[3.0, 4.0]]))
    assert table.names == ("1.5", "2")


def test_text_columns_are_refused_by_name_and_the_rest_offered(write) -> None:
    path = write("a,kind,b,when\n1,x,2,mon\n3,y,4,tue\n")
    with pytest.raises(GaussmixError, match=r"'kind', 'when'.*row 1: 'x'\).*--columns a,b"):
        read(path)
    same_bits(read(path, columns=["a", "b"]), np.array([[1.0, 2.0], [3.0, 4.0]]))


def test_the_first_text_in_a_column_of_numbers_is_found(write) -> None:
    with pytest.raises(GaussmixError, match=r"column 'b', row 3: '\?'\)"):
        read(write("a,b\n1,2\n1,\n1,?\n1,x\n"))


def test_no_numeric_column_at_all(write) -> None:
    with pytest.raises(GaussmixError, match=r"not numeric.*'a', 'b'"):
        read(write("a,b\nx,y\n"))


@pytest.mark.parametrize(
    "column",
    [
        pd.to_datetime(["2020-01-01", "2020-01-02"]),
        pd.to_timedelta([1, 2], unit="s"),
        pd.Categorical(["u", "v"]),
    ],
)
def test_dates_and_categories_are_not_numbers(tmp_path: Path, column) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [1.0, 2.0], "b": column}).to_parquet(path)
    with pytest.raises(GaussmixError, match=r"not numeric.*'b'.*--columns a"):
        read(path)


@pytest.mark.parametrize("option", ["columns", "weights"])
def test_unknown_columns_get_the_nearest_names(write, option) -> None:
    path = write("eruptions,waiting\n1,2\n")
    asked = ["erupsions"] if option == "columns" else "erupsions"
    with pytest.raises(GaussmixError, match=r"no column 'erupsions'; nearest: 'eruptions'"):
        read(path, **{option: asked})


def test_unknown_columns_like_nothing_get_them_all(write) -> None:
    with pytest.raises(GaussmixError, match=r"no column 'zzz'; it has: 'a', 'b', 'c'$"):
        read(write(THREE), columns=["zzz"])
    many = ",".join(f"x{i}" for i in range(30))
    with pytest.raises(GaussmixError, match=r"it has: 'x0'.*'x7', \.\.\.$"):
        read(write(f"{many}\n"), columns=["QQQ"])


def test_columns_twice(write) -> None:
    with pytest.raises(GaussmixError, match=r"'a' is there twice"):
        read(write(THREE), columns=["a", "b", "a"])
    with pytest.raises(GaussmixError, match=r"'a' is there twice"):
        read(write("a,a,b\n1,2,3\n"))
    with pytest.raises(GaussmixError, match=r"more than one column 'a'"):
        read(write("a,a,b\n1,2,3\n"), columns=["a"])
    same_bits(read(write("a,a,b\n1,2,3\n"), columns=["b"]), np.array([[3.0]]))
    with pytest.raises(GaussmixError, match=r"'a' cannot hold the weights and"):
        read(write(THREE), columns=["a"], weights="a")


def test_a_column_without_a_name_may_be_row_numbers(write) -> None:
    path = write('"",a\n1,0.5\n2,0.7\n')
    with pytest.raises(GaussmixError, match=r"column 1 .* has no name.*--columns"):
        read(path)
    same_bits(read(path, columns=["a"]), np.array([[0.5], [0.7]]))


def test_nothing_left(write) -> None:
    with pytest.raises(GaussmixError, match="no column left"):
        read(write("w\n1\n"), weights="w")


# --- values that cannot be used -----------------------------------------------------------------


@pytest.mark.parametrize("missing", ["", "NA", "nan", "NULL"])
def test_missing_values_are_located(write, missing: str) -> None:
    path = write(f"a,b\n1,2\n3,4\n5,{missing}\n")
    with pytest.raises(GaussmixError, match=r"missing value.*column 'b', row 3 "):
        read(path)
    same_bits(read(path, columns=["a"]), np.array([[1.0], [3.0], [5.0]]))


def test_missing_weights_are_located(write) -> None:
    with pytest.raises(GaussmixError, match=r"missing value.*column 'w', row 2 "):
        read(write("a,w\n1,2\n3,\n"), weights="w")


def test_negative_weights_are_located(write) -> None:
    place = r"column 'w', row 3 \(the first row of data is 1\)"
    with pytest.raises(GaussmixError, match=rf"negative weight \(-1\.5\).*d\.csv': {place}"):
        read(write("a,w\n1,2\n3,0\n5,-1.5\n", "d.csv"), weights="w")
    table = read(write("a,w\n1,2\n3,0\n5,-1.5\n"), columns=["w"])  # a value may be negative
    same_bits(table, np.array([[2.0], [0.0], [-1.5]]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("0\n0\n", r"column 'w' of '.*d\.csv' is zero in every row"),
        ("1e308\n1e308\n", r"column 'w' of '.*d\.csv' is so large"),
    ],
)
def test_weights_of_no_use_name_their_column(write, values: str, message: str) -> None:
    first, second = values.split()
    with pytest.raises(GaussmixError, match=message):
        read(write(f"a,w\n1,{first}\n3,{second}\n", "d.csv"), weights="w")


def test_infinite_values_are_located(write) -> None:
    with pytest.raises(GaussmixError, match=r"infinite value \(-inf\).*column 'a', row 2 "):
        read(write("a,b\n1,2\n-inf,4\n"))


def test_missing_far_down_in_npy(tmp_path: Path) -> None:
    values = np.ones((70_000, 2))
    values[69_000, 1] = np.nan
    np.save(tmp_path / "d.npy", values)
    with pytest.raises(GaussmixError, match=r"missing value.*column 'x1', row 69001 "):
        read(tmp_path / "d.npy")


def test_nullable_columns_with_gaps(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "d.parquet")
    with pytest.raises(GaussmixError, match=r"missing value.*column 'a', row 2 "):
        read(tmp_path / "d.parquet")


# --- files that cannot be read ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d.csv", "d.tsv", "d.parquet", "d.npy"])
def test_missing_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["d.xlsx", "d", "d.gz", "d.npz"])
def test_unknown_formats(write, name: str) -> None:
    with pytest.raises(GaussmixError, match=r"cannot tell the format.*\.parquet.*--separator"):
        read(write("a\n1\n", name))


@pytest.mark.parametrize("name", ["d.csv", "d.parquet", "d.npy"])
def test_empty_files(write, name: str) -> None:
    with pytest.raises(GaussmixError, match="cannot be read"):
        read(write("", name))


@pytest.mark.parametrize("name", ["d.parquet", "d.npy"])
def test_garbage(write, name: str) -> None:
    with pytest.raises(GaussmixError, match="cannot be read"):
        read(write("this is text\n" * 20, name))


def test_a_header_without_rows(write) -> None:
    with pytest.raises(GaussmixError, match="no rows"):
        read(write("a,b\n"))


@pytest.mark.parametrize(
    "text", ["a,b\n1,2,3\n4,5,6\n", "a,b\n1,2\n4,5,6\n", "a,b\n" + "3,4\n" * 9 + "1,2,3\n"]
)
@pytest.mark.parametrize("options", [{}, {"columns": ["a"]}])
def test_rows_longer_than_the_header_are_never_cut(write, text: str, options) -> None:
    with pytest.raises(GaussmixError, match="cannot be read as a table"):
        read(write(text), **options)


def test_rows_shorter_than_the_header_have_missing_values(write) -> None:
    with pytest.raises(GaussmixError, match=r"missing value.*column 'b', row 2 "):
        read(write("a,b\n1,2\n3\n"))


def test_wrong_encoding(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes("größe,b\n1,2\n".encode("latin-1"))
    with pytest.raises(GaussmixError, match=r"cannot be read as a table.*utf-8"):
        read(tmp_path / "d.csv")


@pytest.mark.parametrize(
    "values",
    [
        np.ones(3),
        np.ones((2, 2, 2)),
        np.array([["a", "b"]]),
        np.ones((2, 2), dtype=complex),
        np.zeros(3, dtype=[("a", "f8"), ("b", "f8")]),
    ],
)
def test_npy_arrays_of_the_wrong_kind(tmp_path: Path, values) -> None:
    np.save(tmp_path / "d.npy", values)
    with pytest.raises(GaussmixError, match=r"two-dimensional array of numbers.*it holds shape"):
        read(tmp_path / "d.npy")


def test_npy_files_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(GaussmixError, match="cannot be read as a NumPy array"):
        read(tmp_path / "d.npy")
    (tmp_path / "d.npy").write_text("hello, which NumPy takes for a pickle")
    with pytest.raises(GaussmixError, match=r"damaged or of another kind\.$"):
        read(tmp_path / "d.npy")


def test_an_archive_called_npy(tmp_path: Path) -> None:
    with (tmp_path / "d.npy").open("wb") as file:
        np.savez(file, a=np.ones((1, 1)))
    with pytest.raises(GaussmixError, match="archive of several arrays"):
        read(tmp_path / "d.npy")


@pytest.mark.parametrize(
    ("blocked", "name"), [("pandas", "d.csv"), ("pandas", "d.parquet"), ("pyarrow", "d.parquet")]
)
def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch, blocked, name) -> None:
    for module in [m for m in sys.modules if m == blocked or m.startswith(blocked + ".")]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf'{blocked}.*pip install "gaussmix\[io\]"'):
        read(tmp_path / name)


def test_npy_needs_no_library(tmp_path: Path, monkeypatch) -> None:
    np.save(tmp_path / "d.npy", VALUES)
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    same_bits(read(tmp_path / "d.npy"), VALUES)
