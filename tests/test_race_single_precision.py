"""Races on float32 data, whose starts are laid down and taken up again between two precisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from fits import quiet

N = 6000  # enough rows for single precision
POLICIES = ("repair", "restart", "drop")


def groups(seed: int, n_groups: int, n_features: int, *, of_equal_rows: bool) -> Any:
    """Rows about random centres, in one of the groups all alike."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 4, (n_groups, n_features))
    labels = rng.integers(n_groups, size=N)
    X = centres[labels] + rng.normal(size=(N, n_features))
    if of_equal_rows:
        X[labels == 0] = centres[0]
    return X.astype(np.float32)


def both(X: Any, n_components: int, **options: Any) -> tuple[gx.FitResult, gx.FitResult]:
    single, double = (
        quiet(rows, n_components, n_init=6, **options) for rows in (X, X.astype(float))
    )
    return single, double


@pytest.mark.parametrize("seed", range(6))
def test_every_start_takes_the_passes_that_it_takes_in_double_precision(seed: int) -> None:
    X = groups(seed, 4, 3, of_equal_rows=False)
    single, double = both(X, 4, random_state=seed, accelerate=False)  # rounding would decide when
    for ours, exact in zip(single.starts, double.starts, strict=True):
        assert ours.n_iter == len(ours.trace) + ours.rejected
        np.testing.assert_allclose(ours.trace, exact.trace, atol=1e-5 * N)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", range(6))
def test_no_start_loses_its_repairs(seed: int, policy: str) -> None:
    X = groups(seed, 4, 3, of_equal_rows=True)
    single, double = both(X, 4, random_state=seed, on_degenerate=policy)
    counts = single.repairs
    assert len(counts.floored) == len(counts.emptied) == single.mixture.n_components
    assert bool(counts) == bool(double.repairs)
    assert isinstance(single.reasons, tuple)
    assert single.summary()
    assert single.log_likelihood == pytest.approx(double.log_likelihood, abs=N * 1e-5)


def test_a_callback_hears_of_every_pass_once() -> None:
    """Of the one, too, that is repeated in double precision."""
    heard: list[int] = []

    def listen(state: gx.FitState) -> bool:
        heard.append(state.n_iter)
        return False

    X = groups(0, 3, 2, of_equal_rows=False)
    result = quiet(X, 3, random_state=0, callback=listen)
    assert heard == list(range(1, result.n_iter + 1))
