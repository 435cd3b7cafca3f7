"""The label of each row out of whatever holds labels: which there are, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._conversion import is_absent, is_masked
from gaussmix._typing import AnyArray, ArrayLike, Int64Array
from gaussmix.exceptions import GaussmixError, GaussmixTypeError


def labels_of(groups: ArrayLike, n_rows: int) -> tuple[tuple[Any, ...], Int64Array]:
    """Return the labels, sorted, and for each row the place of its own among them.

    Labels are those of Python, or pandas' own; ordered categories come in their order.

    Raises
    ------
    GaussmixError
        Not one label per row, or some rows have none.
    GaussmixTypeError
        The labels do not sort.
    """
    array = _as_they_are(groups)
    if array.shape != (n_rows,):
        raise GaussmixError(
            f"groups must hold one label per row, shape ({n_rows},), but has shape {array.shape}."
        )
    found, group_of_row = _distinct_objects(array) if array.dtype.kind == "O" else _distinct(array)
    if is_masked(groups) or any(is_absent(label) or label != label for label in found):
        raise GaussmixError(
            "groups must give every row a label, but some are None or NaN: leave those rows out or "
            "give them a label of their own."
        )
    order = _order(found, getattr(groups, "dtype", None))
    place = np.empty(len(found), dtype=np.int64)
    place[order] = np.arange(len(found))
    return tuple(found[i] for i in order), place[group_of_row]


def refuse_name(groups: ArrayLike) -> None:
    """Raise where `groups` is the name of a column of the data, which would not be left out."""
    if isinstance(groups, str):
        raise GaussmixTypeError(
            f"groups must hold one label per row, got {groups!r}: if that is a column of data, "
            f"pass data[{groups!r}] as groups, and data without it."
        )


def _as_they_are(groups: ArrayLike) -> AnyArray:
    """Return an array of the labels that are in `groups`, not of what NumPy would make of them."""
    if isinstance(groups, np.ndarray):
        return np.asarray(groups)
    if not hasattr(groups, "dtype"):  # of a list, NaN and numbers would become text beside text
        return _objects(groups)
    array = np.asarray(groups)
    # The timestamps of a frame are more than NumPy's, which are integers to Python.
    return _objects(list(groups)) if array.dtype.kind in "mM" else array


def _objects(groups: Any) -> AnyArray:
    try:
        return np.array(groups, dtype=object)
    except ValueError as error:
        raise GaussmixTypeError(
            f"groups of type {type(groups).__name__} cannot be turned into labels: {error}."
        ) from None


def _distinct(array: AnyArray) -> tuple[list[Any], Int64Array]:
    """Return the different values, and for each row which of them it is."""
    values, group_of_row = np.unique(array, return_inverse=True)
    return _as_python(values), group_of_row


def _distinct_objects(array: AnyArray) -> tuple[list[Any], Int64Array]:
    numbers: dict[Any, int] = {}
    try:
        of_row = [numbers.setdefault(label, len(numbers)) for label in array.tolist()]
    except TypeError as error:
        raise GaussmixTypeError(
            f"the labels in groups must be plain values such as numbers or strings: {error}."
        ) from None
    labels = [
        _as_python(np.array([label]))[0] if isinstance(label, np.generic) else label
        for label in numbers
    ]
    return labels, np.array(of_row, dtype=np.int64)


def _as_python(values: AnyArray) -> list[Any]:
    """Return what NumPy's values are to Python; times that it has no type for stay NumPy's."""
    plain: list[Any] = values.tolist()
    if values.dtype.kind not in "mM" or not any(isinstance(one, int) for one in plain):
        return plain
    coarser = values.astype(f"{values.dtype.kind}8[us]")
    plain = coarser.tolist()
    exact = np.array_equal(coarser, values) and not any(isinstance(one, int) for one in plain)
    return plain if exact else list(values)


def _order(labels: list[Any], dtype: Any) -> list[int]:
    """Return the places of the labels in rising order."""
    keys = labels
    if getattr(dtype, "ordered", False):  # categories of pandas
        ranks = {category: rank for rank, category in enumerate(dtype.categories)}
        keys = [ranks[label] for label in labels]
    try:
        return sorted(range(len(labels)), key=keys.__getitem__)
    except TypeError as error:
        raise GaussmixTypeError(
            f"the labels in groups must be of one kind, so that they can be sorted: {error}."
        ) from None
