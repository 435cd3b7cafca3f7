"""What an M-step needs to know of data: sums that add up over any parts of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gaussmix._conversion import as_numbers
from gaussmix._parameters import checked_names, symmetric
from gaussmix._provenance import LARGEST_DIGEST, common_digest, common_names
from gaussmix._record import Record, read_only
from gaussmix._runtime import core
from gaussmix._summary import numbered
from gaussmix._typing import Float64Array
from gaussmix._validation import as_float, check_integer, check_real
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

__all__ = ["SufficientStatistics"]

_SCATTER_KINDS = tuple(dict.fromkeys(one[3] for one in core.structures()))
_ROUNDING = 1e-8  # of sums of squares, relative to the largest


@dataclass(frozen=True, eq=False)
class SufficientStatistics(Record):
    r"""Weight, mean and scatter of each component: all that an M-step sees of the data.

    With the responsibilities :math:`r_{ik}` and the sample weights :math:`w_i`,

    .. math::
        n_k = \sum_i w_i r_{ik}, \quad
        \bar x_k = \frac{1}{n_k} \sum_i w_i r_{ik} x_i, \quad
        W_k = \sum_i w_i r_{ik} (x_i - \bar x_k)(x_i - \bar x_k)^T .

    The statistics of two parts of a data set under one mixture add up, with ``+``, to those of the
    whole [1]_. So data may lie in chunks, in files, or on other machines. Those that remember
    different mixtures, or other columns, are refused.

    Parameters
    ----------
    weight : ndarray of shape (K,)
        n_k.
    mean : ndarray of shape (K, D)
        The mean of each component; where its weight is 0, its mean under the mixture of the E-step.
    scatter : ndarray
        Centred at `mean`: W_k (K, D, D) "full", their sum (D, D) "pooled", their diagonals (K, D)
        "diag", their traces (K,) "trace".
    scatter_kind : str
        Which of these.
    log_likelihood : float
        Sum of w_i log p(x_i) under the mixture of the E-step; NaN if there was none.
    total_weight : float
        Sum of w_i.
    n_effective : float
        Kish's effective number of rows, (sum of w_i)^2 / (sum of w_i^2).
    n_rows : int
        Rows of positive weight.
    feature_names : sequence of str, optional
        Names of the columns.
    mixture_digest : int, optional
        CRC-32 of the parameters of the mixture of the E-step; None if there was none, or if they
        are of several, as in a stream.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample
       variance", The American Statistician 37 (1983), 242-247.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> both = gx.e_step([[1.0], [3.0]], mixture) + gx.e_step([[5.0]], mixture)
    >>> both.n_rows, float(both.mean[0, 0]), float(both.scatter[0, 0, 0])
    (3, 3.0, 8.0)
    """

    weight: Float64Array
    mean: Float64Array
    scatter: Float64Array
    scatter_kind: str
    log_likelihood: float
    total_weight: float
    n_effective: float
    n_rows: int
    feature_names: tuple[str, ...] | None = None
    mixture_digest: int | None = None

    def __post_init__(self) -> None:
        for name in ("weight", "mean", "scatter"):
            object.__setattr__(self, name, read_only(as_numbers(getattr(self, name), name)))
        _check_shapes(self)
        names = checked_names(self.feature_names, self.n_features)
        object.__setattr__(self, "feature_names", names)
        _check_values(self)
        _check_scatter(self)

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return int(self.mean.shape[0])

    @property
    def n_features(self) -> int:
        """Number of dimensions, D."""
        return int(self.mean.shape[1])

    def __add__(self, other: SufficientStatistics) -> SufficientStatistics:
        """Merge into the statistics of the union of two data sets under the same mixture."""
        if not isinstance(other, SufficientStatistics):
            return NotImplemented
        _check_addable(self, other)
        names = common_names(self.feature_names, other.feature_names, "the statistics to add")
        digest = common_digest(self.mixture_digest, other.mixture_digest)
        merged = core.merge_statistics(as_dict(self), as_dict(other), self.scatter_kind)
        return from_dict(merged, self.scatter_kind, names, digest)

    def __radd__(self, other: object) -> SufficientStatistics:
        """Let the built-in ``sum`` start from 0."""
        if other == 0 and isinstance(other, int):
            return self
        return NotImplemented

    def scale(self, factor: float) -> SufficientStatistics:
        """Return the statistics of the same data with all sample weights multiplied by `factor`.

        Factors below 1 let old data fade, as in a stream, where every part is of a later mixture
        than the one before. So what is scaled forgets its mixture, and adds to statistics of any.

        Raises
        ------
        GaussmixError
            `factor` is not positive and finite, or so large or so small that the sum of the weights
            leaves the range of float64.
        GaussmixTypeError
            `factor` is not a number.

        Examples
        --------
        >>> import gaussmix as gx
        >>> statistics = gx.e_step([[1.0], [3.0]], gx.Mixture([1.0], [[0.0]], [[[1.0]]]))
        >>> half = statistics.scale(0.5)
        >>> float(half.weight[0]), float(half.mean[0, 0]), half.n_effective
        (1.0, 2.0, 2.0)
        """
        factor = check_real(factor, "factor", above=0)
        total_weight = self.total_weight * factor
        if not 0 < total_weight < math.inf:
            raise GaussmixError(
                f"with factor {factor!r} the sum of the weights leaves the range of float64: use "
                "a factor nearer to 1."
            )
        return SufficientStatistics(
            weight=self.weight * factor,
            mean=self.mean,
            scatter=self.scatter * factor,
            scatter_kind=self.scatter_kind,
            log_likelihood=self.log_likelihood * factor,
            total_weight=total_weight,
            n_effective=self.n_effective,
            n_rows=self.n_rows,
            feature_names=self.feature_names,
        )

    def __repr__(self) -> str:
        return (
            f"SufficientStatistics({self.scatter_kind} scatter, "
            f"{numbered(self.n_components, 'component')}, {numbered(self.n_features, 'feature')}, "
            f"{numbered(self.n_rows, 'row')}, weight {self.total_weight:g})"
        )


def as_dict(statistics: SufficientStatistics) -> dict[str, Any]:
    """Return the statistics in the engine's form."""
    names = (
        "weight",
        "mean",
        "scatter",
        "log_likelihood",
        "total_weight",
        "n_effective",
        "n_rows",
    )
    return {name: getattr(statistics, name) for name in names}


