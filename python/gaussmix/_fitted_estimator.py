"""What a fitted estimator does with its mixture, under scikit-learn's names."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any, Self

import numpy as np

from gaussmix import _criteria
from gaussmix._conversion import as_numbers
from gaussmix._fitted_state import FittedState
from gaussmix._typing import ArrayLike, Float64Array, FloatArray, Int64Array, RandomSource
from gaussmix._validation import (
    check_feature_names,
    check_n_threads,
    check_sample_weight,
    check_X,
    feature_names_of,
)
from gaussmix.mixture import Mixture


class FittedEstimator(FittedState):
    """The methods of an estimator once it is fitted; how it is fitted is up to its subclass."""

    n_threads: int | None
    random_state: RandomSource

    @abstractmethod
    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to data and return the estimator itself."""

    def fit_predict(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Int64Array:
        """Fit the mixture and return ``predict(X)``; parameters as for `fit`."""
        return self.fit(X, sample_weight=sample_weight).predict(X)

    # ---- use of the fitted mixture ------------------------------------------------------------

    def predict(self, X: ArrayLike) -> Int64Array:
        """Return the index of the likeliest component of each row, shape (n_samples,)."""
        labels: Int64Array = self._evaluate(X, "labels")
        return labels

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Return the posterior probabilities, shape (n_samples, n_components).

        ``r[i, k] = weights_[k] N(x_i | k) / sum_j weights_[j] N(x_i | j)``.
        """
        values: FloatArray = self._evaluate(X, "responsibilities")
        return values

    def score_samples(self, X: ArrayLike) -> FloatArray:
        """Return the log-density of each row, shape (n_samples,)."""
        values: FloatArray = self._evaluate(X, "log_density")
        return values

    def score(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the mean log-density per unit weight."""
        sums, total = self._likelihood(self._mixture, X, sample_weight)
        return sums.log_likelihood / total

    def sample(self, n_samples: int = 1) -> tuple[Float64Array, Int64Array]:
        """Draw from the fitted mixture.

        Parameters
        ----------
        n_samples : int, default=1

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Independent draws, in random order.
        labels : ndarray of shape (n_samples,)
            The component of each.
        """
        return self._mixture.sample(n_samples, random_state=self.random_state)

    def bic(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return ``-2 log L + p log(n)``: lower is better (G. Schwarz 1978).

        L is the likelihood of X, p the number of free parameters, n the total weight.
        """
        mixture = self._mixture
        sums, total = self._likelihood(mixture, X, sample_weight)
        return _criteria.bic(sums.log_likelihood, mixture.n_parameters, total)

    def aic(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return ``-2 log L + 2 p``: lower is better (H. Akaike 1974)."""
        mixture = self._mixture
        sums, _ = self._likelihood(mixture, X, sample_weight)
        return _criteria.aic(sums.log_likelihood, mixture.n_parameters)

    def icl(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return ``bic - 2 sum_i w_i log max_k r_ik``: lower is better.

        BIC with a penalty for rows that no component is sure of; the hard variant, as in mclust,
        of C. Biernacki, G. Celeux & G. Govaert (2000).
        """
        mixture = self._mixture
        sums, total = self._likelihood(mixture, X, sample_weight)
        bic = _criteria.bic(sums.log_likelihood, mixture.n_parameters, total)
        return _criteria.icl(bic, sums.certainty)

    # ---- the seam -----------------------------------------------------------------------------

    # Whoever answers takes the mixture once: another thread may fit the estimator at any moment.

    def _check_data(self, mixture: Mixture, X: ArrayLike, n_threads: int | None) -> FloatArray:
        """Return X as an array; float32 only where the model was fitted to float32 as well."""
        given, fitted = feature_names_of(X), mixture.feature_names
        check_feature_names(given, fitted)
        if (given is None) != (fitted is None):
            _warn_of_names_on_one_side(type(self).__name__, fitted is not None)
        data = check_X(
            X,
            n_features=mixture.n_features,
            estimator_name=type(self).__name__,
            n_threads=n_threads,
        )
        return data.astype(np.result_type(data.dtype, self._dtype), copy=False)

    def _evaluate(self, X: ArrayLike, output: str) -> Any:
        threads = check_n_threads(self.n_threads)
        mixture = self._mixture
        return mixture._evaluate_checked(self._check_data(mixture, X, threads), threads, output)

    def _likelihood(
        self, mixture: Mixture, X: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[_criteria.Likelihood, float]:
        """Return the sums over X, and its total weight."""
        threads = check_n_threads(self.n_threads)
        data = self._check_data(mixture, X, threads)
        weights = check_sample_weight(sample_weight, len(data))
        total = float(len(data) if weights is None else weights.sum())
        return _criteria.likelihood(data, weights, mixture, threads), total


def float_dtype(X: ArrayLike) -> np.dtype[Any]:
    """Return float32 for a table of float32, else float64; looks at one row of big tables."""
    rows = X[:1] if isinstance(X, np.ndarray | list) else X.head(1) if hasattr(X, "head") else X
    return as_numbers(rows, "X", keep_float32=True).dtype


def _warn_of_names_on_one_side(estimator: str, fitted_with_names: bool) -> None:
    message = (
        f"X does not have valid feature names, but {estimator} was fitted with feature names"
        if fitted_with_names
        else f"X has feature names, but {estimator} was fitted without feature names"
    )
    # This function, _check_data, what called it, the public method, and then the caller's line.
    warnings.warn(message, UserWarning, stacklevel=5)
