"""What holds of every result, however odd the data were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref


def assert_sound(result: gx.FitResult, X: NDArray[Any]) -> None:
    """Finite, a distribution, positive definite, usable, and found without a fall."""
    mixture = result.mixture
    for values in (mixture.weights, mixture.means, mixture.covariances, mixture.precisions):
        assert np.all(np.isfinite(values))
    assert np.all(mixture.weights >= 0)
    assert mixture.weights.sum() == pytest.approx(1, abs=1e-14)
    matrices = ref.matrices(
        mixture.covariance_type.value,
        mixture.covariances,
        mixture.n_components,
        mixture.n_features,
    )
    for matrix in matrices:
        ref.cholesky(matrix)  # raises unless positive definite
    assert np.isfinite(result.log_likelihood)
    assert np.all(np.isfinite(mixture.log_density(X)))
    posterior = mixture.responsibilities(X)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-13)
    for start in result.starts:
        trace = np.append(start.trace, start.log_likelihood)
        scale = np.maximum(np.abs(trace[1:]), result.total_weight)
        assert np.all(np.diff(trace) >= -1e-10 * scale)
