"""A Gaussian mixture as a distribution: fitted, loaded from a file, or written down by hand."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from gaussmix._conversion import as_numbers
from gaussmix._memory import check_rows_to_return
from gaussmix._parameters import (
    check_means,
    check_weights,
    factorised,
    reciprocal_conditions,
    with_given_factors,
)
from gaussmix._random import seed_from
from gaussmix._record import Record, frozen, read_only
from gaussmix._runtime import core
from gaussmix._typing import ArrayLike, Float64Array, FloatArray, Int64Array, RandomSource
from gaussmix._validation import (
    check_feature_names,
    check_integer,
    check_n_threads,
    check_X,
    feature_names_of,
)
from gaussmix.covariance import (
    CovarianceType,
    in_short_form,
    n_parameters,
    resolve_covariance_type,
)
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

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
        factor = outcome["precisions_cholesky"]
        if not np.abs(factor).max() < _LARGEST_FACTOR:
            return cls(
                outcome["weights"],
                outcome["means"],
                outcome["covariances"],
                covariance_type,
                feature_names,
                factor,
            )
        mixture = cls.__new__(cls)
        mixture.__dict__.update(
            weights=frozen(outcome["weights"]),
            means=frozen(outcome["means"]),
            covariances=frozen(outcome["covariances"]),
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
        table = self.responsibilities(X, n_threads)
        # The sum of the others keeps digits that 1 - r has lost.
        np.put_along_axis(table, table.argmax(axis=1)[:, None], 0.0, axis=1)
        values: FloatArray = table.sum(axis=1)
        return values

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

    def _evaluate(
        self, X: ArrayLike, n_threads: int | None, output: str, density: object = None
    ) -> Any:
        threads = check_n_threads(n_threads)
        check_feature_names(feature_names_of(X), self.feature_names)
        data = check_X(X, n_features=self.n_features, estimator_name="Mixture", n_threads=threads)
        return self._evaluate_checked(data, threads, output, density)

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


def shape_of_means(means: ArrayLike) -> tuple[int, int]:
    """Return (K, D), which the other parameters must fit."""
    shape = as_numbers(means, "means").shape
    if len(shape) != 2 or 0 in shape:
        raise GaussmixError(
            "means must have shape (n_components, n_features), at least one of each, but has "
            f"shape {shape}."
        )
    return int(shape[0]), int(shape[1])


def checked_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...] | None:
    """Return names of the columns; None for none."""
    if names is None:
        return None
    are_text = isinstance(names, Collection) and all(isinstance(name, str) for name in names)
    if isinstance(names, str) or not are_text:
        raise GaussmixTypeError(
            f"feature_names must be None or a sequence of {n_features} strings, got {names!r}."
        )
    if len(names) != n_features:
        raise GaussmixError(
            f"feature_names must hold {n_features} names, one per column of means, got "
            f"{len(names)}."
        )
    return tuple(str(name) for name in names)