def from_dict(
    values: dict[str, Any],
    scatter_kind: str,
    feature_names: tuple[str, ...] | None,
    mixture_digest: int | None,
) -> SufficientStatistics:
    """Return the statistics that the engine made, and where they come from."""
    return SufficientStatistics(
        scatter_kind=scatter_kind,
        feature_names=feature_names,
        mixture_digest=mixture_digest,
        **values,
    )


def _check_shapes(statistics: SufficientStatistics) -> None:
    if statistics.scatter_kind not in _SCATTER_KINDS:
        raise GaussmixError(
            f"scatter_kind must be one of {', '.join(map(repr, _SCATTER_KINDS))}, got "
            f"{statistics.scatter_kind!r}."
        )
    if statistics.mean.ndim != 2 or 0 in statistics.mean.shape:
        raise GaussmixError(
            "mean must have shape (n_components, n_features), at least one of each, but has shape "
            f"{statistics.mean.shape}."
        )
    K, D = statistics.mean.shape
    shapes = {"full": (K, D, D), "pooled": (D, D), "diag": (K, D), "trace": (K,)}
    wanted = {"weight": (K,), "scatter": shapes[statistics.scatter_kind]}
    for name, shape in wanted.items():
        given = getattr(statistics, name).shape
        if given != shape:
            raise GaussmixError(
                f"{name} must have shape {shape} to go with a mean of shape {(K, D)} and "
                f"{statistics.scatter_kind} scatter, but has shape {given}."
            )


def _check_values(statistics: SufficientStatistics) -> None:
    if not (np.isfinite(statistics.weight).all() and (statistics.weight >= 0).all()):
        raise GaussmixError("weight must be finite and not negative in every component.")
    for name in ("mean", "scatter"):
        if not np.isfinite(getattr(statistics, name)).all():
            raise GaussmixError(
                f"{name} must be finite: sums that leave the range of float64 are those of data or "
                "weights to be rescaled."
            )
    as_float(statistics.log_likelihood, "log_likelihood must be a number")  # perhaps NaN
    for name in ("total_weight", "n_effective"):
        check_real(getattr(statistics, name), name, minimum=0)
    check_integer(statistics.n_rows, "n_rows", minimum=0)
    if statistics.mixture_digest is not None:
        check_integer(
            statistics.mixture_digest, "mixture_digest", minimum=0, maximum=LARGEST_DIGEST
        )


def _check_scatter(statistics: SufficientStatistics) -> None:
    """Refuse what is no scatter of any rows; the matrices become symmetric to the bit."""
    scatter = statistics.scatter
    if statistics.scatter_kind in ("full", "pooled"):
        # Of equal rows far from the means of the E-step rounding is all that is in a diagonal: its
        # sign says nothing. The engine's own matrices are symmetric to the bit.
        if not np.array_equal(scatter, np.swapaxes(scatter, -1, -2)):
            object.__setattr__(statistics, "scatter", read_only(symmetric(scatter, "scatter")))
    elif scatter.min() < -_ROUNDING * scatter.max():
        raise GaussmixError(
            f"{statistics.scatter_kind} scatter must hold sums of squares, but its smallest number "
            f"is {scatter.min():.6g}: take the sums about the mean of each component."
        )


def _check_addable(a: SufficientStatistics, b: SufficientStatistics) -> None:
    if a.scatter_kind != b.scatter_kind:
        raise GaussmixTypeError(
            f"statistics with {a.scatter_kind} and with {b.scatter_kind} scatter do not add up: "
            "run e_step with the same covariance_type on every part."
        )
    if a.mean.shape != b.mean.shape:
        raise GaussmixError(
            f"statistics of {a.n_components} components in {a.n_features} dimensions and of "
            f"{b.n_components} in {b.n_features} do not add up: run e_step with the same mixture "
            "on every part."
        )
