"""What a bootstrap found: the parameters of all resamples, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gaussmix._bootstrap_summary import as_text
from gaussmix._record import Record, read_only
from gaussmix._typing import AnyArray, Float64Array, Int64Array
from gaussmix._validation import check_share
from gaussmix.mixture import Mixture

__all__ = ["BootstrapInterval", "BootstrapResult", "ParameterArrays"]


@dataclass(frozen=True, eq=False)
class ParameterArrays(Record):
    """One number for each parameter of a mixture, in the shapes of the mixture's own arrays.

    Parameters
    ----------
    weights : ndarray of shape (K,)
    means : ndarray of shape (K, D)
    covariances : ndarray
        In the shape of the structure, as `Mixture.covariances`.
    """

    weights: Float64Array
    means: Float64Array
    covariances: Float64Array

    def __post_init__(self) -> None:
        for name in ("weights", "means", "covariances"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class BootstrapInterval(Record):
    """Limits of an interval for each parameter, taken by itself.

    Parameters
    ----------
    level : float
        Nominal probability that the interval covers the parameter.
    lower, upper : ParameterArrays
    """

    level: float
    lower: ParameterArrays
    upper: ParameterArrays


@dataclass(frozen=True, eq=False, repr=False)
class BootstrapResult(Record):
    """The outcome of `gaussmix.bootstrap`: the parameters of every resample.

    Resamples that could not be fitted keep their place and hold NaN; standard errors and intervals
    are those of the others, repaired and unconverged ones included.

    Parameters
    ----------
    mixture : Mixture
        What had been fitted.
    method : str
        ``weighted`` or ``nonparametric``.
    weights : ndarray of shape (B, K)
    means : ndarray of shape (B, K, D)
    covariances : ndarray of shape (B, ...)
        As `Mixture.covariances`, behind the axis of resamples.
    statuses : tuple of str
        How the fit of each resample ended; ``degenerate`` or ``failed`` where there is none.
    repairs : ndarray of int64, shape (B,)
        M-steps in which a component of the resample had to be repaired, see `Repairs`.
    """

    mixture: Mixture
    method: str
    weights: Float64Array
    means: Float64Array
    covariances: Float64Array
    statuses: tuple[str, ...]
    repairs: Int64Array

    def __post_init__(self) -> None:
        for name in ("weights", "means", "covariances"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        repairs = np.array(self.repairs, dtype=np.int64)
        repairs.flags.writeable = False
        object.__setattr__(self, "repairs", repairs)

    # --- the resamples ------------------------------------------------------------------------

    @property
    def n_resamples(self) -> int:
        """Number of resamples, B, failed ones included."""
        return len(self.statuses)

    @property
    def ok(self) -> AnyArray:
        """Whether each resample could be fitted, shape (B,)."""
        return ~np.isnan(self.weights[:, 0])

    @property
    def n_failed(self) -> int:
        """Resamples that could not be fitted and are left out."""
        return int(np.count_nonzero(~self.ok))

    @property
    def n_repaired(self) -> int:
        """Resamples in which a singular or empty component was repaired."""
        return int(np.count_nonzero(self.repairs))

    @property
    def n_unconverged(self) -> int:
        """Resamples whose fit used up its passes."""
        return sum(status == "max_iter" for status in self.statuses)

    # --- what follows from them ---------------------------------------------------------------

    @cached_property
    def standard_errors(self) -> ParameterArrays:
        """Standard deviation of each parameter over the resamples; NaN if only one was fitted."""
        return ParameterArrays(*(_deviation(values) for values in self._fitted))

    @cached_property
    def bias(self) -> ParameterArrays:
        """Mean of each parameter over the resamples, less the fitted one."""
        fitted = (self.mixture.weights, self.mixture.means, self.mixture.covariances)
        found = zip(self._fitted, fitted, strict=True)
        return ParameterArrays(*(values.mean(axis=0) - one for values, one in found))

    def interval(self, level: float = 0.95) -> BootstrapInterval:
        """Return percentile intervals.

        The limits are the order statistics number (B + 1) (1 - level) / 2 and
        (B + 1) (1 + level) / 2 of the resamples [1]_, interpolated where these are no whole
        numbers.

        Parameters
        ----------
        level : float, default 0.95
            Between 0 and 1.

        Returns
        -------
        BootstrapInterval

        Raises
        ------
        GaussmixError
            `level` is not between 0 and 1.

        References
        ----------
        .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application",
           Cambridge University Press (1997), section 5.3.1.

        Examples
        --------
        >>> import gaussmix as gx
        >>> X = [[0.0], [1.0], [2.0], [3.0]]
        >>> boot = gx.bootstrap(X, gx.fit(X), random_state=0)
        >>> interval = boot.interval(0.9)
        >>> bool(0.5 < interval.lower.means < 1.5 < interval.upper.means < 2.5)
        True
        """
        level = check_share(level, "level")
        tails = [(1 - level) / 2, (1 + level) / 2]
        limits = [np.quantile(v, tails, axis=0, method="weibull") for v in self._fitted]
        lower, upper = (ParameterArrays(*(limit[side] for limit in limits)) for side in (0, 1))
        return BootstrapInterval(level, lower, upper)

    @cached_property
    def _fitted(self) -> tuple[Float64Array, Float64Array, Float64Array]:
        ok = self.ok
        return self.weights[ok], self.means[ok], self.covariances[ok]

    # --- in words -----------------------------------------------------------------------------

    def summary(self, level: float = 0.95) -> str:
        """Lay out estimates, standard errors and intervals of weights, means and variances."""
        return as_text(self, level)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return (
            f"BootstrapResult({self.method}, {self.n_resamples} resamples: {self.n_failed} failed, "
            f"{self.n_repaired} repaired, {self.n_unconverged} not converged)"
        )


def _deviation(values: Float64Array) -> Float64Array:
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    deviation: Float64Array = values.std(axis=0, ddof=1)
    return deviation
