"""OpenCV's `ml::EM`, which OpenCV 5 has moved out of its main modules."""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from benchmarks.adapters.base import Fit, Stopwatch
from benchmarks.problems import Array, Parameters
from benchmarks.shapes import as_full

_PACKAGES = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless")


class OpencvAdapter:
    """`cv2.ml.EM` from given parameters; of its passes the last has no M-step.

    With spherical covariances it stops by itself after a pass or two, so these are left out.
    """

    name = "OpenCV"
    covariance_types = ("full", "diag")
    note = "no ridge"

    def available(self) -> bool:
        return importlib.util.find_spec("cv2") is not None and _installed() < "5"

    def version(self) -> str:
        import cv2

        assert cv2.ml is not None
        return str(cv2.__version__)

    def fit(
        self, X: Array, start: Parameters, covariance_type: str, n_iter: int, n_threads: int
    ) -> Fit:
        import cv2

        K, D = start.means.shape
        kind = {"full": "GENERIC", "diag": "DIAGONAL"}[covariance_type]
        model = cv2.ml.EM_create()
        model.setClustersNumber(K)
        model.setCovarianceMatrixType(getattr(cv2.ml, f"EM_COV_MAT_{kind}"))
        model.setTermCriteria((cv2.TERM_CRITERIA_MAX_ITER, n_iter + 1, 0.0))
        cv2.setNumThreads(n_threads)
        full_start = np.array(as_full(start.covariances, covariance_type, K, D))
        covariances = cv2.Mat(full_start, wrap_channels=False)  # or columns turn into channels
        with Stopwatch() as watch:
            model.trainE(X, start.means, covariances, start.weights[None])
        full = np.stack(model.getCovs())
        found = full if covariance_type == "full" else np.diagonal(full, axis1=1, axis2=2)
        mixture = Parameters(np.ravel(model.getWeights()), np.asarray(model.getMeans()), found)
        return Fit(watch.seconds, watch.cpu_seconds, mixture)


def _installed() -> str:
    for package in _PACKAGES:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "0"  # not from PyPI: hope for the best
