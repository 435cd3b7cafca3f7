"""A mixture of factor analysers as a distribution: loadings and noise instead of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from gaussmix._parameters import (
    check_array,
    check_means,
    check_weights,
    checked_names,
    factorised,
    reciprocal_conditions,
    shape_of_means,
)
from gaussmix._record import frozen, read_only
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix.covariance import CovarianceType, n_parameters
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture

__all__ = ["FactorMixture"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class FactorMixture(Mixture):
    r"""A mixture of K factor analysers in D dimensions, each with q factors.

    .. math:: p(x) = \sum_{k=1}^K w_k \, N(x \mid \mu_k, \Lambda_k \Lambda_k^T + \Psi_k)

    with :math:`\Psi_k` diagonal [1]_: within component k a row is :math:`\mu_k + \Lambda_k u + e`,
    with q independent standard normal factors u and independent noise e. It has the methods of a
    `Mixture`, at the price of D q operations per row and component. Loadings are determined up to
    a rotation, :math:`\Lambda_k R`.

    `covariances`, `precisions` and `precisions_cholesky`, of shape (K, D, D), are made each time
    they are asked for.

    Parameters
    ----------
    weights : array-like of shape (K,)
        Share of each component; not negative, of sum 1 (to 1e-6, then normalised).
    means : array-like of shape (K, D)
        Centre of each component.
    loadings : array-like of shape (K, D, q)
        What a unit of each factor adds to each feature.
    noise_variances : array-like of shape (K, D)
        The diagonals of :math:`\Psi_k`; positive.
    feature_names : sequence of str, optional
        Names of the columns. Frames with other names are then refused.

    Raises
    ------
    GaussmixError
        A parameter has the wrong shape, is not finite, or is no weight or variance.

    References
    ----------
    .. [1] Z. Ghahramani and G. E. Hinton, "The EM algorithm for mixtures of factor analyzers",
       Technical Report CRG-TR-96-1, University of Toronto (1996).

    Examples
    --------
    >>> import gaussmix as gx
    >>> mixture = gx.FactorMixture([1.0], [[0.0, 0.0]], [[[1.0], [2.0]]], [[0.5, 0.5]])
    >>> mixture
    FactorMixture(factor (UUU), 1 component, 2 features, 1 factor)
    >>> mixture.covariances
    array([[[1.5, 2. ],
            [2. , 4.5]]])
    """

    loadings: Float64Array
    noise_variances: Float64Array

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        loadings: ArrayLike,
        noise_variances: ArrayLike,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        K, D = shape_of_means(means)
        self.__dict__.update(
            weights=read_only(check_weights(weights, K)),
            means=read_only(check_means(means, K, D)),
            loadings=read_only(_checked_loadings(loadings, K, D)),
            noise_variances=read_only(_checked_noise(noise_variances, K, D)),
            covariance_type=CovarianceType.FACTOR,
            feature_names=checked_names(feature_names, D),
        )

    @classmethod
    def _of_engine(
        cls,
        outcome: Mapping[str, Any],
        covariance_type: CovarianceType,
        feature_names: tuple[str, ...] | None,
    ) -> Self:
        """Wrap parameters that the engine made: they are what the constructor checks for."""
        packed = outcome["covariances"]
        mixture = cls.__new__(cls)
        mixture.__dict__.update(
            weights=frozen(outcome["weights"]),
            means=frozen(outcome["means"]),
            loadings=read_only(packed[:, :, :-1]),
            noise_variances=read_only(packed[:, :, -1]),
            covariance_type=covariance_type,
            feature_names=feature_names,
        )
        return mixture

    @property
    def n_factors(self) -> int:
        """Number of factors of each component, q."""
        return int(self.loadings.shape[2])

    @property
    def n_parameters(self) -> int:
        """Number of free parameters: weights, means, loadings (less rotations) and noise."""
        return n_parameters(
            self.covariance_type, self.n_components, self.n_features, self.n_factors
        )

    @property  # type: ignore[misc]
    def covariances(self) -> Float64Array:
        """The matrices, shape (K, D, D)."""
        matrices = self.loadings @ np.swapaxes(self.loadings, -1, -2)
        diagonal = np.arange(self.n_features)
        matrices[:, diagonal, diagonal] += self.noise_variances
        return frozen((matrices + np.swapaxes(matrices, -1, -2)) / 2)

    @property  # type: ignore[misc]
    def precisions_cholesky(self) -> Float64Array:
        """Upper triangular U with inverse(covariance) = U U^T, shape (K, D, D)."""
        full = CovarianceType.FULL
        sizes = self.n_components, self.n_features
        return frozen(factorised(self.covariances, full, *sizes, "covariances")[1])

    @property
    def precisions(self) -> Float64Array:
        """Inverses of the covariances, shape (K, D, D)."""
        weighted = self.loadings / self.noise_variances[:, :, None]
        inner = np.swapaxes(weighted, -1, -2)
        matrices = -weighted @ np.linalg.solve(self._inner, inner)
        diagonal = np.arange(self.n_features)
        matrices[:, diagonal, diagonal] += 1 / self.noise_variances
        return frozen((matrices + np.swapaxes(matrices, -1, -2)) / 2)

    @cached_property
    def log_determinants(self) -> Float64Array:
        """Log-determinant of the covariance of each component, shape (K,)."""
        logs = np.log(self.noise_variances).sum(axis=1)
        return read_only(logs + np.linalg.slogdet(self._inner)[1])

    @cached_property
    def reciprocal_conditions(self) -> Float64Array:
        """How far each covariance is from singular, shape (K,): 1 is round, 0 is singular."""
        full = CovarianceType.FULL
        sizes = self.n_components, self.n_features
        return read_only(reciprocal_conditions(self.covariances, full, *sizes))

    @property
    def _inner(self) -> Float64Array:
        """I + Lambda^T Psi^-1 Lambda, shape (K, q, q)."""
        weighted = self.loadings / self.noise_variances[:, :, None]
        return np.asarray(np.eye(self.n_factors) + np.swapaxes(weighted, -1, -2) @ self.loadings)

    @cached_property
    def _packed(self) -> Float64Array:
        """What the engine takes for covariances: loadings and noise of each feature."""
        columns = (self.loadings, self.noise_variances[:, :, None])
        return read_only(np.concatenate(columns, axis=2))

    def _engine_parameters(self) -> tuple[str, Float64Array, Float64Array, Float64Array]:
        return self.covariance_type.value, self.weights, self.means, self._packed

    def _values(self) -> tuple[Any, ...]:
        parameters = (self.weights, self.means, self.loadings, self.noise_variances)
        return (*parameters, self.feature_names)

    def _compared(self) -> tuple[Any, ...]:
        return self._values()

    def __repr__(self) -> str:
        factors = "factor" if self.n_factors == 1 else "factors"
        return f"Factor{super().__repr__()[:-1]}, {self.n_factors} {factors})"


def _checked_loadings(values: ArrayLike, n_components: int, n_features: int) -> Float64Array:
    n_factors = np.shape(values)[2] if np.ndim(values) == 3 else 1
    loadings = check_array(values, (n_components, n_features, n_factors), "loadings")
    if not 0 < n_factors < n_features:
        raise GaussmixError(
            f"loadings must have shape (K, D, q) with 0 < q < D = {n_features}, got q = "
            f"{n_factors}."
        )
    return loadings


def _checked_noise(values: ArrayLike, n_components: int, n_features: int) -> Float64Array:
    noise = check_array(values, (n_components, n_features), "noise_variances")
    if not (noise > 0).all():
        k, d = np.argwhere(~(noise > 0))[0].tolist()
        raise GaussmixError(
            f"noise_variances must be positive, but noise_variances[{k}, {d}] is {noise[k, d]!s}."
        )
    return noise


def mixture_class(covariance_type: CovarianceType) -> type[Mixture]:
    """Return the class of mixtures of this structure."""
    return FactorMixture if covariance_type is CovarianceType.FACTOR else Mixture
