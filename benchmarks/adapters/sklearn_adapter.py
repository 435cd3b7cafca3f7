"""scikit-learn; its threads are those of the BLAS under NumPy and SciPy."""

from __future__ import annotations

import importlib.util
import warnings

from benchmarks.adapters.base import ALL_TYPES, RIDGE, Fit, Stopwatch
from benchmarks.problems import Array, Parameters
from benchmarks.shapes import precisions


class SklearnAdapter:
    """`sklearn.mixture.GaussianMixture` with a tolerance that never stops it."""

    name = "scikit-learn"
    covariance_types = ALL_TYPES
    note = ""

    def available(self) -> bool:
        return all(importlib.util.find_spec(name) for name in ("sklearn", "threadpoolctl"))

    def version(self) -> str:
        import sklearn
        import sklearn.mixture  # most of the library's size

        return str(sklearn.__version__)

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        model = GaussianMixture(
            len(start.weights),
            covariance_type=covariance_type,
            weights_init=start.weights,
            means_init=start.means,
            precisions_init=precisions(start.covariances, covariance_type),
            tol=0.0,
            reg_covar=RIDGE,
            max_iter=n_iter,
        )
        with threadpool_limits(n_threads), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            with Stopwatch() as watch:
                model.fit(X)
        mixture = Parameters(model.weights_, model.means_, model.covariances_)
        return Fit(watch.seconds, watch.cpu_seconds, mixture)
