"""Labels of rows: what they are, which are missing, and in which order their sets come."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import image
from strategies import clusters

NAN = float("nan")


def fitted(groups: Any, n_rows: int = 6) -> gx.FitResults:
    return gx.fit_many(clusters(0, n_rows, 2, 2), 1, groups=groups, random_state=0)


def pandas() -> Any:
    return pytest.importorskip("pandas")


MISSING = {
    "list of strings": lambda: ["a", "a", "b", "b", "b", NAN],
    "list of strings and None": lambda: ["a", "a", "b", "b", "b", None],
    "list of numbers": lambda: [1, 1, 2, 2, 2, NAN],
    "floats": lambda: np.array([1, 1, 2, 2, 2, NAN]),
    "times": lambda: np.array(["2020-01-01"] * 5 + ["NaT"], dtype="datetime64[ns]"),
    "masked": lambda: np.ma.masked_equal([1, 1, 2, 2, 2, 3], 3),
    "string": lambda: pandas().Series(["a"] * 5 + [None], dtype="string"),
    "Int64": lambda: pandas().Series([1, 1, 2, 2, 2, None], dtype="Int64"),
    "category": lambda: pandas().Categorical(["a"] * 5 + [None], ordered=True),
    "timestamps": lambda: pandas().Series(pandas().to_datetime(["2020-01-01"] * 5 + [None])),
    "list with pandas.NA": lambda: ["a"] * 5 + [pandas().NA],
    "polars": lambda: pytest.importorskip("polars").Series(["a"] * 5 + [None]),
    "arrow": lambda: pytest.importorskip("pyarrow").array(["a"] * 5 + [None]),
}


@pytest.mark.parametrize("groups", MISSING.values(), ids=MISSING)
def test_a_row_without_a_label_is_refused(groups: Any) -> None:
    with pytest.raises(gx.GaussmixError, match="some are None or NaN"):
        fitted(groups())


@pytest.mark.parametrize("kind", [list, tuple, lambda labels: np.array(labels, dtype=object)])
def test_labels_of_several_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(gx.GaussmixTypeError, match=r"of one kind.*not supported between"):
        fitted(kind([1] * 3 + ["x"] * 3))


def test_labels_that_are_no_plain_values_are_refused() -> None:
    ragged: list[Any] = [[0], [0, 1], [0], [0], [0], [0]]
    with pytest.raises(gx.GaussmixTypeError, match=r"plain values.*unhashable"):
        fitted(ragged)
    with pytest.raises(gx.GaussmixError, match=r"one label per row, shape \(6,\)"):
        fitted([[0]] * 6)
    with pytest.raises(gx.GaussmixError, match=r"one label per row, shape \(6,\)"):
        fitted(label for label in range(6))


DAYS = ["2021-05-01", "2020-01-31", "2020-01-31", "2021-05-01", "2020-01-31", "2020-01-31"]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_timestamps_are_keys(zone: str | None) -> None:
    pd = pandas()
    times = pd.to_datetime(DAYS).tz_localize(zone).as_unit("ns")
    for groups in (times, pd.Series(times), pd.Categorical(times), list(times)):
        results = fitted(groups)
        assert results.keys == (pd.Timestamp(DAYS[1], tz=zone), pd.Timestamp(DAYS[0], tz=zone))
        assert [one.n_rows for one in results] == [4, 2]


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
def test_times_of_numpy_are_those_of_python(unit: str) -> None:
    times = np.array(DAYS, dtype=f"datetime64[{unit}]")
    kind: Any = dt.date if unit == "D" else dt.datetime
    for groups in (times, list(times)):
        assert fitted(groups).keys == (kind(2020, 1, 31), kind(2021, 5, 1))
    waits = times - times[1]
    assert fitted(waits).keys == (dt.timedelta(0), dt.timedelta(456))


def test_times_that_python_cannot_tell_apart_stay_those_of_numpy() -> None:
    times = np.array([3, 5, 3, 5, 3, 5], dtype="datetime64[ns]")
    results = fitted(times)
    assert results.keys == (times[0], times[1])
    assert results.by_key[times[1]].n_rows == 3


@pytest.mark.parametrize(
    ("labels", "keys"),
    [
        ([2, 1, 2, 1, 1, 1], (1, 2)),
        ([2, 1.5, 2, 1.5, 1.5, 1.5], (1.5, 2)),
        ([True, False] * 3, (False, True)),
        (["b", "a", "b", "a", "a", "a"], ("a", "b")),
        ([np.int64(2), np.int64(1)] * 3, (1, 2)),
        ([2**70, -1] * 3, (-1, 2**70)),
    ],
)
def test_labels_of_a_list_are_what_the_list_holds(labels: list[Any], keys: tuple[Any]) -> None:
    found = fitted(labels).keys
    assert found == keys
    assert not any(isinstance(key, np.generic) for key in found)


def test_ordered_categories_come_in_their_order() -> None:
    pd = pandas()
    sizes, labels = ["small", "medium", "large", "huge"], ["large", "small", "medium"] * 2
    ordered = pd.Categorical(labels, sizes, ordered=True)
    for groups in (ordered, pd.Series(ordered), pd.CategoricalIndex(ordered)):
        results = fitted(groups)
        assert results.keys == ("small", "medium", "large")
        alone = gx.fit(clusters(0, 6, 2, 2)[[1, 4]], 1, random_state=0)
        assert image(results.by_key["small"]) == image(alone)
    assert fitted(pd.Categorical(labels, sizes)).keys == ("large", "medium", "small")
    days = pd.Categorical(pd.to_datetime(DAYS), pd.to_datetime(DAYS[:2]), ordered=True)
    assert fitted(days).keys == (pd.Timestamp(DAYS[0]), pd.Timestamp(DAYS[1]))


@pytest.mark.parametrize("labels", [[], np.array([]), np.array([], dtype=object)])
def test_no_rows_no_groups(labels: Any) -> None:
    for weight in (None, []):
        results = gx.fit_many(np.empty((0, 2)), 1, groups=labels, sample_weight=weight)
        assert (len(results), results.keys, dict(results.by_key)) == (0, (), {})


def test_a_name_of_a_column_is_no_labels() -> None:
    frame = pandas().DataFrame({"a": [0.0, 1.0, 2.0], "g": ["x", "y", "y"]})
    with pytest.raises(
        gx.GaussmixTypeError, match=r"groups must hold one label per row.*'g'.*data"
    ):
        gx.fit_many(frame, 1, groups="g")
