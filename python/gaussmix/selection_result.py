"""What a search over models found: every cell of its table, and the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from gaussmix._optional import optional_module
from gaussmix._record import Record
from gaussmix._search_cell import AT_BOUND
from gaussmix._selection_text import as_html, as_text, components, models
from gaussmix._typing import ArrayLike
from gaussmix._validation import check_X
from gaussmix._without_choice import advice_for_none, why_none
from gaussmix.covariance import CovarianceType, n_parameters, resolve_covariance_type
from gaussmix.exceptions import GaussmixError
from gaussmix.result import FitResult

__all__ = ["SelectionCell", "SelectionResult"]

# Arguments of a fit that `refit` has from the search.
_OF_THE_SEARCH = {
    *("n_components", "covariance_type", "n_factors", "start"),
    *("weights_init", "means_init", "covariances_init", "precisions_init", "responsibilities_init"),
}


@dataclass(frozen=True, eq=False)
class SelectionCell(Record):
    """One model of a search: a covariance structure with a number of components.

    Parameters
    ----------
    covariance_type : CovarianceType
    n_components : int
    n_features : int
    criterion : float
        Value of the criterion of the search; NaN where there is no fit, and not finite either
        where the criterion has no value.
    result : FitResult or None
    origin : str
        Where the kept fit started: ``partition``, the partition that all structures share;
        ``split``, the fit with fewer components; or the code of a structure within this one.
    spurious : str
        Why the likelihood is not to be believed (a covariance at the bound on eigenvalues, or one
        that a few rows determine); empty otherwise. Such a cell is never the best.
    failure : str
        Why there is no fit; empty otherwise.
    n_fits : int
        Fits that were tried, short ones included.
    seconds : float
        Wall-clock time of the cell.
    """

    covariance_type: CovarianceType
    n_components: int
    n_features: int
    criterion: float
    result: FitResult | None
    origin: str
    spurious: str
    failure: str
    n_fits: int
    seconds: float = field(compare=False)

    @property
    def log_likelihood(self) -> float:
        """Total log-likelihood of the fit; NaN where there is none."""
        return math.nan if self.result is None else self.result.log_likelihood

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return n_parameters(self.covariance_type, self.n_components, self.n_features)

    @property
    def eligible(self) -> bool:
        """Whether the cell may be the best: it has a fit, and that is not spurious."""
        return not self.spurious and math.isfinite(self.criterion)

    @property
    def cut_short(self) -> bool:
        """Whether `max_iter` ended the fit before it converged.

        It did not where the fit was given up at the bound on eigenvalues, or where it is that of a
        model within this one and EM from there went no higher.
        """
        if self.result is None or self.spurious.startswith(AT_BOUND):
            return False
        return self.result.status == "max_iter" and self.result.n_iter > 0


class Table(Mapping[str, Mapping[int, Any]]):
    """Values by structure (a code; any name of it will do) and number of components."""

    def __init__(self, cells: tuple[SelectionCell, ...], read: Callable[[SelectionCell], Any]):
        rows: dict[str, dict[int, Any]] = {}
        for cell in cells:
            rows.setdefault(cell.covariance_type.code, {})[cell.n_components] = read(cell)
        self._rows = {code: MappingProxyType(row) for code, row in rows.items()}

    def __getitem__(self, structure: str) -> Mapping[int, Any]:
        if structure in self._rows:
            return self._rows[structure]
        try:
            return self._rows[resolve_covariance_type(structure).code]
        except GaussmixError:
            raise KeyError(structure) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return repr({code: dict(row) for code, row in self._rows.items()})


@dataclass(frozen=True, eq=False)
class SelectionResult(Record):
    """The outcome of `gaussmix.select`: a fit for every model, and the best of them.

    The table is consistent: no model has a lower likelihood than one that it contains, along the
    covariance structures and along the number of components. Results compare element by element,
    times left out.

    Parameters
    ----------
    cells : tuple of SelectionCell
        By structure, and within it by number of components.
    criterion_name : str
        See `gaussmix.select`; lower is better.
    fingerprint : str
        Of data, weights and settings, so that a search is not carried on with others.
    seconds : float
        Wall-clock time of the whole search.
    sample_size : str, default "weight"
        What the criterion took for the number of rows, see `gaussmix.select`. The ``bic`` of a
        cell's `result` always counts the sum of the weights.
    reasons : tuple of str
        What the reader should know before trusting the choice: how many fits `max_iter` ended;
        columns that are constant, or combinations of others, and so keep structures out of it.
        Empty where there is nothing.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from gaussmix.datasets import load_faithful
    >>> found = gx.select(load_faithful().data, range(1, 5), ["full", "tied", "VVI"])
    >>> found.best_structure, found.best_n_components
    ('EEE', 3)
    >>> found.criterion["tied"][3] < found.criterion["full"][2]
    True
    """

    cells: tuple[SelectionCell, ...]
    criterion_name: str
    fingerprint: str
    seconds: float = field(compare=False)
    sample_size: str = "weight"
    reasons: tuple[str, ...] = ()

    # --- the table ----------------------------------------------------------------------------

    @property
    def covariance_types(self) -> tuple[str, ...]:
        """Codes of the structures."""
        return tuple(dict.fromkeys(cell.covariance_type.code for cell in self.cells))

    @property
    def n_components(self) -> tuple[int, ...]:
        """Numbers of components."""
        return tuple(sorted({cell.n_components for cell in self.cells}))

    @cached_property
    def log_likelihood(self) -> Table:
        """Log-likelihoods: ``log_likelihood[structure][n_components]``; NaN without a fit."""
        return Table(self.cells, lambda cell: cell.log_likelihood)

    @cached_property
    def n_parameters(self) -> Table:
        """Numbers of free parameters, in the same form."""
        return Table(self.cells, lambda cell: cell.n_parameters)

    @cached_property
    def criterion(self) -> Table:
        """Values of the criterion, in the same form; lower is better."""
        return Table(self.cells, lambda cell: cell.criterion)

    @property
    def failures(self) -> dict[tuple[str, int], str]:
        """Why there is no fit, by structure and number of components."""
        return self._noted(lambda cell: cell.failure)

    @property
    def spurious(self) -> dict[tuple[str, int], str]:
        """Why a likelihood is not to be believed, by structure and number of components."""
        return self._noted(lambda cell: cell.spurious)

    def _noted(self, read: Callable[[SelectionCell], str]) -> dict[tuple[str, int], str]:
        return {
            (cell.covariance_type.code, cell.n_components): read(cell)
            for cell in self.cells
            if read(cell)
        }

    def cell(self, covariance_type: str, n_components: int) -> SelectionCell:
        """Return one cell.

        Raises
        ------
        GaussmixError
            The search did not include this model.
        """
        structure = resolve_covariance_type(covariance_type)
        for cell in self.cells:
            if cell.covariance_type is structure and cell.n_components == n_components:
                return cell
        raise GaussmixError(
            f"the search has no cell {structure.code} with {components(n_components)}: it went "
            f"over {', '.join(self.covariance_types)} with "
            f"{', '.join(map(str, self.n_components))}."
        )

    # --- the choice ---------------------------------------------------------------------------

    @cached_property
    def ranking(self) -> tuple[SelectionCell, ...]:
        """The cells that may be the best, from the lowest criterion on; fewer parameters first."""
        eligible = [cell for cell in self.cells if cell.eligible]
        return tuple(sorted(eligible, key=lambda cell: (cell.criterion, cell.n_parameters)))

    @property
    def best(self) -> FitResult:
        """The fit with the lowest criterion.

        Raises
        ------
        GaussmixError
            There is none: every cell failed, is spurious or has no finite criterion.
        """
        best = self._best.result
        assert best is not None  # eligible cells have one
        return best

    @property
    def best_structure(self) -> str:
        """Code of the structure of `best`."""
        return self._best.covariance_type.code

    @property
    def best_n_components(self) -> int:
        """Number of components of `best`."""
        return self._best.n_components

    @property
    def _best(self) -> SelectionCell:
        if not self.ranking:
            sizes = {cell.result.n_rows for cell in self.cells if cell.result is not None}
            rows = "".join(f" (n_samples={size})" for size in sizes)  # all cells have the same
            where = ""
            if self.failures or self.spurious:
                where = "; result.failures and result.spurious say why"
            advice = " ".join(self.reasons) or advice_for_none(self)
            raise GaussmixError(
                f"no model of this search{rows} can be recommended: {why_none(self)}{where}. "
                f"{advice}"
            )
        return self.ranking[0]

    def refit(
        self, X: ArrayLike, *, sample_weight: ArrayLike | None = None, **settings: Any
    ) -> FitResult:
        """Fit the best model again, from where the search left it and from starts of its own.

        Parameters
        ----------
        X : array-like of shape (n, D)
            The data of the search, or others.
        sample_weight : array-like of shape (n,), optional
        **settings
            As in `gaussmix.fit`: for example ``n_init=20``, ``tol=1e-8``, ``prior=...``; but
            neither model nor start, which are those of the search.

        Returns
        -------
        FitResult
            The likelier of the two fits.

        Raises
        ------
        GaussmixError
            An argument is unfit, there is no best model, or `X` has other columns.
        """
        from gaussmix.fitting import fit

        unwanted = sorted(_OF_THE_SEARCH & settings.keys())
        if unwanted:
            raise GaussmixError(
                f"refit takes model and start from the search: leave out {', '.join(unwanted)}, or "
                "call gaussmix.fit."
            )
        mixture = self.best.mixture
        check_X(X, n_features=mixture.n_features, estimator_name="the search")
        common: dict[str, Any] = {
            "covariance_type": mixture.covariance_type,
            "sample_weight": sample_weight,
        }
        given: dict[str, Any] = {
            "weights_init": mixture.weights,
            "means_init": mixture.means,
            "covariances_init": mixture.covariances,
        }
        anew = fit(X, mixture.n_components, **common, **settings)
        carried_on = fit(X, mixture.n_components, **common, **settings, **given)
        return max(anew, carried_on, key=lambda result: result.starts[result.best_start].objective)

    # --- in words -----------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """Return the cells as dictionaries of plain values, all with the same keys.

        ``behind_best`` is what the criterion of a cell that may be the best is above the lowest;
        NaN for the others.
        """
        best = self.ranking[0].criterion if self.ranking else math.nan
        return [_row(cell, self.criterion_name, best) for cell in self.cells]

    def to_frame(self) -> Any:
        """Return the cells as a pandas ``DataFrame``, a row each.

        The columns are the keys of `rows`; ``behind_best`` tells how far each is from the best.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        pandas = optional_module("pandas", extra="io", purpose="SelectionResult.to_frame")
        return pandas.DataFrame(self.rows())

    def summary(self) -> str:
        """Lay out the choice, its rivals, and the table of the criterion as text."""
        return as_text(self)

    def __repr__(self) -> str:
        if not self.ranking:
            return f"SelectionResult({models(len(self.cells))}, none to recommend)"
        return (
            f"SelectionResult({models(len(self.cells))}, best by {self.criterion_name}: "
            f"{self.best_structure} with {components(self.best_n_components)})"
        )

    def _repr_html_(self) -> str:
        return as_html(self)


def _row(cell: SelectionCell, criterion: str, best: float) -> dict[str, Any]:
    result = cell.result
    return {
        "covariance_type": cell.covariance_type.code,
        "n_components": cell.n_components,
        "log_likelihood": cell.log_likelihood,
        "n_parameters": cell.n_parameters,
        criterion: cell.criterion,
        "behind_best": cell.criterion - best if cell.eligible else math.nan,
        "eligible": cell.eligible,
        "spurious": cell.spurious,
        "failure": cell.failure,
        "origin": cell.origin,
        "converged": result is not None and result.converged,
        "n_repairs": 0 if result is None else result.repairs.total,
        "n_fits": cell.n_fits,
        "seconds": cell.seconds,
    }
