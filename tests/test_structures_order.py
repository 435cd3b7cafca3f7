"""Components of no more rows than columns: rounding does not choose their eigenvectors."""

from __future__ import annotations

import numpy as np
import pytest

from fits import quiet


# The common axes of VVE are found by rotations, of which each M-step makes a few: they end where
# planes are round to rounding.
@pytest.mark.parametrize(
    ("structure", "most"),
    [("EEV", 1e-6), ("VEV", 1e-6), ("EVV", 1e-6), ("VVE", 1e-4), ("VVV", 1e-6)],
)
@pytest.mark.parametrize(("n", "D", "K"), [(150, 9, 12), (60, 5, 10)])
def test_the_order_of_the_rows_does_not_matter(
    structure: str, most: float, n: int, D: int, K: int
) -> None:
    """Scatters have directions without extent, of which any basis is as good for an M-step."""
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, D))
    orders = [np.arange(n), *(rng.permutation(n) for _ in range(3))]
    found = [quiet(X[order], K, covariance_type=structure, random_state=0) for order in orders]
    likelihoods = [result.log_likelihood for result in found]
    assert np.ptp(likelihoods) < most * abs(likelihoods[0])
