"""scikit-learn; its threads are those of the BLAS under NumPy and SciPy."""

from __future__ import annotations

import importlib.util
import warnings
from time import perf_counter

import numpy as np

from benchmarks.adapters.base import RIDGE, Fit
from benchmarks.problems import Array, Parameters


class SklearnAdapter:
    """`sklearn.mixture.GaussianMixture` with a tolerance that never stops it."""

    name = "scikit-learn"

    def available(self) -> bool:
        return all(importlib.util.find_spec(name) for name in ("sklearn", "threadpoolctl"))

    def version(self) -> str:
        import sklearn

        return str(sklearn.__version__)

    def fit(self, X: Array, start: Parameters, n_iter: int, n_threads: int | None) -> Fit:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        model = GaussianMixture(
            len(start.weights),
            weights_init=start.weights,
            means_init=start.means,
            precisions_init=np.linalg.inv(start.covariances),
            tol=0.0,
            reg_covar=RIDGE,
            max_iter=n_iter,
        )
        with threadpool_limits(n_threads), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            begin = perf_counter()
            model.fit(X)
            seconds = perf_counter() - begin
            # lower_bound_ belongs to the parameters before the last M-step; blocks keep it light.
            blocks = np.array_split(X, max(1, len(X) // 50_000))
            total = sum(float(model.score_samples(block).sum()) for block in blocks)
        return Fit(seconds, total / len(X))
