"""oneDAL, by daal4py of the package scikit-learn-intelex."""

from __future__ import annotations

import importlib.util

import numpy as np

from benchmarks.adapters.base import RIDGE, Fit, Stopwatch
from benchmarks.problems import Array, Parameters


class OnedalAdapter:
    """`daal4py.em_gmm` with a threshold that never stops it."""

    name = "oneDAL"
    covariance_types = ("full", "diag")
    note = "no ridge: covariances are changed only when they are singular"

    def available(self) -> bool:
        return importlib.util.find_spec("daal4py") is not None

    def version(self) -> str:
        from importlib.metadata import version

        import daal4py

        assert daal4py.em_gmm is not None
        return version("scikit-learn-intelex")

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        import daal4py

        diagonal = covariance_type == "diag"
        algorithm = daal4py.em_gmm(
            len(start.weights),
            maxIterations=n_iter,
            accuracyThreshold=0.0,
            regularizationFactor=RIDGE,
            covarianceStorage="diagonal" if diagonal else "full",
        )
        daal4py.daalinit(n_threads)
        covariances = [np.atleast_2d(one) for one in start.covariances]  # a row where diagonal
        with Stopwatch() as watch:
            result = algorithm.compute(X, start.weights[None], start.means, covariances)
        found = np.stack(result.covariances).reshape(start.covariances.shape)
        mixture = Parameters(np.ravel(result.weights), result.means, found)
        return Fit(watch.seconds, watch.cpu_seconds, mixture)
