"""gaussmix, on float64 data and on the same data rounded to float32."""

from __future__ import annotations

import importlib.util
import warnings

import numpy as np

from benchmarks.adapters.base import ALL_TYPES, RIDGE, Fit, Stopwatch
from benchmarks.problems import Array, Parameters


class GaussmixAdapter:
    """`gaussmix.fit` with scikit-learn's ridge and a tolerance that never stops it."""

    covariance_types = ALL_TYPES

    def __init__(self, dtype: str = "float64") -> None:
        single = dtype == "float32"
        self.name = "gaussmix-float32" if single else "gaussmix"
        self.note = "float32 data" if single else ""
        self._dtype = np.dtype(dtype)

    def available(self) -> bool:
        return importlib.util.find_spec("gaussmix") is not None

    def version(self) -> str:
        import gaussmix
        from gaussmix import _core

        return f"{gaussmix.__version__} ({_core.build_info()['simd_level']})"

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        import gaussmix

        data = X.astype(self._dtype, copy=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gaussmix.ConvergenceWarning)
            with Stopwatch() as watch:
                result = gaussmix.fit(
                    data,
                    len(start.weights),
                    covariance_type=covariance_type,
                    weights_init=start.weights,
                    means_init=start.means,
                    covariances_init=start.covariances,
                    tol=0.0,
                    reg_covar=RIDGE,
                    max_iter=n_iter,
                    n_threads=n_threads,
                )
        found = result.mixture
        mixture = Parameters(found.weights, found.means, found.covariances)
        return Fit(watch.seconds, watch.cpu_seconds, mixture)
