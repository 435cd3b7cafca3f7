"""What a fit leaves behind, under scikit-learn's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np

from gaussmix._typing import Float64Array, FloatArray
from gaussmix.exceptions import not_fitted_error
from gaussmix.factor_mixture import FactorMixture
from gaussmix.mixture import Mixture
from gaussmix.result import FitResult

T = TypeVar("T")


class FittedAttribute(Generic[T]):
    """An attribute that follows from the fit: missing before it, never set by hand.

    All of them are read from `result_`, the whole of the fitted state, so that they cannot
    disagree with one another or with what ``predict`` does.
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        self.__doc__ = read.__doc__
        self._read = read
        self._name = read.__name__

    @overload
    def __get__(self, estimator: None, owner: type) -> Self: ...
    @overload
    def __get__(self, estimator: object, owner: type) -> T: ...
    def __get__(self, estimator: Any, owner: type) -> Self | T:
        return self if estimator is None else self._read(estimator)

    def __set__(self, estimator: object, value: object) -> None:
        raise AttributeError(
            f"{self._name} follows from the fit and cannot be set. For a mixture with given "
            "parameters use gaussmix.Mixture(weights, means, covariances, covariance_type=...), "
            "which has the methods of a fitted one; to start EM from them pass weights_init, "
            "means_init and covariances_init."
        )


class _MissingBeforeFit:
    """Answers for what a fit stores in the estimator, until it is there and hides this."""

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self
        raise not_fitted_error(
            f"This {owner.__name__} instance is not fitted yet: call fit(X) first."
        )


# Of no type, so that the attribute may be declared with that of what will be stored.
missing_before_fit: Any = _MissingBeforeFit()


class FittedState:
    """All that an estimator knows after a fit, read off `result_`."""

    result_: FitResult = missing_before_fit
    _dtype: np.dtype[Any]

    @FittedAttribute
    def weights_(self) -> FloatArray:
        """Weights of the components, shape (n_components,)."""
        return self._rounded(self._mixture.weights)

    @FittedAttribute
    def means_(self) -> FloatArray:
        """Means of the components, shape (n_components, n_features)."""
        return self._rounded(self._mixture.means)

    @FittedAttribute
    def covariances_(self) -> FloatArray:
        """Covariances of the components, in the shape of their structure."""
        return self._rounded(self._mixture.covariances)

    @FittedAttribute
    def precisions_(self) -> FloatArray:
        """Inverse covariances."""
        return self._rounded(self._mixture.precisions)

    @FittedAttribute
    def precisions_cholesky_(self) -> FloatArray:
        """Upper triangular U with ``precision = U @ U.T``."""
        return self._rounded(self._mixture.precisions_cholesky)

    @FittedAttribute
    def loadings_(self) -> FloatArray:
        """Factor loadings, shape (n_components, n_features, n_factors); of ``factor`` only."""
        return self._rounded(self._factor_mixture.loadings)

    @FittedAttribute
    def noise_variances_(self) -> FloatArray:
        """Noise variances, shape (n_components, n_features); of ``factor`` only."""
        return self._rounded(self._factor_mixture.noise_variances)

    @FittedAttribute
    def converged_(self) -> bool:
        """Whether the kept start met the stopping rule."""
        return self._result.converged

    @FittedAttribute
    def n_iter_(self) -> int:
        """How many passes over the data the kept start took."""
        return self._result.n_iter

    @FittedAttribute
    def lower_bound_(self) -> float:
        """Mean log-likelihood, with that of a prior, per unit weight at the returned parameters."""
        result = self._result
        return (result.log_likelihood + result.log_prior) / result.total_weight

    @FittedAttribute
    def lower_bounds_(self) -> list[float]:
        """Values of `lower_bound_` before each pass of the kept start."""
        return [float(total) / self._result.total_weight for total in self._result.trace]

    @FittedAttribute
    def n_features_in_(self) -> int:
        """How many columns the training data had."""
        return self._mixture.n_features

    @FittedAttribute
    def feature_names_in_(self) -> np.ndarray[Any, np.dtype[np.object_]]:
        """Column names of the training data, where all are strings."""
        names = self._mixture.feature_names
        if names is None:
            raise AttributeError(
                f"This {type(self).__name__} has no feature_names_in_: the data that it was fitted "
                "to had no column names."
            )
        return np.array(names, dtype=object)

    def _n_parameters(self) -> int:
        return self._mixture.n_parameters

    def __sklearn_is_fitted__(self) -> bool:
        return "result_" in vars(self)

    @property
    def _result(self) -> FitResult:
        return self.result_

    @property
    def _mixture(self) -> Mixture:
        return self._result.mixture

    @property
    def _factor_mixture(self) -> FactorMixture:
        mixture = self._mixture
        if isinstance(mixture, FactorMixture):
            return mixture
        raise AttributeError(
            f"This {type(self).__name__} has no loadings and noise: covariance_type='factor' has."
        )

    def _rounded(self, parameters: Float64Array) -> FloatArray:
        """Return an array of the mixture in the precision of the training data."""
        if parameters.dtype == self._dtype:
            return parameters
        with np.errstate(over="ignore", under="ignore"):  # beyond float32: result_ has all of it
            rounded = parameters.astype(self._dtype)
        rounded.flags.writeable = False
        return rounded
