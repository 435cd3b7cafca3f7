"""What a model search accepts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gaussmix._fitted import falls_short
from gaussmix._search import Found, Key
from gaussmix._typing import Float64Array, FloatArray
from gaussmix._validation import check_integer
from gaussmix.covariance import (
    CovarianceType,
    check_columns,
    check_no_factors,
    resolve_covariance_type,
)
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.selection_result import SelectionResult

_FOURTEEN = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)


def checked_counts(n_components: Iterable[int] | int) -> tuple[int, ...]:
    """Return the numbers of components, each once, rising."""
    given = [n_components] if isinstance(n_components, int | np.integer) else n_components
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise GaussmixTypeError(
            f"n_components must be numbers of components, such as range(1, 10), got {given!r}."
        )
    counts = sorted({check_integer(K, "n_components", minimum=1) for K in given})
    if not counts:
        raise GaussmixError("n_components must hold at least one number of components, got none.")
    return tuple(counts)


def checked_structures(
    covariance_types: Iterable[str | CovarianceType] | None, n_features: int
) -> tuple[CovarianceType, ...]:
    """Return the structures, each once."""
    if covariance_types is None:
        covariance_types = ("E", "V") if n_features == 1 else _FOURTEEN
    if isinstance(covariance_types, str | CovarianceType):
        covariance_types = [covariance_types]
    elif not isinstance(covariance_types, Iterable):
        raise GaussmixTypeError(
            "covariance_types must be names of structures, such as ['EEE', 'VVV'], got "
            f"{covariance_types!r}."
        )
    found = tuple(dict.fromkeys(resolve_covariance_type(value) for value in covariance_types))
    if not found:
        raise GaussmixError("covariance_types must hold at least one structure, got none.")
    for structure in found:
        check_no_factors(structure, "select")
        check_columns(structure, n_features)
    return found


def checked_resume(resume: object, fingerprint: str) -> SelectionResult | None:
    """Return an earlier search of the same."""
    if resume is None:
        return None
    if not isinstance(resume, SelectionResult):
        raise GaussmixTypeError(
            f"resume must be a SelectionResult, as select returns it, got {type(resume).__name__}."
        )
    if resume.fingerprint != fingerprint:
        raise GaussmixError(
            "resume is a search of other data, column names, weights, sample_size or max_iter: "
            "pass those of that search, or leave resume out."
        )
    return resume


def check_folds(n_folds: int, n_rows: int) -> None:
    """Refuse more folds than rows of positive weight to put into them."""
    if n_rows == 1:  # whatever n_folds is; the words are those that scikit-learn's checks look for
        raise GaussmixError(
            "the criterion 'cv' fits the rows beside a fold, and there is only 1 sample of "
            "positive weight: pass more rows, or choose another criterion."
        )
    if n_folds > n_rows:
        raise GaussmixError(
            f"n_folds={n_folds} is more than the rows of positive weight, of which there are "
            f"{n_rows}: use at most that many, with which each row is a fold of its own."
        )


def check_counts_of_rows(weight: Float64Array, most_components: int) -> None:
    """Refuse weights under whose sum a penalty for parameters is none."""
    total, needed = float(weight.sum()), min(most_components, int(np.count_nonzero(weight)))
    if falls_short(total, needed):
        raise GaussmixError(
            f"sample_weight sums to {total:.6g}, which is less than a row for each of {needed} "
            "components: weights are counts of rows here, and a penalty for each parameter stands "
            "against sums over these rows. Scale them, or pass sample_size='effective' if they are "
            "shares or importances."
        )


def fingerprint_of(
    data: FloatArray,
    weight: Float64Array | None,
    sample_size: str,
    names: tuple[str, ...] | None,
    max_iter: int,
) -> str:
    """Return what only the same search has."""
    import hashlib  # not wanted by every program

    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{data.shape} {data.dtype} {names} {max_iter}".encode())
    digest.update(data.view(np.uint8).data)
    if weight is not None:
        digest.update(sample_size.encode())
        digest.update(weight.view(np.uint8).data)
    return digest.hexdigest()


def as_found(earlier: SelectionResult) -> dict[Key, Found]:
    """Return the cells that are done."""
    return {
        (cell.covariance_type, cell.n_components): Found(
            cell.covariance_type,
            cell.n_components,
            cell.result,
            cell.origin,
            cell.spurious,
            cell.failure,
            cell.n_fits,
            cell.seconds,
        )
        for cell in earlier.cells
    }
