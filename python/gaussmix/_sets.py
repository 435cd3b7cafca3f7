"""Many data sets out of a stack, a list of tables, or one table with a label per row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gaussmix._conversion import as_numbers
from gaussmix._labels import labels_of, refuse_name
from gaussmix._settings import settings_for_columns
from gaussmix._typing import ArrayLike, Float64Array, FloatArray
from gaussmix._validation import (
    check_enough_rows,
    check_sample_weight,
    check_X,
    feature_names_of,
    one_weight_per_row,
)
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.prior import Prior


class DataSet(NamedTuple):
    """One data set as it was given: nothing of it has been checked."""

    label: str
    X: ArrayLike
    sample_weight: ArrayLike | None
    feature_names: tuple[str, ...] | None


class CheckedSet(NamedTuple):
    """One data set as the engine takes it."""

    X: FloatArray
    sample_weight: Float64Array | None
    feature_names: tuple[str, ...] | None


def checked(one: DataSet, settings: dict[str, Any], prior: Prior | None) -> CheckedSet:
    """Check a set by the rules of a single fit; an error says which set it is about."""
    try:
        names = one.feature_names or feature_names_of(one.X)
        data = check_X(one.X, n_threads=1)
        weight = check_sample_weight(one.sample_weight, len(data))
        check_enough_rows(settings["n_components"], len(data), weight)
        settings_for_columns(settings, data.shape[1], prior)
    except GaussmixError as error:
        raise type(error)(f"{one.label}: {error}") from error
    return CheckedSet(data, weight, names)


def listed_sets(data: ArrayLike, sample_weight: ArrayLike | None) -> list[DataSet]:
    """Return the tables of a list or of a stack, with their weights."""
    tables = _tables(data)
    weights = [None] * len(tables) if sample_weight is None else _one_each(sample_weight, tables)
    return [
        DataSet(f"data[{i}]", X, weight, None)
        for i, (X, weight) in enumerate(zip(tables, weights, strict=True))
    ]


def _tables(data: ArrayLike) -> Sequence[ArrayLike]:
    if isinstance(data, list | tuple):
        return data
    _refuse_unlisted(data)
    array = as_numbers(data, "data", keep_float32=True)
    if array.ndim != 3:
        raise GaussmixError(
            "data must be a list of tables or an array of shape (sets, rows, columns), but is an "
            f"array of shape {array.shape}. For one table whose rows belong to several sets give "
            "groups, one label per row; for one set use gaussmix.fit."
        )
    return list(array)


def _refuse_unlisted(data: ArrayLike) -> None:
    """Refuse what holds tables in another way than a list does, and say how to list them."""
    _refuse_mapping(data, "data")
    kind = type(data).__name__
    if kind.endswith("GroupBy"):  # of pandas or polars, without importing them
        raise GaussmixTypeError(
            f"data is a {kind}: pass the frame itself, and as groups= the column that it is "
            "grouped by."
        )
    dtype = getattr(data, "dtype", None)
    if isinstance(data, Iterator) or (getattr(dtype, "kind", "") == "O" and data.ndim == 1):
        of_objects = " of objects" if dtype else ""
        raise GaussmixTypeError(
            f"data is a {kind}{of_objects}, and a list is wanted, one entry for each data set: "
            "pass list(data)."
        )


def _refuse_mapping(values: ArrayLike, name: str) -> None:
    if isinstance(values, Mapping):
        raise GaussmixTypeError(
            f"{name} is a {type(values).__name__} of {len(values)}, and a list is wanted, one "
            f"entry for each data set: pass list({name}.values())."
        )


def _one_each(sample_weight: ArrayLike, tables: Sequence[ArrayLike]) -> list[ArrayLike]:
    _refuse_mapping(sample_weight, "sample_weight")
    weights = None if isinstance(sample_weight, str | bytes) else _as_list(sample_weight)
    if weights is None or len(weights) != len(tables):
        given = type(sample_weight).__name__ if weights is None else f"{len(weights)} of them"
        raise GaussmixError(
            "sample_weight must hold one array of weights (or None) per data set, "
            f"{len(tables)} in all, got {given}."
        )
    return weights


def _as_list(values: Any) -> list[Any] | None:
    try:
        return list(values)
    except TypeError:
        return None


def grouped_sets(
    data: ArrayLike, groups: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[list[DataSet], tuple[Any, ...]]:
    """Return the rows of each label, in their order, and the labels, sorted."""
    refuse_name(groups)
    names = feature_names_of(data, "data")
    X = as_numbers(data, "data", keep_float32=True, columns=names)
    if X.ndim != 2:
        raise GaussmixError(
            f"with groups, data must be one table of shape (n, D), but has shape {X.shape}."
        )
    labels, group_of_row = labels_of(groups, len(X))
    weight = None if sample_weight is None else one_weight_per_row(sample_weight, len(X))
    order = np.argsort(group_of_row, kind="stable")
    ends = np.cumsum(np.bincount(group_of_row, minlength=len(labels)))
    tables = np.split(X[order], ends)[:-1]  # nothing is left behind the last end
    weights = [None] * len(labels) if weight is None else np.split(weight[order], ends)[:-1]
    sets = [
        DataSet(f"group {label!r}", table, share, names)
        for label, table, share in zip(labels, tables, weights, strict=True)
    ]
    return sets, labels
