"""A Gaussian mixture as a distribution: fitted, loaded from a file, or written down by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from gaussmix import _criteria
from gaussmix._engine_errors import beyond_float64
from gaussmix._memory import check_rows_to_return
from gaussmix._parameters import (
    check_means,
    check_weights,
    checked_names,
    factorised,
    reciprocal_conditions,
    shape_of_means,
    with_given_factors,
)
from gaussmix._random import seed_from
from gaussmix._record import Record, frozen, read_only
from gaussmix._runtime import core
from gaussmix._typing import ArrayLike, Float64Array, FloatArray, Int64Array, RandomSource
from gaussmix._uncertainty import uncertainty_of
from gaussmix._validation import (
    check_feature_names,
    check_integer,
    check_n_threads,
    check_sample_weight,
    check_X,
    feature_names_of,
)
from gaussmix.covariance import (
    CovarianceType,
    in_short_form,
    n_parameters,
    resolve_covariance_type,
)
from gaussmix.exceptions import GaussmixError

__all__ = ["Mixture"]

_LARGEST_FACTOR = 1e140  # reciprocal of the smallest standard deviation whose square is safe


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Mixture(Record):
    r"""A mixture of K Gaussian distributions in D dimensions.

    .. math:: p(x) = \sum_{k=1}^K w_k \, N(x \mid \mu_k, \Sigma_k)

    The arrays are read-only float64 copies of what is given. Two mixtures are equal when their
    parameters are, element by element; a mixture pickles, but has no hash.

    Parameters
    ----------
    weights : array-like of shape (K,)
        Share of each component; not negative, of sum 1 (to 1e-6, then normalised).
    means : array-like of shape (K, D)
        Centre of each component.
    covariances : array-like
        Positive definite, symmetric (to 1e-6, then symmetrised), in the shape of their structure:
        (K, D, D) full, (D, D) tied, (K, D) diag, (K,) spherical, the last two variances; and
        (K, D, D) for all other structures, to which the matrices must belong (to 1e-6).
    covariance_type : str or CovarianceType, default "full"
        ``full``, ``tied``, ``diag``, ``spherical`` or the code of a structure, such as ``VEI``: see
        `CovarianceType`.
    feature_names : sequence of str, optional
        Names of the columns. Frames with other names are then refused.
    precisions_cholesky : array-like, optional
        Upper triangular U with inverse(covariance) = U U^T, in the shape of `covariances`; 1 / sd
        for diag and spherical (scikit-learn's convention). None: computed from `covariances`. A
        fit hands over its own: next to a singularity the matrix holds fewer digits of the
        density than its factor does.

    Raises
    ------
    GaussmixError
        A parameter has the wrong shape, is not finite, or is no weight or covariance.

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.Mixture([0.25, 0.75], [[0.0], [4.0]], [1.0, 1.0], covariance_type="spherical")
    >>> mixture
    Mixture(spherical (VII), 2 components, 1 feature)
    >>> mixture.assign([[-1.0], [5.0]])
    array([0, 1])
    >>> mixture.responsibilities([[2.0]])
    array([[0.25, 0.75]])
    """

    weights: Float64Array
    means: Float64Array
    covariances: Float64Array
    covariance_type: CovarianceType
    feature_names: tuple[str, ...] | None
    precisions_cholesky: Float64Array

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        covariance_type: str | CovarianceType = CovarianceType.FULL,
        feature_names: Sequence[str] | None = None,
        precisions_cholesky: ArrayLike | None = None,
    ) -> None:
        structure = resolve_covariance_type(covariance_type)
        if structure is CovarianceType.FACTOR:
            raise GaussmixError(
                "covariances of covariance_type='factor' are given as loadings and noise: use "
                "gaussmix.FactorMixture(weights, means, loadings, noise_variances)."
            )
        K, D = shape_of_means(means)
        if precisions_cholesky is None:
            matrices, factor = factorised(covariances, structure, K, D, "covariances")
        else:
            matrices, factor = with_given_factors(covariances, precisions_cholesky, structure, K, D)
        values = {
            "weights": read_only(check_weights(weights, K)),
            "means": read_only(check_means(means, K, D)),
            "covariances": read_only(matrices),
            "covariance_type": structure,
            "feature_names": checked_names(feature_names, D),
            "precisions_cholesky": read_only(factor),
        }
        self.__dict__.update(values)

    @classmethod
    def _of_engine(
        cls,
        outcome: Mapping[str, Any],
        covariance_type: CovarianceType,
        feature_names: tuple[str, ...] | None,
    ) -> Self:
        """Wrap parameters that the engine made: they are what the constructor checks for.

        Only where variances come near the end of float64's range is that worth checking.
        """
        weights, means, covariances = (outcome[n] for n in ("weights", "means", "covariances"))
        factor = outcome["precisions_cholesky"]
        if not np.abs(factor).max() < _LARGEST_FACTOR:
            try:
                return cls(weights, means, covariances, covariance_type, feature_names, factor)
            except GaussmixError as error:  # about arguments that nobody gave
                raise beyond_float64() from error
        mixture = cls.__new__(cls)
        mixture.__dict__.update(
            weights=frozen(weights),
            means=frozen(means),
            covariances=frozen(covariances),
            covariance_type=covariance_type,
            feature_names=feature_names,
            precisions_cholesky=frozen(factor),
        )
        return mixture

    # --- parameters that follow from the others -----------------------------------------------

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """Number of dimensions, D."""
        return int(self.means.shape[1])

    @property
    def n_parameters(self) -> int:
        """Number of free parameters: weights, means and covariances."""
        return n_parameters(self.covariance_type, self.n_components, self.n_features)

    @cached_property
    def log_determinants(self) -> Float64Array:
        """Log-determinant of the covariance of each component, shape (K,)."""
        factor = self.precisions_cholesky
        if in_short_form(self.covariance_type) == "spherical":
            logs = self.n_features * np.log(factor)
        elif in_short_form(self.covariance_type) == "diag":
            logs = np.log(factor).sum(axis=-1)
        else:
            logs = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
        return read_only(np.broadcast_to(-2.0 * logs, self.n_components))

    @cached_property
    def reciprocal_conditions(self) -> Float64Array:
        """How far each covariance is from singular, shape (K,): 1 is round, 0 is singular.

        Measured in units of the standard deviations, so the scale of a column does not matter.
        """
        return read_only(
            reciprocal_conditions(
                self.covariances, self.covariance_type, self.n_components, self.n_features
            )
        )

    @cached_property
    def precisions(self) -> Float64Array:
        """Inverses of the covariances, in the shape of `covariances`."""
        factor = self.precisions_cholesky
        if in_short_form(self.covariance_type) in ("diag", "spherical"):
            return read_only(factor**2)
        return read_only(factor @ np.swapaxes(factor, -1, -2))

    # --- what it says about data --------------------------------------------------------------

    def log_density(self, X: ArrayLike, n_threads: int | None = None) -> FloatArray:
        """Return the log-density of each row, log p(x).

        Parameters
        ----------
        X : array-like or frame of shape (n, D)
        n_threads : int, optional
            None: what the process may use, read at each call.

        Returns
        -------
        ndarray of shape (n,)
            float32 for float32 data, else float64.

        Raises
        ------
        GaussmixError
            `X` is no finite table of D columns.

        Examples
        --------
        >>> import gaussmix as gx
        >>> gx.Mixture([1.0], [[0.0]], [[[1.0]]]).log_density([[0.0]]).round(6)
        array([-0.918939])
        """
        values: FloatArray = self._evaluate(X, n_threads, "log_density")
        return values

    def component_log_density(self, X: ArrayLike, n_threads: int | None = None) -> FloatArray:
        """Return the log-density under each component alone, log N(x | k), shape (n, K).

        The weights play no part. Parameters and errors as in `log_density`.
        """
        # The engine adds log(weight): with weights of one it adds zero, and exactly so.
        structure, _, *others = self._engine_parameters()
        unweighted = core.prepare(structure, np.ones(self.n_components), *others)
        values: FloatArray = self._evaluate(X, n_threads, "joint_log_density", unweighted)
        return values

    def responsibilities(self, X: ArrayLike, n_threads: int | None = None) -> FloatArray:
        """Return the probability of each component given the row, shape (n, K); rows sum to 1.

        Parameters and errors as in `log_density`.
        """
        values: FloatArray = self._evaluate(X, n_threads, "responsibilities")
        return values

    def assign(self, X: ArrayLike, n_threads: int | None = None) -> Int64Array:
        """Return the most probable component of each row, shape (n,), int64; the first of equals.

        Parameters and errors as in `log_density`.
        """
        labels: Int64Array = self._evaluate(X, n_threads, "labels")
        return labels

    def uncertainty(self, X: ArrayLike, n_threads: int | None = None) -> FloatArray:
        """Return how likely each row is to belong to another component than it is assigned to.

        1 minus the largest responsibility, shape (n,): between 0 and 1 - 1 / K. Parameters and
        errors as in `log_density`.

        Examples
        --------
        >>> import gaussmix as gx
        >>> mixture = gx.Mixture([0.25, 0.75], [[0.0], [4.0]], [1.0, 1.0], "spherical")
        >>> mixture.uncertainty([[2.0]])
        array([0.25])
        """
        return uncertainty_of(self.responsibilities(X, n_threads))

    def score(
        self, X: ArrayLike, sample_weight: ArrayLike | None = None, n_threads: int | None = None
    ) -> float:
        """Return the mean log-density of the rows, per unit weight.

        Parameters
        ----------
        X : array-like or frame of shape (n, D)
        sample_weight : array-like of shape (n,), optional
            Frequency weights: a weight of 2 is the row twice.
        n_threads : int, optional
            None: what the process may use, read at each call.

        Raises
        ------
        GaussmixError
            `X` is no finite table of D columns, or `sample_weight` does not fit it.

        Examples
        --------
        >>> import gaussmix as gx
        >>> mixture = gx.Mixture([1.0], [[0.0]], [[[1.0]]])
        >>> round(mixture.score([[0.0], [1.0]], sample_weight=[3, 1]), 6)
        -1.043939
        """
        log_likelihood, total = self._log_likelihood(X, sample_weight, n_threads)
        return log_likelihood / total

    def bic(
        self, X: ArrayLike, sample_weight: ArrayLike | None = None, n_threads: int | None = None
    ) -> float:
        """Return Schwarz's criterion of the data, -2 log L + p ln(total weight); lower is better.

        p is `n_parameters`. Parameters and errors as in `score`.

        Examples
        --------
        >>> import gaussmix as gx
        >>> mixture = gx.Mixture([1.0], [[0.0]], [[[1.0]]])
        >>> round(mixture.bic([[0.0], [1.0]]), 6), round(mixture.aic([[0.0], [1.0]]), 6)
        (6.062048, 8.675754)
        """
        log_likelihood, total = self._log_likelihood(X, sample_weight, n_threads)
        return _criteria.bic(log_likelihood, self.n_parameters, total)

    def aic(
        self, X: ArrayLike, sample_weight: ArrayLike | None = None, n_threads: int | None = None
    ) -> float:
        """Return Akaike's criterion of the data, -2 log L + 2 p; for the rest see `bic`."""
        log_likelihood, _ = self._log_likelihood(X, sample_weight, n_threads)
        return _criteria.aic(log_likelihood, self.n_parameters)

    def marginal(self, features: int | str | Sequence[int | str]) -> Mixture:
        """Return the mixture that some of the features have, in the order that is given.

        It is of structure ``full``, whatever that of the whole; names are kept.

        Parameters
        ----------
        features : int, str or sequence of them
            Positions or names of different features.

        Raises
        ------
        GaussmixError
            A feature is unknown or there twice, its name is that of several, or there is none.

        Examples
        --------
        >>> import gaussmix as gx
        >>> mixture = gx.Mixture([1.0], [[5.0, 7.0]], [[1.0, 4.0]], "diag", ["height", "weight"])
        >>> mixture.marginal("weight").covariances
        array([[[4.]]])
        """
        from gaussmix._marginal import columns_of, marginal  # imports Mixture, so not at the top

        return marginal(self, columns_of(features, self.feature_names, self.n_features))

    def sample(
        self, n_samples: int = 1, random_state: RandomSource = None
    ) -> tuple[Float64Array, Int64Array]:
        """Draw rows independently.

        Parameters
        ----------
        n_samples : int, default 1
        random_state : None, int, RandomState or Generator, optional
            An integer gives the same draws every time.

        Returns
        -------
        X : ndarray of shape (n_samples, D)
        labels : ndarray of shape (n_samples,), int64
            The component that each row came from.

        Raises
        ------
        InsufficientMemoryError
            So many rows do not fit in the memory that there is; a ``MemoryError``.

        Examples
        --------
        >>> import gaussmix as gx
        >>> mixture = gx.Mixture([0.5, 0.5], [[0.0], [100.0]], [1.0, 1.0], "spherical")
        >>> X, labels = mixture.sample(3, random_state=0)
        >>> X.shape, bool((labels == (X[:, 0] > 50)).all())
        ((3, 1), True)
        """
        count = check_integer(n_samples, "n_samples", minimum=1)
        check_rows_to_return(count, self.n_features)
        return core.sample(*self._engine_parameters(), count, seed_from(random_state))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the mixture to a file that `gaussmix.load` reads back to the bit."""
        from gaussmix.persistence import save  # imports Mixture, so not at the top

        save(self, path)

    def _rows(self, X: ArrayLike, n_threads: int | None) -> FloatArray:
        check_feature_names(feature_names_of(X), self.feature_names)
        return check_X(X, n_features=self.n_features, estimator_name="Mixture", n_threads=n_threads)

    def _log_likelihood(
        self, X: ArrayLike, sample_weight: ArrayLike | None, n_threads: int | None
    ) -> tuple[float, float]:
        """Return the log-likelihood of the data, and their total weight."""
        threads = check_n_threads(n_threads)
        data = self._rows(X, threads)
        weights = check_sample_weight(sample_weight, len(data))
        total = float(len(data) if weights is None else weights.sum())
        return _criteria.likelihood(data, weights, self, threads).log_likelihood, total

    def _evaluate(
        self, X: ArrayLike, n_threads: int | None, output: str, density: object = None
    ) -> Any:
        threads = check_n_threads(n_threads)
        return self._evaluate_checked(self._rows(X, threads), threads, output, density)

    def _evaluate_checked(
        self, data: FloatArray, n_threads: int | None, output: str, density: object = None
    ) -> Any:
        """Compute an output of the engine for rows that have been checked."""
        chosen = self._density if density is None else density
        result = core.evaluate(data, chosen, n_threads=n_threads, **{output: True})[output]
        # Labels are integers; all else comes back in the precision of the data, where the density
        # of a row far from everything may be minus infinity.
        if output == "labels" or result.dtype == data.dtype:
            return result
        with np.errstate(over="ignore"):
            return result.astype(data.dtype)

    @cached_property
    def _density(self) -> object:
        return core.prepare(*self._engine_parameters())

    def _engine_parameters(self) -> tuple[str, Float64Array, Float64Array, Float64Array]:
        return self.covariance_type.value, self.weights, self.means, self.precisions_cholesky

    def __repr__(self) -> str:
        features = "feature" if self.n_features == 1 else "features"
        components = "component" if self.n_components == 1 else "components"
        return (
            f"Mixture({self.covariance_type} ({self.covariance_type.code}), "
            f"{self.n_components} {components}, {self.n_features} {features})"
        )
