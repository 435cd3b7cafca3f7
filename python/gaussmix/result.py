"""What a fit found, how it got there, and what to make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gaussmix import _criteria
from gaussmix._agreement import adjusted_rand_index, reached_best
from gaussmix._reasons import reasons_of
from gaussmix._record import Record, read_only
from gaussmix._summary import as_html, as_text, how_it_ended, numbered
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix._validation import check_feature_names, check_sample_weight, check_X, feature_names_of
from gaussmix.covariance import CovarianceType
from gaussmix.mixture import Mixture

__all__ = ["FitResult", "RepairEvent", "Repairs", "StartOutcome"]


@dataclass(frozen=True, eq=False)
class Repairs(Record):
    """How often the covariance of each component had to be repaired; false if it never was.

    Parameters
    ----------
    floored : tuple of int
        M-steps in which the eigenvalue floor acted on component k, the start's included.
    emptied : tuple of int
        M-steps in which component k had no weight and kept its earlier mean and covariance.
    """

    floored: tuple[int, ...]
    emptied: tuple[int, ...]

    @property
    def total(self) -> int:
        """All repairs of all components."""
        return sum(self.floored) + sum(self.emptied)

    def __bool__(self) -> bool:
        return self.total > 0


@dataclass(frozen=True, eq=False)
class RepairEvent(Record):
    """What was done about a component that the data cannot carry.

    Parameters
    ----------
    start : int
        Number of the start, from 0.
    iteration, last_iteration : int
        The passes, counted from 1, in whose M-steps it happened, one after the other; 0 is the
        initialisation.
    component : int or None
        Its number when the start began; None for a covariance that all components share.
    n_effective : float
        Effective rows of the component, in the last of these M-steps.
    eigenvalue : float
        Smallest eigenvalue of its covariance, in units of the columns' variances; NaN where it had
        no rows to have one.
    action : str
        ``floored``: eigenvalues were raised to 1e-8 in those units. ``emptied``: no row was left,
        and it kept its earlier parameters. ``dropped``: it was taken out of the mixture.
        ``restarted``: it was seeded anew, and the likelihood ended higher for that;
        ``restart_rejected``: it did not, and everything is as before.
    """

    start: int
    iteration: int
    last_iteration: int
    component: int | None
    n_effective: float
    eigenvalue: float
    action: str


@dataclass(frozen=True, eq=False)
class StartOutcome(Record):
    """How one start of EM went.

    Parameters
    ----------
    status : str
        ``converged``; ``max_iter`` (its passes were used up); ``max_seconds`` (the time for the
        whole fit was); ``stopped`` (by a callback); ``interrupted`` (by Ctrl-C); ``degenerate`` (a
        covariance became singular, and ``on_degenerate="raise"``); ``raced_out`` (it fell behind
        in its first passes). When a fit is ended from outside, the starts that are still in the
        race have the status of the one that is running.
    n_iter : int
        Passes over the data in the EM loop; the two of float32 rows that are made again, in double
        precision, count once.
    log_likelihood : float
        Total, at the final parameters of this start, or before its last pass when it was raced
        out; NaN when degenerate.
    trace : ndarray
        Total log-likelihood at the parameters before each pass, those of undone steps left out;
        with a prior, `log_prior` included. It never falls but where `events` tell of a component
        that was dropped or restarted.
    predicted_gain : float
        Log-likelihood (with a prior: plus `log_prior`) still to be gained, in total, from the final
        parameters on; see `FitResult.predicted_gain`.
    repairs : Repairs
    events : tuple of RepairEvent
        In the order in which they began.
    log_prior : float
        Log-density of the prior at the final parameters, up to a constant; 0 without a prior.
    rejected : int
        Accelerated steps that the likelihood test undid.
    message : str
        What was degenerate, or behind what the start fell.
    mixture : Mixture or None
        Where the start ended; None unless it was `finished` or is the best.
    """

    status: str
    n_iter: int
    log_likelihood: float
    trace: Float64Array
    predicted_gain: float
    repairs: Repairs
    events: tuple[RepairEvent, ...] = ()
    log_prior: float = 0.0
    rejected: int = 0
    message: str = ""
    mixture: Mixture | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "trace", read_only(self.trace))

    @property
    def objective(self) -> float:
        """What the fit maximises: `log_likelihood` + `log_prior`."""
        return self.log_likelihood + self.log_prior

    @property
    def finished(self) -> bool:
        """Whether it was run to its end: it converged, or used up its passes."""
        return self.status in ("converged", "max_iter")

    def __repr__(self) -> str:
        return (
            f"StartOutcome({how_it_ended(self)}, log-likelihood {self.log_likelihood:.10g}, "
            f"{numbered(self.repairs.total, 'repair')})"
        )


@dataclass(frozen=True, eq=False)
class FitResult(Record):
    """The outcome of `gaussmix.fit`: the best mixture of all starts, and the story of the fit.

    Results compare element by element, times left out: the same fit again is equal. They pickle,
    and do not keep the data.

    Parameters
    ----------
    mixture : Mixture
        The mixture of the best start.
    log_likelihood : float
        Total over the rows, each times its weight, at the parameters of `mixture`.
    starts : tuple of StartOutcome
        In the order in which they ran.
    best_start : int
        Index of the start that `mixture` comes from.
    n_rows : int
        Rows of positive weight.
    total_weight : float
        Sum of the weights; the number of rows if there are none.
    n_effective : float
        (sum of w)^2 / (sum of w^2).
    seconds_init, seconds_em : float
        Wall-clock time in initialisation and in EM, all starts together.
    icl : float
        BIC - 2 sum_i w_i log max_k r_ik; lower is better. It is BIC with a penalty for rows in
        doubt (Biernacki, Celeux & Govaert 2000 [1]_, in the hard form of mclust). NaN after an
        interrupt.
    column_scale : ndarray of shape (D,)
        The scale of each column to which the eigenvalue floor is relative.
    history : ndarray
        The last log-likelihoods of the fits that this one carried on from; empty if there were
        none. With `trace` they are what the stopping rule looks at when a fit carries on again.
    max_eigenvalue_ratio : float, optional
        The bound that the fit kept to.
    reg_covar : float, optional
        What the fit added to variances; None: nothing but a floor.
    given_start : bool
        Whether the caller's initial parameters left nothing to chance, so that there was but one
        start.

    References
    ----------
    .. [1] C. Biernacki, G. Celeux and G. Govaert, "Assessing a mixture model for clustering with
       the integrated completed likelihood", IEEE Trans. PAMI 22 (2000), 719-725.

    Examples
    --------
    >>> import gaussmix as gx
    >>> X = [[-1.5], [0.0], [1.5], [8.5], [10.0], [11.5]]
    >>> result = gx.fit(X, 2, covariance_type="tied", random_state=0)
    >>> result.status, result.reasons
    ('converged', ())
    >>> sorted(result.mixture.means.ravel().round(6).tolist())
    [0.0, 10.0]
    >>> result.mixture.covariances.round(6)
    array([[1.5]])
    """

    mixture: Mixture
    log_likelihood: float
    starts: tuple[StartOutcome, ...]
    best_start: int
    n_rows: int
    total_weight: float
    n_effective: float
    seconds_init: float = field(compare=False)
    seconds_em: float = field(compare=False)
    icl: float
    column_scale: Float64Array
    history: Float64Array
    max_eigenvalue_ratio: float | None = None
    reg_covar: float | None = None
    given_start: bool = False

    def __post_init__(self) -> None:
        for name in ("column_scale", "history"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    # --- of the best start --------------------------------------------------------------------

    @property
    def status(self) -> str:
        """How the best start ended; see `StartOutcome`."""
        return self._best.status

    @property
    def converged(self) -> bool:
        """Whether the best start met its stopping rule."""
        return self.status == "converged"

    @property
    def n_iter(self) -> int:
        """Passes over the data in the EM loop of the best start; see `StartOutcome`."""
        return self._best.n_iter

    @property
    def trace(self) -> Float64Array:
        """Log-likelihood before each pass of the best start; see `StartOutcome`."""
        return self._best.trace

    @property
    def predicted_gain(self) -> float:
        r"""Log-likelihood, plus `log_prior`, that the best start could still gain.

        It is predicted from the last steps of EM and is never negative. Without acceleration the
        last four gains are taken for the sum of two geometric series, which they determine

        .. math:: g_{i+2} = p\, g_{i+1} + q\, g_i, \qquad
                  \sum_{j > i+1} g_j = \frac{(p + q)\, g_{i+1} + q\, g_i}{1 - p - q}

        (Shanks' second-order form of Aitken's extrapolation [1]_ [2]_ [3]_), and for one series,
        :math:`g a / (1 - a)`, where they do not. Accelerated EM has no such series: there, with r
        a step of EM and I - J the map from the way to the maximum to r, it is

        .. math:: \tfrac12 \langle r, (I - J)^{-1} r \rangle

        in the product of the complete-data information [2]_, by Rayleigh and Ritz's method in the
        space of the last ten differences of steps (five, of more than 2^20 parameters). It tells of
        the maximum whose neighbourhood has been reached: at a plateau, as a large `tol` takes for
        the end, it is too low.

        NaN when unknown: before there are two gains, and under a ridge where the likelihood falls.

        References
        ----------
        .. [1] D. Boehning, E. Dietz, R. Schaub, P. Schlattmann and B. G. Lindsay, "The distribution
           of the likelihood ratio for mixtures of densities from the one-parameter exponential
           family", Ann. Inst. Statist. Math. 46 (1994), 373-388.
        .. [2] G. J. McLachlan and T. Krishnan, "The EM Algorithm and Extensions", 2nd ed., Wiley
           (2008), chapters 3 and 4.
        .. [3] D. Shanks, "Non-linear transformations of divergent and slowly convergent
           sequences", J. Math. and Phys. 34 (1955), 1-42.
        """
        return self._best.predicted_gain

    @property
    def repairs(self) -> Repairs:
        """Repairs in the best start."""
        return self._best.repairs

    @property
    def events(self) -> tuple[RepairEvent, ...]:
        """What was done, and when, about components that the data cannot carry; of all starts."""
        return tuple(event for start in self.starts for event in start.events)

    @property
    def log_prior(self) -> float:
        """Log-density of the prior at the returned parameters, up to a constant; 0 without one."""
        return self._best.log_prior

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the reader should know before trusting the result, and what to do about it.

        Empty when the fit converged without incident.
        """
        return reasons_of(self)

    # --- of all starts ------------------------------------------------------------------------

    @property
    def n_best(self) -> int:
        """How many starts reached the best log-likelihood, the best one included.

        Starts of one optimum stop at different distances from it. So a start counts when the best
        `objective` is above its own by no more than it could still gain: three times its
        `predicted_gain`, and at most ten times what the default stopping rule leaves. Starts that
        were not `finished` do not count. Optima of the same likelihood are told apart by
        `start_agreement` alone.
        """
        return sum(reached_best(self))

    def start_agreement(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Float64Array:
        """Tell how far each start groups the rows as the best one does.

        Starts may agree in the likelihood and not in the labels, or the other way round; where
        they differ in both, the groups are not to be relied on.

        Parameters
        ----------
        X : array-like or frame of shape (n, D)
            The data that were fitted, or others: results do not keep them.
        sample_weight : array-like of shape (n,), optional
            Frequency weights. A pair of rows counts by the product of its weights, so a common
            factor does not matter.

        Returns
        -------
        ndarray of shape (n_starts,)
            Adjusted Rand index [1]_ between the labels (`Mixture.assign`) of the best start and of
            each: 1 for the same groups, around 0 for what chance would give. NaN for starts that
            were not `finished`.

        Raises
        ------
        GaussmixError
            `X` is no finite table of D columns, or `sample_weight` does not fit it.

        References
        ----------
        .. [1] L. Hubert and P. Arabie, "Comparing partitions", J. Classification 2 (1985),
           193-218.

        Examples
        --------
        >>> import gaussmix as gx
        >>> X = [[-1.0], [0.0], [1.0], [9.0], [10.0], [11.0]]
        >>> result = gx.fit(X, 2, n_init=3, race=False, random_state=0)
        >>> result.n_best, result.start_agreement(X).tolist()
        (3, [1.0, 1.0, 1.0])
        """
        check_feature_names(feature_names_of(X), self.mixture.feature_names)
        data = check_X(X, n_features=self.n_features, estimator_name="FitResult")
        weight = check_sample_weight(sample_weight, len(data))
        best = self.mixture._evaluate_checked(data, None, "labels")

        def agreement(mixture: Mixture | None) -> float:
            if mixture is None:
                return math.nan
            return adjusted_rand_index(
                best, mixture._evaluate_checked(data, None, "labels"), weight
            )

        return np.array([agreement(one.mixture) for one in self.starts])

    # --- of the mixture -----------------------------------------------------------------------

    @property
    def covariance_type(self) -> CovarianceType:
        """Structure of the covariances."""
        return self.mixture.covariance_type

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return self.mixture.n_components

    @property
    def n_features(self) -> int:
        """Number of dimensions, D."""
        return self.mixture.n_features

    @property
    def n_parameters(self) -> int:
        """Number of free parameters, p."""
        return self.mixture.n_parameters

    @property
    def aic(self) -> float:
        """-2 log L + 2 p; lower is better. See `bic` about weights."""
        return _criteria.aic(self.log_likelihood, self.n_parameters)

    @property
    def bic(self) -> float:
        """-2 log L + p ln(total weight); lower is better (mclust's BIC is its negative).

        Weights are counts of rows here. Of weights that are shares or importances it tells nothing:
        compare models by `gaussmix.select` with ``sample_size="effective"`` then.
        """
        return _criteria.bic(self.log_likelihood, self.n_parameters, self.total_weight)

    # --- in words -----------------------------------------------------------------------------

    def summary(self) -> str:
        """Lay the fit out as text: the data, the model, the criteria, and each component."""
        return as_text(self)

    def __repr__(self) -> str:
        return (
            f"FitResult({how_it_ended(self._best)}, log-likelihood {self.log_likelihood:.10g}, "
            f"{self.mixture!r})"
        )

    def _repr_html_(self) -> str:
        """Lay out the summary for a notebook."""
        return as_html(self)

    @property
    def _best(self) -> StartOutcome:
        return self.starts[self.best_start]
