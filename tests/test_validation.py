"""Bad input: each kind has its own error that says what was wanted, what came and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from gaussmix._validation import check_feature_names, check_X, feature_names_of
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

Float64 = NDArray[np.float64]

NAN, INF = float("nan"), float("inf")
X = np.array([[0.0, 1.0], [2.0, 1.5], [4.0, 0.5], [1.0, 3.0], [3.0, 2.0], [5.0, 4.0]])
EYE = np.eye(2)


class Sparse:
    """What scipy's sparse matrices look like from outside, without scipy."""

    nnz = 1
    shape = (6, 2)

    def toarray(self) -> Float64:
        return X


def with_value(value: Any, row: int = 3, column: int = 1, dtype: Any = np.float64) -> Any:
    changed = X.astype(dtype)
    changed[row, column] = value
    return changed


def assert_refused(
    call: Callable[[], Any], error: type[Exception], *fragments: str, exactly: bool = True
) -> str:
    """Raises `error`; the message holds every fragment and ends as a sentence."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    if exactly:
        assert type(caught.value) is error
    for fragment in fragments:
        assert fragment in message
    assert message[-1] in ".?\n"
    return message


# --- the data, wherever they are taken ---------------------------------------------------------

BAD_DATA = [
    pytest.param(
        with_value(NAN), GaussmixError, ["Input X contains NaN", "row 3, column 1"], id="nan"
    ),
    pytest.param(
        with_value(INF, 0, 0),
        GaussmixError,
        ["Input X contains infinity", "row 0, column 0"],
        id="inf",
    ),
    pytest.param(
        with_value(-INF, 5, 1, np.float32),
        GaussmixError,
        ["Input X contains infinity", "float32", "row 5, column 1", "drop"],
        id="-inf in float32",
    ),
    pytest.param(
        with_value(None, dtype=object),
        GaussmixError,
        ["contains NaN", "row 3, column 1"],
        id="None",
    ),
    pytest.param(
        with_value(10**400, dtype=object), GaussmixError, ["infinity", "row 3, column 1"], id="huge"
    ),
    pytest.param(
        np.empty((0, 2)),
        GaussmixError,
        ["X has 0 sample(s) (shape=(0, 2)) while a minimum of 1 is required"],
        id="no rows",
    ),
    pytest.param(
        np.empty((6, 0)),
        GaussmixError,
        ["X has 0 feature(s) (shape=(6, 0)) while a minimum of 1 is required"],
        id="no columns",
    ),
    pytest.param([], GaussmixError, ["2-D", "1-D with shape (0,)"], id="empty list"),
    pytest.param(X[:, 0], GaussmixError, ["1-D with shape (6,)", "Reshape your data"], id="1-D"),
    pytest.param(3.5, GaussmixError, ["a single value", "Reshape your data"], id="scalar"),
    pytest.param(X[None], GaussmixError, ["3-D with shape (1, 6, 2)"], id="3-D"),
    pytest.param(None, GaussmixTypeError, ["X is None", "a frame or a list of rows"], id="nothing"),
    pytest.param(iter(X), GaussmixTypeError, ["is a", "read but once", "list(X)"], id="iterator"),
    pytest.param((row for row in X), GaussmixTypeError, ["generator", "list(X)"], id="generator"),
    pytest.param(Sparse(), GaussmixTypeError, ["X is sparse (Sparse)", "X.toarray()"], id="sparse"),
    pytest.param(
        X * 1j, GaussmixTypeError, ["Complex data not supported", "separate"], id="complex"
    ),
    pytest.param(
        with_value(1j, dtype=object),
        GaussmixTypeError,
        ["Complex data not supported"],
        id="complex object",
    ),
    pytest.param(
        with_value("red", dtype=object),
        GaussmixTypeError,
        ["X must hold numbers", "'red' at row 3, column 1"],
        id="text among objects",
    ),
    pytest.param(
        with_value("2.5", dtype=object),
        GaussmixTypeError,
        ["X must hold numbers", "'2.5' at row 3, column 1"],
        id="digits as text",
    ),
    pytest.param(
        with_value({"a": 1}, dtype=object),
        GaussmixTypeError,
        ["{'a': 1} at row 3, column 1", "argument must be a string or a real number"],
        id="dict among objects",
    ),
    pytest.param(
        [[1, 2], [3, "red"]], GaussmixTypeError, ["'red'", "row 1, column 1"], id="list with text"
    ),
    pytest.param([["1", "2"]], GaussmixTypeError, ["row 0, column 0"], id="list of digits"),
    pytest.param([[1, 2], [3]], GaussmixTypeError, ["rows of equal length"], id="ragged"),
    pytest.param(
        X.astype(int).astype("M8[D]"), GaussmixTypeError, ["dates", "convert them"], id="dates"
    ),
    pytest.param(
        X.astype(int).astype("m8[s]"), GaussmixTypeError, ["time differences"], id="durations"
    ),
    pytest.param(
        np.zeros((6, 2), [("a", float)]), GaussmixTypeError, ["records", "select"], id="records"
    ),
    pytest.param(
        np.ma.masked_greater(X, 4.5), GaussmixError, ["masked", "drop or fill"], id="masked"
    ),
]

MIXTURE = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 4.0]], [EYE, EYE])

TAKERS: list[Any] = [
    pytest.param(gx.fit, id="fit"),
    pytest.param(lambda data: gx.e_step(data, MIXTURE), id="e_step"),
    pytest.param(MIXTURE.log_density, id="log_density"),
    pytest.param(MIXTURE.component_log_density, id="component_log_density"),
    pytest.param(MIXTURE.responsibilities, id="responsibilities"),
    pytest.param(MIXTURE.assign, id="assign"),
]


@pytest.mark.parametrize(("data", "error", "fragments"), BAD_DATA)
@pytest.mark.parametrize("take", TAKERS)
def test_bad_data(take: Any, data: Any, error: type[Exception], fragments: list[str]) -> None:
    assert_refused(lambda: take(data), error, *fragments)


@pytest.mark.parametrize("take", TAKERS[1:])
def test_wrong_number_of_columns(take: Any) -> None:
    fragments = "X has 3 features, but", "ixture is expecting 2 features as input", "columns"
    assert_refused(lambda: take(np.zeros((4, 3))), GaussmixError, *fragments)


def test_scipys_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_matrix, sparse.coo_array, sparse.lil_matrix):
        matrix = kind(X)
        assert_refused(partial(gx.fit, matrix), GaussmixTypeError, "sparse", "toarray")


def test_a_mask_that_hides_nothing_is_fine() -> None:
    assert gx.fit(np.ma.masked_greater(X, 100.0)).mixture == gx.fit(X).mixture


def test_numbers_of_any_class_are_numbers() -> None:
    objects = np.array([[Decimal("0.5"), np.float32(1)], [True, 3]], dtype=object)
    np.testing.assert_array_equal(check_X(objects), [[0.5, 1.0], [1.0, 3.0]])


def test_good_data_are_not_copied() -> None:
    for dtype in (np.float64, np.float32):
        data = X.astype(dtype)
        assert check_X(data) is data
        data.flags.writeable = False
        assert check_X(data) is data


def test_all_else_is_copied_once_and_left_alone() -> None:
    data = np.asfortranarray(X)
    before = data.copy()
    checked = check_X(data)
    assert checked.flags.c_contiguous
    assert not np.shares_memory(checked, data)
    np.testing.assert_array_equal(data, before)


# --- frames ------------------------------------------------------------------------------------


def test_frames_name_the_column_of_an_error() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0, NAN], "b": [1, 2, 3]})
    assert_refused(lambda: gx.fit(frame), GaussmixError, "NaN at row 2, column 0 ('a')")
    frame = pd.DataFrame({"a": [1.0, 2.0], "kind": ["x", "y"]})
    assert_refused(lambda: gx.fit(frame), GaussmixTypeError, "'x' at row 0, column 1 ('kind')")


def test_pandas_nullable_columns() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": pd.array([1, 2, 5], "Int64"), "b": pd.array([0.5, 1, 0], "Float64")})
    np.testing.assert_array_equal(check_X(frame), [[1.0, 0.5], [2.0, 1.0], [5.0, 0.0]])
    frame.loc[1, "b"] = pd.NA
    assert_refused(lambda: gx.fit(frame), GaussmixError, "NaN at row 1, column 1 ('b')")


def test_polars_frames() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1, 2, 5], "b": [0.5, 1.0, 0.0]})
    np.testing.assert_array_equal(check_X(frame), [[1.0, 0.5], [2.0, 1.0], [5.0, 0.0]])
    assert feature_names_of(frame) == ("a", "b")
    assert gx.fit(frame).mixture.feature_names == ("a", "b")
    gap = pl.DataFrame({"a": [1, None, 5], "b": [0.5, 1.0, 0.0]})
    assert_refused(lambda: gx.fit(gap), GaussmixError, "NaN at row 1, column 0 ('a')")
    text = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert_refused(lambda: gx.fit(text), GaussmixTypeError, "'x' at row 0, column 1 ('b')")


DAYS = [dt.date(2020, 1, day) for day in (1, 2, 3)]
TIMES = {
    "dates": DAYS,
    "moments": [dt.datetime(2020, 1, 1, hour) for hour in (1, 2, 3)],
    "times of day": [dt.time(hour) for hour in (1, 2, 3)],
    "time differences": [dt.timedelta(hours=hours) for hours in (1, 2, 3)],
}


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("numbers", [{}, {"a": [1.0, 2.0, 3.0]}, {"a": [1, 2, 3]}])
def test_times_are_no_numbers_whatever_stands_beside_them(
    library: str, kind: str, numbers: dict[str, Any]
) -> None:
    frame = pytest.importorskip(library).DataFrame({**numbers, "t": TIMES[kind]})
    assert_refused(lambda: gx.fit(frame), GaussmixTypeError, f"column {len(numbers)} ('t')", "X ")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_times_of_a_frame_are_refused_with_a_remedy(library: str) -> None:
    module = pytest.importorskip(library)
    for kind, remedy in (("moments", "days since"), ("time differences", "seconds")):
        column = module.Series(TIMES[kind])
        frame = module.DataFrame({"a": [1.0, 2.0, 3.0], "t": column})
        fragments = "column 1 ('t') holds", "convert them to numbers first", remedy
        assert_refused(lambda frame=frame: check_X(frame), GaussmixTypeError, *fragments)


def alike(library: str, values: list[Any], kind: str) -> Any:
    """A column of numbers beside one of this kind, as each library has it."""
    module = pytest.importorskip(library)
    dtype: Any = {"bool": "boolean", "int": "Int64", "category": "category"}[kind]
    if library == "polars":
        dtype = {"bool": module.Boolean, "int": module.Int64, "category": module.Categorical}[kind]
    return module.DataFrame({"a": [0.5, 1.5, 2.5], "b": module.Series(values, dtype=dtype)})


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_truth_values_integers_and_categories_are_the_same_in_every_frame(library: str) -> None:
    whole = check_X(alike(library, [True, False, True], "bool"))
    np.testing.assert_array_equal(whole, [[0.5, 1.0], [1.5, 0.0], [2.5, 1.0]])
    whole = check_X(alike(library, [7, 8, 9], "int"))
    np.testing.assert_array_equal(whole, [[0.5, 7.0], [1.5, 8.0], [2.5, 9.0]])
    for values, kind in (([True, None, False], "bool"), ([1, None, 3], "int")):
        gap = alike(library, values, kind)
        assert_refused(partial(check_X, gap), GaussmixError, "NaN at row 1, column 1 ('b')")
    words = alike(library, ["x", "y", "x"], "category")
    assert_refused(partial(check_X, words), GaussmixTypeError, "'x' at row 0, column 1 ('b')")


def test_a_frame_that_is_yet_to_be_computed() -> None:
    pl = pytest.importorskip("polars")
    lazy = pl.LazyFrame({"a": [1.0, 2.0, 5.0], "b": [0.5, 1.0, 0.0]})
    for take in (gx.fit, gx.GaussianMixture().fit, MIXTURE.log_density, gx.select):
        assert_refused(partial(take, lazy), GaussmixTypeError, "X is a LazyFrame", "X.collect()")
    named = gx.GaussianMixture().fit(lazy.collect())
    assert_refused(lambda: named.predict(lazy), GaussmixTypeError, "X.collect()")
    for options in ({}, {"groups": [0, 0, 1]}):
        fitted = partial(gx.fit_many, lazy, 1, **options)
        assert_refused(fitted, GaussmixTypeError, "data is a LazyFrame", "data.collect()")
    weighted = partial(gx.fit, X[:3], sample_weight=lazy)
    assert_refused(weighted, GaussmixTypeError, "sample_weight.collect()")


def test_a_dict_is_no_table() -> None:
    columns = {"a": X[:, 0], "b": X[:, 1]}
    fragments = "X is a dict", "numpy.column_stack(list(X.values()))"
    error = assert_refused(lambda: gx.fit(columns), GaussmixTypeError, *fragments)
    assert "array(" not in error


def test_a_dict_is_no_list_of_tables() -> None:
    sets = {"a": X, "b": X + 1}
    fragments = "data is a dict of 2", "list(data.values())"
    error = assert_refused(lambda: gx.fit_many(sets, 1), GaussmixTypeError, *fragments)
    assert "[" not in error
    weighted = partial(gx.fit_many, list(sets.values()), 1, sample_weight={"a": None, "b": None})
    fragments = "sample_weight is a dict of 2", "list(sample_weight.values())"
    assert_refused(weighted, GaussmixTypeError, *fragments)


def test_names_that_are_not_all_text() -> None:
    pd = pytest.importorskip("pandas")
    assert feature_names_of(pd.DataFrame(X, columns=[0, 1])) is None
    mixed = pd.DataFrame(X, columns=["a", 1])
    fragments = "Feature names are only supported if all input features have string", "int, str"
    assert_refused(lambda: gx.fit(mixed), GaussmixTypeError, *fragments)
    assert feature_names_of(X) is None
    assert feature_names_of([[1.0]]) is None


@pytest.mark.parametrize(
    ("names", "fragment"),
    [
        (("b", "a"), "must be in the same order"),
        (
            ("a", "c"),
            "unseen at fit time:\n- c\nFeature names seen at fit time, yet now missing:\n- b",
        ),
        (("a",), "yet now missing:\n- b"),
        (tuple("abcdefghi"), "- g\n- ... and 2 more"),
    ],
)
def test_other_names_than_those_of_the_fit(names: tuple[str, ...], fragment: str) -> None:
    pd = pytest.importorskip("pandas")
    result = gx.fit(pd.DataFrame(X, columns=["a", "b"]))
    other = pd.DataFrame(np.ones((6, len(names))), columns=list(names))
    for take in (
        result.mixture.log_density,
        lambda data: gx.e_step(data, result.mixture),
        lambda data: gx.fit(data, start=result),
    ):
        assert_refused(partial(take, other), GaussmixError, "should match", fragment)


def test_names_are_compared_only_where_both_have_them() -> None:
    check_feature_names(None, ("a",))
    check_feature_names(("a",), None)
    check_feature_names(("a",), ("a",))


# --- sample weights ----------------------------------------------------------------------------

BAD_WEIGHTS = [
    pytest.param(
        [1, 1, 1, -1, 1, 1], GaussmixError, ["-1.0 at row 3", "0 to leave"], id="negative"
    ),
    pytest.param([1, NAN, 1, 1, 1, 1], GaussmixError, ["nan at row 1", "finite"], id="nan"),
    pytest.param([INF, 1, 1, 1, 1, 1], GaussmixError, ["inf at row 0", "finite"], id="inf"),
    pytest.param(np.zeros(6), GaussmixError, ["sample_weight is zero in every row"], id="zeros"),
    pytest.param(np.ones(5), GaussmixError, ["shape (6,)", "has shape (5,)"], id="too few"),
    pytest.param(np.ones((6, 1)), GaussmixError, ["shape (6,)", "shape (6, 1)"], id="2-D"),
    pytest.param(2.0, GaussmixError, ["shape (6,)", "has shape ()"], id="scalar"),
    pytest.param(np.full(6, 1e308), GaussmixError, ["so large", "divide"], id="huge"),
    pytest.param(["a"] * 6, GaussmixTypeError, ["sample_weight must hold numbers"], id="text"),
    pytest.param(np.ones(6) * 1j, GaussmixTypeError, ["Complex data"], id="complex"),
]


@pytest.mark.parametrize(("weight", "error", "fragments"), BAD_WEIGHTS)
def test_bad_sample_weight(weight: Any, error: type[Exception], fragments: list[str]) -> None:
    assert_refused(lambda: gx.fit(X, sample_weight=weight), error, *fragments)
    assert_refused(lambda: gx.e_step(X, MIXTURE, sample_weight=weight), error, *fragments)


def test_components_need_rows_of_positive_weight() -> None:
    assert_refused(
        lambda: gx.fit(X, 7), GaussmixError, "n_components=7", "n_samples = 6", "at most 6"
    )
    assert_refused(
        lambda: gx.fit(X, 3, sample_weight=[1, 0, 0, 2, 0, 0]),
        GaussmixError,
        "n_components=3 is more than the number of rows with positive sample_weight",
        "n_samples = 2",
    )
    assert gx.fit(X, 2, sample_weight=[1, 0, 0, 2, 0, 0], random_state=0).n_components == 2
