"""What keeps a search from models that it was asked for, or makes its choice doubtful, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gaussmix._reasons import listed
from gaussmix._runtime import core
from gaussmix._search import Search
from gaussmix._search_cell import AT_BOUND
from gaussmix._summary import numbered
from gaussmix._typing import Int64Array
from gaussmix.covariance import CovarianceType, scatter_kind

if TYPE_CHECKING:
    from gaussmix.selection_result import SelectionResult

_SINGULAR = 1e-8  # eigenvalue of the correlations below which the bound of the search may act
_INVOLVED = 1e-4  # share of a column in a combination that is no rounding


def reasons_of_search(search: Search, selection: SelectionResult) -> tuple[str, ...]:
    """Collect what is worth knowing before trusting the choice; empty if nothing is."""
    return (*_cut_short(search, selection), *_singular(search))


def _cut_short(search: Search, selection: SelectionResult) -> Iterator[str]:
    """Count the models whose likelihood could still have risen."""
    count = sum(cell.cut_short and not cell.spurious for cell in selection.cells)
    if not count or not selection.ranking:  # with no choice there is none to doubt
        return
    fits, they = ("fit", "it") if count == 1 else ("fits", "they")
    best = ", that of the best among them" if selection.ranking[0].cut_short else ""
    yield (
        f"max_iter={search.settings['max_iter']} ended the {fits} of {count} of "
        f"{numbered(len(selection.cells), 'model')} before {they} converged{best}: likelihoods "
        "that could still rise are compared, and the choice may be another. Raise max_iter, and "
        "search again."
    )


def _singular(search: Search) -> Iterator[str]:
    """Name the columns that make every covariance of some structures singular."""
    lost = _lost(search)
    if not lost:
        return
    of_all = f"{len(lost)} of {numbered(len(search.structures), 'structure')}"
    constant = _constant_columns(search)
    if len(constant):
        are = "is" if len(constant) == 1 else "are"
        yield (
            f"{_names(constant, search)} {are} constant: the bound on eigenvalues holds every "
            f"covariance with a variance of its own there, and no model of {of_all} can be "
            f"chosen. Leave out {'that column' if len(constant) == 1 else 'those columns'}, and "
            "search again."
        )
    if not any(scatter_kind(structure) in ("full", "pooled") for structure in lost):
        return
    columns, too_many = _dependent_columns(search, constant)
    if too_many:
        yield (
            f"{_names(columns, search)} are combinations of one another: every covariance that may "
            f"lie across the axes is singular, and no model of {of_all} can be chosen. Leave out "
            f"{too_many} of them, and search again."
        )


def _lost(search: Search) -> list[CovarianceType]:
    """Return the structures none of whose models can be chosen, by the bound among others."""
    lost = []
    for structure in search.structures:
        cells = [search.done[key] for key in search.models() if key in search.done]
        own = [cell for cell in cells if cell.structure is structure]
        vain = own and all(cell.spurious or cell.failure for cell in own)
        if vain and any(cell.spurious.startswith(AT_BOUND) for cell in own):
            lost.append(structure)
    return lost


def _constant_columns(search: Search) -> Int64Array:
    rows = slice(None) if search.weight is None else search.weight > 0
    data = search.data[rows]
    return np.flatnonzero(data.max(axis=0) == data.min(axis=0))


def _dependent_columns(search: Search, constant: Int64Array) -> tuple[Int64Array, int]:
    """Return the columns between which there are combinations, and how many of these there are."""
    n_rows, n_features = search.data.shape
    weight = None if search.weight is None else search.weight / search.weight.max()
    everybody = np.ones((n_rows, 1))
    sums = core.statistics_from_responsibilities(
        search.data, weight, everybody, "full", search.n_threads
    )
    scatter = sums["scatter"].reshape(n_features, n_features)
    deviations = np.sqrt(np.diagonal(scatter))
    left = np.setdiff1d(np.flatnonzero(deviations > 0), constant)
    if not len(left):
        return left, 0
    unit = deviations[left]
    eigenvalues, vectors = np.linalg.eigh(scatter[np.ix_(left, left)] / unit / unit[:, None])
    count = int((eigenvalues < _SINGULAR).sum())
    shares = np.sqrt((vectors[:, :count] ** 2).sum(axis=1))
    return left[shares > _INVOLVED], count


def _names(columns: Sequence[int] | Int64Array, search: Search) -> str:
    names = [str(d) if search.names is None else repr(search.names[d]) for d in columns]
    return f"{'Column' if len(names) == 1 else 'Columns'} {listed(names, len(names))}"
