"""More elements than a 32-bit index can count."""

from __future__ import annotations

import numpy as np

import gaussmix as gx


def test_more_than_two_to_the_31_elements() -> None:
    # Pages of zeros that nobody writes to take no memory; only the ends are real.
    n, D = 2**28 + 1000, 8
    X = np.zeros((n, D), dtype=np.float32)
    X[-500:] = 3.0
    assert X.size > 2**31
    mixture = gx.Mixture([0.5, 0.5], [[0.0] * D, [3.0] * D], np.full((2, D), 0.01), "diag")
    statistics = gx.e_step(X, mixture)
    np.testing.assert_array_equal(statistics.weight, [n - 500, 500])
    np.testing.assert_array_equal(statistics.mean, mixture.means)
    np.testing.assert_array_equal(statistics.scatter, 0.0)
    # At the centre of its component every row has the same density.
    expected = n * (np.log(0.5) - D / 2 * np.log(2 * np.pi * 0.01))
    np.testing.assert_allclose(statistics.log_likelihood, expected, rtol=1e-12)
