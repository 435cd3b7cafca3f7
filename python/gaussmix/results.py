"""What many fits found: a sequence of `FitResult`, each made when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence, ValuesView
from types import MappingProxyType
from typing import Any, NamedTuple, overload

import numpy as np

from gaussmix._record import same
from gaussmix._summary import numbered
from gaussmix._typing import AnyArray, Float64Array, Int64Array
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.result import FitResult

__all__ = ["FitResults"]

_LABELS_SHOWN = 6


class Columns(NamedTuple):
    """What is known of every set without building its result."""

    keys: tuple[Any, ...]
    statuses: tuple[str, ...]
    log_likelihoods: Float64Array
    n_iter: Int64Array
    seeds: Int64Array
    errors: tuple[GaussmixError | None, ...]

    def at(self, places: range) -> Columns:
        """Return the same columns of some of the sets."""
        stop = places.stop if places.stop >= 0 else None
        chosen = slice(places.start, stop, places.step) if places else slice(0)
        return Columns._make(column[chosen] for column in self)


class FitResults(Sequence[FitResult]):
    """The outcome of `gaussmix.fit_many`: one `FitResult` per data set, and columns over them all.

    A read-only sequence: ``len``, indices, slices, iteration. A result is built when it is first
    asked for, so that a thousand fits cost no thousand objects; the columns below are there at
    once. A set that has no result (see `errors`) raises its error where its result is asked for.

    Attributes
    ----------
    keys : tuple
        The label of each set; its position where `fit_many` was given no groups.
    by_key : Mapping
        The same results by label. It has the labels of all sets; ``items()`` and ``values()`` leave
        out those that have no result, and ``get`` gives its default for them.
    errors : Mapping of int to GaussmixError
        Why the sets at these positions have no result; empty unless ``on_error="keep"``.
    ok : ndarray of bool, shape (n_sets,)
        Whether there is a result.
    statuses : tuple of str
        `FitResult.status` of each; ``degenerate``, ``failed`` or ``not run`` where there is none.
    converged : ndarray of bool, shape (n_sets,)
    log_likelihoods : ndarray, shape (n_sets,)
        Total log-likelihood of each fit; NaN where there is no result.
    n_iter : ndarray of int64, shape (n_sets,)
    seeds : ndarray of int64, shape (n_sets,)
        `gaussmix.fit` with this ``random_state`` gives the same bits for the set alone.

    Examples
    --------
    >>> import gaussmix as gx
    >>> results = gx.fit_many([[[0.0], [2.0]], [[5.0], [6.0], [7.0]]], 1, random_state=0)
    >>> results
    FitResults(2 data sets: 2 converged)
    >>> [result.mixture.means.item() for result in results]
    [1.0, 6.0]
    >>> results.n_iter.tolist() == [result.n_iter for result in results]
    True
    """

    __slots__ = ("_build", "_columns", "_results")

    def __init__(
        self,
        columns: Columns,
        build: Callable[[int], FitResult] | None,
        results: Sequence[FitResult | None] | None = None,
    ) -> None:
        for array in (columns.log_likelihoods, columns.n_iter, columns.seeds):
            array.flags.writeable = False
        self._columns = columns
        self._build = build
        self._results = list(results or [None] * len(columns.keys))

    # --- the sequence -------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, index: int) -> FitResult: ...
    @overload
    def __getitem__(self, index: slice) -> FitResults: ...
    def __getitem__(self, index: int | slice) -> FitResult | FitResults:
        places = self._places(index)
        if isinstance(places, range):
            return FitResults(self._columns.at(places), lambda i: self[places[i]])
        error = self._columns.errors[places]
        if error is not None:
            raise type(error)(str(error))  # a new one: an old one would gather tracebacks
        found = self._results[places]
        if found is None:
            assert self._build is not None
            found = self._results[places] = self._build(places)
        return found

    def _places(self, index: int | slice) -> int | range:
        try:
            return range(len(self))[index]
        except IndexError:  # of which a loop over the results knows that it is at their end
            raise IndexError(
                f"there is no result {index} among {numbered(len(self), 'result')}."
            ) from None
        except TypeError:
            raise GaussmixTypeError(
                f"results are counted from 0, got {index!r}: a label is for "
                f"results.by_key[{index!r}]."
            ) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FitResults):
            return NotImplemented
        mine, theirs = self._without_errors(), other._without_errors()
        return (
            all(same(a, b) for a, b in zip(mine, theirs, strict=True))
            and list(map(str, self._columns.errors)) == list(map(str, other._columns.errors))
            and all(self[i] == other[i] for i in np.flatnonzero(self.ok).tolist())
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        results = [self[i] if ok else None for i, ok in enumerate(self.ok.tolist())]
        return FitResults, (self._columns, None, results)

    def __repr__(self) -> str:
        counts = Counter(self.statuses).items()
        told = ", ".join(f"{count} {status}" for status, count in counts) or "none"
        return f"FitResults({len(self)} data set{'' if len(self) == 1 else 's'}: {told})"

    def _without_errors(self) -> tuple[Any, ...]:
        return self._columns[:-1]

    # --- columns ------------------------------------------------------------------------------

    @property
    def keys(self) -> tuple[Any, ...]:
        """Label of each set, or its position."""
        return self._columns.keys

    @property
    def by_key(self) -> Mapping[Any, FitResult]:
        """The results by label."""
        return _ByKey(self, {key: place for place, key in enumerate(self.keys)})

    @property
    def errors(self) -> Mapping[int, GaussmixError]:
        """Why there is no result, by position."""
        found = enumerate(self._columns.errors)
        return MappingProxyType({i: error for i, error in found if error is not None})

    @property
    def ok(self) -> AnyArray:
        """Whether there is a result."""
        return np.array([error is None for error in self._columns.errors], dtype=bool)

    @property
    def statuses(self) -> tuple[str, ...]:
        """How each fit ended."""
        return self._columns.statuses

    @property
    def converged(self) -> AnyArray:
        """Whether each fit met its stopping rule."""
        return np.array([status == "converged" for status in self.statuses], dtype=bool)

    @property
    def log_likelihoods(self) -> Float64Array:
        """Total log-likelihood of each fit."""
        return self._columns.log_likelihoods

    @property
    def n_iter(self) -> Int64Array:
        """Passes over the data of each fit."""
        return self._columns.n_iter

    @property
    def seeds(self) -> Int64Array:
        """The random_state of each fit."""
        return self._columns.seeds


class _ByKey(Mapping[Any, FitResult]):
    """The results by label; a label is there though its set has none, and then it is an error.

    What goes over the results, or has a default to give, passes over such a set: it must not hide
    the others.
    """

    def __init__(self, results: FitResults, places: dict[Any, int]) -> None:
        self._results, self._errors = results, results._columns.errors
        self._places = places

    def __getitem__(self, key: Any) -> FitResult:
        return self._results[self._places[key]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __repr__(self) -> str:
        shown = [repr(key) for key, _ in zip(self._places, range(_LABELS_SHOWN), strict=False)]
        more = f", ... of {len(self)}" if len(self) > _LABELS_SHOWN else ""
        return f"<results by label: {', '.join(shown)}{more}>"

    def get(self, key: Any, default: Any = None) -> Any:
        place = self._places.get(key)
        return default if place is None or self._errors[place] else self._results[place]

    def items(self) -> ItemsView[Any, FitResult]:
        return ItemsView(self._with_result())

    def values(self) -> ValuesView[FitResult]:
        return ValuesView(self._with_result())

    def _with_result(self) -> _ByKey:
        places = {key: place for key, place in self._places.items() if not self._errors[place]}
        return _ByKey(self._results, places)
