"""gaussmix."""

from __future__ import annotations

import importlib.util
import warnings
from time import perf_counter

from benchmarks.adapters.base import RIDGE, Fit
from benchmarks.problems import Array, Parameters


class GaussmixAdapter:
    """`gaussmix.fit` with scikit-learn's ridge and a tolerance that never stops it."""

    name = "gaussmix"

    def available(self) -> bool:
        return importlib.util.find_spec("gaussmix") is not None

    def version(self) -> str:
        import gaussmix
        from gaussmix import _core

        return f"{gaussmix.__version__} ({_core.build_info()['simd_level']})"

    def fit(self, X: Array, start: Parameters, n_iter: int, n_threads: int | None) -> Fit:
        import gaussmix

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gaussmix.ConvergenceWarning)
            begin = perf_counter()
            result = gaussmix.fit(
                X,
                len(start.weights),
                weights_init=start.weights,
                means_init=start.means,
                covariances_init=start.covariances,
                tol=0.0,
                reg_covar=RIDGE,
                max_iter=n_iter,
                n_threads=n_threads,
            )
            seconds = perf_counter() - begin
        return Fit(seconds, result.log_likelihood / len(X))
