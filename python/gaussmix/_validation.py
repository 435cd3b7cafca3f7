"""One check per argument, used by every function that takes it.

A check returns the argument in the one form that the rest of the package works with, or raises an
error that says what was wanted, what was given and what to do. No check changes what it is given.
"""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any

import numpy as np

from gaussmix._conversion import as_numbers, place, refuse_unread
from gaussmix._runtime import core
from gaussmix._typing import AnyArray, ArrayLike, Float64Array, FloatArray
from gaussmix.callback import Callback
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

__all__ = [
    "check_X",
    "check_accelerate",
    "check_callback",
    "check_choice",
    "check_enough_rows",
    "check_feature_names",
    "check_integer",
    "check_max_seconds",
    "check_n_threads",
    "check_optional_real",
    "check_sample_weight",
    "check_share",
    "check_switch",
    "feature_names_of",
    "one_weight_per_row",
    "shown_names",
]


# --- data -------------------------------------------------------------------------------------


def feature_names_of(X: ArrayLike, name: str = "X") -> tuple[str, ...] | None:
    """Return the names of the columns of a frame, if all of them are strings.

    Parameters
    ----------
    X : array-like or frame
        Anything with a ``columns`` attribute (pandas, polars) counts as a frame.
    name : str
        What to call the data in errors.

    Returns
    -------
    tuple of str or None
        None for what is not a frame, and for frames whose names are not strings.

    Raises
    ------
    GaussmixTypeError
        Some names are strings and some are not; or `X` is a lazy frame or a dict.
    """
    if isinstance(X, np.ndarray):
        return None
    refuse_unread(X, name)  # a lazy frame would have to find its columns out
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns):
        return None
    names = list(columns)
    are_text = [isinstance(name, str) for name in names]
    if not any(are_text):
        return None
    if not all(are_text):
        kinds = sorted({type(name).__name__ for name in names})
        raise GaussmixTypeError(
            "Feature names are only supported if all input features have string names, but the "
            f"columns have names of types {', '.join(kinds)}. Rename them, for example with "
            f"{name}.columns = {name}.columns.astype(str)."
        )
    return tuple(str(name) for name in names)


def shown_names(names: tuple[str, ...] | None, n_features: int) -> tuple[str, ...]:
    """Return what tables and pictures call the columns; without names ``x0``, ``x1`` and so on."""
    return names or tuple(f"x{column}" for column in range(n_features))


def check_X(  # noqa: N802 - X is its name everywhere
    X: ArrayLike,
    *,
    n_features: int | None = None,
    name: str = "X",
    estimator_name: str | None = None,
    n_threads: int | None = None,
) -> FloatArray:
    """Return the data as the engine wants them.

    Parameters
    ----------
    X : array-like or frame of shape (n, D)
        Real numbers in any numeric type and layout.
    n_features : int, optional
        The number of columns that is wanted.
    name, estimator_name : str
        What to call the data, and who wants them, in errors.
    n_threads : int, optional
        Threads for the search for values that are not finite.

    Returns
    -------
    ndarray of shape (n, D)
        C-ordered, aligned, native; float32 if `X` was, else float64. `X` itself if it has that
        form already.

    Raises
    ------
    GaussmixError
        `X` is not two-dimensional, is empty, has the wrong number of columns, or holds NaN or
        infinity.
    GaussmixTypeError
        `X` is sparse, complex, a lazy frame or a dict, or holds anything but numbers.
    """
    columns = feature_names_of(X, name)
    array = as_numbers(X, name, keep_float32=True, columns=columns)
    _check_table_shape(array, name)
    if n_features is not None and array.shape[1] != n_features:
        raise GaussmixError(
            f"{name} has {array.shape[1]} features, but {estimator_name or 'the mixture'} is "
            f"expecting {n_features} features as input: pass the columns that it was fitted to."
        )
    _check_finite_table(array, name, columns, n_threads)
    return array


def _check_table_shape(array: FloatArray, name: str) -> None:
    if array.ndim != 2:
        given = {0: "a single value", 1: f"1-D with shape {array.shape}"}.get(
            array.ndim, f"{array.ndim}-D with shape {array.shape}"
        )
        raise GaussmixError(
            f"{name} must be a 2-D table of rows and columns, but is {given}. Reshape your data: "
            f"{name}.reshape(-1, 1) makes it one column, {name}.reshape(1, -1) one row."
        )
    for count, what in zip(array.shape, ("sample(s)", "feature(s)"), strict=True):
        if count == 0:
            raise GaussmixError(
                f"{name} has 0 {what} (shape={array.shape}) while a minimum of 1 is required."
            )


