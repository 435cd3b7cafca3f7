"""The two halves of EM: ``mixture = m_step(e_step(X, mixture))``."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._fitted import Fitted, data_for, mixture_of
from gaussmix._provenance import common_names, digest_of
from gaussmix._runtime import core
from gaussmix._summary import numbered
from gaussmix._typing import ArrayLike, Int64Array
from gaussmix._validation import (
    check_choice,
    check_n_threads,
    check_optional_real,
    feature_names_of,
)
from gaussmix.covariance import CovarianceType, resolve_covariance_type, scatter_kind
from gaussmix.exceptions import (
    DegenerateError,
    GaussmixError,
    GaussmixTypeError,
    warn_repaired,
)
from gaussmix.mixture import Mixture
from gaussmix.statistics import SufficientStatistics, as_dict, from_dict

__all__ = ["e_step", "m_step"]

ON_DEGENERATE = ("repair", "raise")


def e_step(
    X: ArrayLike,
    mixture: Fitted,
    *,
    sample_weight: ArrayLike | None = None,
    covariance_type: str | CovarianceType | None = None,
    n_threads: int | None = None,
) -> SufficientStatistics:
    r"""Compute the sufficient statistics of data under a mixture.

    Every row is shared out among the components by its responsibilities
    :math:`r_{ik} = w_k N(x_i | k) / p(x_i)` (Dempster, Laird & Rubin 1977 [1]_). They are used as
    they are made; the n x K table of them is never held.

    Parameters
    ----------
    X : array-like or frame of shape (n, D)
    mixture : Mixture
        The current mixture, or a result or a fitted estimator that holds it.
    sample_weight : array-like of shape (n,), optional
        Frequency weights: 2 is the row twice, 0 is the row absent.
    covariance_type : str or CovarianceType, optional
        The structure whose M-step the statistics must serve; that of `mixture` if None.
    n_threads : int, optional
        None: what the process may use. The result has the same bits for any number.

    Returns
    -------
    SufficientStatistics

    Raises
    ------
    GaussmixError
        `X` or `sample_weight` is unfit.
    GaussmixTypeError
        `mixture` holds no mixture, or `X` does not hold numbers.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data
       via the EM algorithm", J. R. Statist. Soc. B 39 (1977), 1-38.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([0.5, 0.5], [[0.0], [10.0]], [1.0, 1.0], "spherical")
    >>> statistics = gx.e_step([[-1.0], [1.0], [9.0], [11.0]], mixture)
    >>> statistics.weight.round(6), statistics.mean.round(6).ravel()
    (array([2., 2.]), array([ 0., 10.]))
    """
    current = mixture_of(mixture, "mixture")
    structure = resolve_covariance_type(
        current.covariance_type if covariance_type is None else covariance_type
    )
    _check_has_steps(structure)
    threads = check_n_threads(n_threads)
    data, weight = data_for(current, X, sample_weight, threads)
    names = current.feature_names or feature_names_of(X)
    kind = scatter_kind(structure)
    values = core.e_step(data, weight, *current._engine_parameters(), kind, threads)
    return from_dict(values, kind, names, digest_of(current))


def m_step(
    statistics: SufficientStatistics,
    *,
    covariance_type: str | CovarianceType = CovarianceType.FULL,
    reg_covar: float | None = None,
    previous: Fitted | None = None,
    on_degenerate: str = "repair",
) -> Mixture:
    r"""Compute the mixture of greatest likelihood, given sufficient statistics.

    Weights :math:`n_k / \sum_j n_j`, means :math:`\bar x_k`, and covariances by structure:
    :math:`W_k / n_k` (full), :math:`\sum_k W_k / \sum_k n_k` (tied), the diagonal of
    :math:`W_k / n_k` (diag), its mean (spherical); Celeux & Govaert 1995 [1]_. The other structures
    are in `CovarianceType`; where their maximum has no closed form, the descent starts at
    `previous`.

    Parameters
    ----------
    statistics : SufficientStatistics
        From `e_step` with this `covariance_type`, or a sum of such.
    covariance_type : str or CovarianceType, default "full"
    reg_covar : float, optional
        None: eigenvalues of a covariance are kept above 1e-8 times the scale of the data, which
        changes nothing in a covariance that is not singular. A number is added to every variance,
        as in scikit-learn.
    previous : Mixture, optional
        Where a descent starts: the likelihood cannot fall then. And a component without weight
        keeps its mean and covariance in `previous`; without `previous` it takes those of all data.
        Names of columns are those of the statistics, or else those of `previous`.
    on_degenerate : {"repair", "raise"}, default "repair"
        What to do about a singular covariance.

    Returns
    -------
    Mixture

    Raises
    ------
    GaussmixError
        The statistics lack what the structure needs, or do not fit `previous`.
    DegenerateError
        A covariance is singular, and `on_degenerate` is "raise" or the units of the columns leave
        nothing to repair it with: see `CovarianceType`.

    Warns
    -----
    RepairWarning
        A covariance was singular and is repaired, or a component had no weight.

    References
    ----------
    .. [1] G. Celeux and G. Govaert, "Gaussian parsimonious clustering models", Pattern
       Recognition 28 (1995), 781-793.

    Examples
    --------
    >>> import gaussmix as gx
    >>> one = gx.Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> mixture = gx.m_step(gx.e_step([[1.0], [3.0]], one))
    >>> mixture.means, mixture.covariances
    (array([[2.]]), array([[[1.]]]))
    """
    if not isinstance(statistics, SufficientStatistics):
        raise GaussmixTypeError(
            "statistics must be a SufficientStatistics, as e_step returns it, got "
            f"{type(statistics).__name__}."
        )
    structure = resolve_covariance_type(covariance_type)
    _check_has_steps(structure)
    ridge = check_optional_real(reg_covar, "reg_covar")
    policy = check_choice(on_degenerate, "on_degenerate", ON_DEGENERATE)
    if not statistics.weight.any():
        raise GaussmixError(
            "the statistics have no weight in any component, so they determine no mixture: add "
            "those of some data first."
        )
    earlier, names = None, statistics.feature_names
    if previous is not None:
        before = mixture_of(previous, "previous")
        earlier = _as_previous(before, statistics, structure)
        names = common_names(names, before.feature_names, "the statistics and previous")
    values = _run(statistics, structure, ridge, policy, earlier)
    _tell_of_repairs(values["floored"], values["emptied"], keeping=previous is not None)
    return Mixture._of_engine(values, structure, names)


def _check_has_steps(structure: CovarianceType) -> None:
    if structure is CovarianceType.FACTOR:
        raise GaussmixError(
            "covariance_type='factor' has no e_step and m_step of its own: sums over parts of the "
            "data would depend on the loadings. Use gaussmix.fit, or statistics of another "
            "covariance_type."
        )


def _tell_of_repairs(floored: Int64Array, emptied: Int64Array, *, keeping: bool) -> None:
    filled = "kept the parameters of" if keeping else "gave mean and covariance of all data to"
    done = [
        f"{what} {', '.join(map(str, np.flatnonzero(counts)))}"
        for what, counts in (
            ("raised eigenvalues of the covariance of component", floored),
            (f"{filled} the weightless component", emptied),
        )
        if counts.any()
    ]
    if done:
        warn_repaired(
            f"the M-step {' and '.join(done)}: use fewer components or a simpler covariance_type, "
            'or on_degenerate="raise" for an error.'
        )


def _as_previous(
    previous: Mixture, statistics: SufficientStatistics, structure: CovarianceType
) -> dict[str, Any]:
    """Return the mixture in the engine's form, when it fits the statistics and the structure."""
    if previous.means.shape != statistics.mean.shape:
        raise GaussmixError(
            f"previous has {numbered(previous.n_components, 'component')} in "
            f"{numbered(previous.n_features, 'dimension')}, the statistics "
            f"{statistics.n_components} in {statistics.n_features}: pass the mixture that "
            "the E-step ran with."
        )
    if previous.covariance_type is not structure:
        raise GaussmixError(
            f"previous has covariance_type={previous.covariance_type.value!r}, but the M-step is "
            f"asked for {structure.value!r}: a component without weight could not keep its "
            "covariance. Leave previous out or pass a mixture of the same structure."
        )
    names = ("means", "covariances", "precisions_cholesky")
    return {name: getattr(previous, name) for name in names}


def _run(
    statistics: SufficientStatistics,
    structure: CovarianceType,
    reg_covar: float | None,
    on_degenerate: str,
    previous: dict[str, Any] | None,
) -> dict[str, Any]:
    try:
        return core.m_step(
            as_dict(statistics),
            statistics.scatter_kind,
            structure.value,
            reg_covar,
            on_degenerate,
            previous,
        )
    except DegenerateError:
        raise
    except ValueError as error:
        too_little = "is not enough for" in str(error)
        remedy = f" Run e_step with covariance_type={structure.value!r}." if too_little else ""
        raise GaussmixError(
            f"these statistics cannot give covariances of covariance_type={structure.value!r}: "
            f"{error}.{remedy}"
        ) from error