def _check_finite_table(
    array: FloatArray, name: str, columns: tuple[str, ...] | None, n_threads: int | None
) -> None:
    found = core.find_nonfinite(array, n_threads)
    if found is None:
        return
    what = (
        "NaN" if np.isnan(array[found]) else f"infinity or a value too large for {array.dtype.name}"
    )
    raise GaussmixError(
        f"Input {name} contains {what} at {place(found, columns)} (counted from 0, and perhaps "
        "elsewhere). Every value must be a finite number: drop such rows or impute them."
    )


def check_feature_names(
    names: tuple[str, ...] | None, fitted_names: tuple[str, ...] | None
) -> None:
    """Compare the column names of new data with those of the data that were fitted.

    Raises
    ------
    GaussmixError
        Both have names, and they differ.
    """
    if names is None or fitted_names is None or names == fitted_names:
        return
    unseen = sorted(set(names) - set(fitted_names))
    missing = sorted(set(fitted_names) - set(names))
    message = "The feature names should match those that were passed during fit.\n"
    if unseen:
        message += "Feature names unseen at fit time:\n" + _bullets(unseen)
    if missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _bullets(missing)
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise GaussmixError(message)


def _bullets(names: list[str], limit: int = 5) -> str:
    lines = [f"- {name}\n" for name in names[:limit]]
    return "".join(lines) + (f"- ... and {len(names) - limit} more\n" if len(names) > limit else "")


def one_weight_per_row(
    sample_weight: ArrayLike, n_rows: int, name: str = "sample_weight"
) -> AnyArray:
    """Require as many numbers as there are rows, whatever they are."""
    weight = as_numbers(sample_weight, name)
    if weight.shape != (n_rows,):
        raise GaussmixError(
            f"{name} must hold one weight per row, shape ({n_rows},), but has shape {weight.shape}."
        )
    return weight


def check_sample_weight(
    sample_weight: ArrayLike | None, n_rows: int, *, name: str = "sample_weight"
) -> Float64Array | None:
    """Check frequency weights of the rows: a weight of 2 is the row twice, 0 is the row absent.

    `name` is what an error calls them.

    Returns
    -------
    ndarray of shape (n,), float64, or None
        None stays None: every row counts once.

    Raises
    ------
    GaussmixError
        Not one weight per row; a weight negative, NaN or infinite; all of them zero; or a sum
        that overflows.
    """
    if sample_weight is None:
        return None
    weight = one_weight_per_row(sample_weight, n_rows, name).astype(np.float64, copy=False)
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise GaussmixError(
            f"{name} must be finite and not negative, but is {weight[row]!s} at row {row}. "
            "A weight says how often a row counts; give 0 to leave a row out."
        )
    if not weight.any():
        raise GaussmixError(
            f"{name} is zero in every row, so no data are left: at least one weight must be "
            "positive."
        )
    with np.errstate(over="ignore"):
        total = float(weight.sum())
    if total == math.inf:
        raise GaussmixError(
            f"{name} is so large that its sum leaves the range of float64 (largest weight "
            f"{weight.max()!s}): divide it by its largest value."
        )
    return weight


def check_enough_rows(n_components: int, n_rows: int, sample_weight: Float64Array | None) -> None:
    """Require at least one row of positive weight per component."""
    available = n_rows if sample_weight is None else int(np.count_nonzero(sample_weight))
    if n_components > available:
        kind = "" if sample_weight is None else " with positive sample_weight"
        raise GaussmixError(
            f"n_components={n_components} is more than the number of rows{kind} "
            f"(n_samples = {available}): use at most {available} components or more data."
        )


# --- settings ---------------------------------------------------------------------------------

_LARGEST_INTEGER = 2**63 - 1  # of the engine's counts
_LARGEST_THREAD_COUNT = 2**31 - 1  # of OpenMP's


def check_integer(
    value: Any, name: str, *, minimum: int, maximum: int = _LARGEST_INTEGER, hint: str = ""
) -> int:
    """Require an integer in a range; NumPy's count, booleans and floats do not.

    `hint` is what an error for one below the range adds.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise GaussmixTypeError(
            f"{name} must be an integer >= {minimum}, got {value!r} of type {type(value).__name__}."
        ) from None
    if number < minimum:
        raise GaussmixError(f"{name} must be an integer >= {minimum}, got {number}.{hint}")
    if number > maximum:
        raise GaussmixError(f"{name} must be an integer <= {maximum}, got {number}.")
    return number


def as_float(value: Any, wanted: str) -> float:
    """Require a real number, which a boolean is not; beyond the range of a float it is infinite."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise GaussmixTypeError(f"{wanted}, got {value!r} of type {type(value).__name__}.")
    try:
        return float(value)
    except OverflowError:
        return -math.inf if value < 0 else math.inf


def check_optional_real(value: Any, name: str) -> float | None:
    """Require None or a finite real number >= 0: ``tol`` and ``reg_covar``."""
    if value is None:
        return None
    number = as_float(value, f"{name} must be None or a number >= 0")
    if not (math.isfinite(number) and number >= 0):
        raise GaussmixError(
            f"{name} must be None or a finite number >= 0, got {number}; None is the default and "
            "adapts to the data."
        )
    return number


def check_real(
    value: Any, name: str, *, above: float | None = None, minimum: float | None = None
) -> float:
    """Require a finite real number, larger than `above` or at least `minimum`."""
    wanted = f"> {above:g}" if above is not None else f">= {minimum:g}"
    number = as_float(value, f"{name} must be a number {wanted}")
    high_enough = number > above if above is not None else minimum is None or number >= minimum
    if not (math.isfinite(number) and high_enough):
        raise GaussmixError(f"{name} must be a finite number {wanted}, got {number}.")
    return number


def check_share(value: Any, name: str) -> float:
    """Require a number between 0 and 1, neither of them included."""
    wanted = f"{name} must be a number between 0 and 1"
    number = as_float(value, wanted)
    if not 0 < number < 1:
        raise GaussmixError(f"{wanted}, got {number}.")
    return number


def check_max_seconds(value: Any) -> float | None:
    """Require None (no limit) or a number of seconds > 0; infinity is no limit either."""
    if value is None:
        return None
    seconds = as_float(value, "max_seconds must be None or a number > 0")
    if not seconds > 0:
        raise GaussmixError(
            f"max_seconds must be None (no limit) or a number of seconds > 0, got {seconds}."
        )
    return seconds


def check_callback(value: Any) -> Callback | None:
    """Require None or a function of one argument, a `FitState`."""
    if value is None or callable(value):
        callback: Callback | None = value
        return callback
    raise GaussmixTypeError(
        "callback must be None or a function that takes a FitState and returns True to stop the "
        f"fit, got {value!r} of type {type(value).__name__}."
    )


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """Require one of some words; the error for any other offers the nearest of them."""
    listed = ", ".join(repr(choice) for choice in choices)
    if not isinstance(value, str):
        raise GaussmixTypeError(
            f"{name} must be one of {listed}, got {value!r} of type {type(value).__name__}."
        )
    if value in choices:
        return str(value)
    raise GaussmixError(f"{name} must be one of {listed}, got {value!r}.{nearest(value, choices)}")


def nearest(word: str, choices: tuple[str, ...]) -> str:
    """Offer the choice nearest to a misspelt word in a sentence; empty if none is near."""
    import difflib  # for errors alone

    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return f" Did you mean {by_lower[found[0]]!r}?" if found else ""


def check_n_threads(value: Any) -> int | None:
    """Require None (what the process may use, read at each call) or an integer >= 1."""
    if value is None:
        return None
    hint = " None uses all that the process may."
    return check_integer(value, "n_threads", minimum=1, maximum=_LARGEST_THREAD_COUNT, hint=hint)


def check_verbose(value: Any) -> int:
    """Require an integer >= 0; booleans count as 0 and 1, as in scikit-learn."""
    return check_integer(int(value) if isinstance(value, bool) else value, "verbose", minimum=0)


def check_switch(value: Any, name: str) -> bool:
    """Require True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise GaussmixTypeError(
        f"{name} must be True or False; got {value!r} of type {type(value).__name__}."
    )


def check_accelerate(value: Any) -> str:
    """Turn ``"auto"``, True or False into the engine's words: auto, always, never."""
    if isinstance(value, (bool, np.bool_)):
        return "always" if value else "never"
    if isinstance(value, str) and value == "auto":
        return "auto"
    hint = nearest(value, ("auto",)) if isinstance(value, str) else ""
    error = GaussmixError if isinstance(value, str) else GaussmixTypeError
    raise error(f"accelerate must be 'auto', True or False, got {value!r}.{hint}")
