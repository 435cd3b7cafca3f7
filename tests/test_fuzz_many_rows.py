"""Random fits to thousands of rows, where the ways of working begin that small tables do not have.

Single precision, several leaves, sums over the near components alone, samples for starts, races
that lay starts down: what they leave behind must not be seen by whatever comes next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

import gaussmix as gx
import reference as ref
from fits import image, quiet
from strategies import clusters, examples, row_weights
from test_fuzz import assert_finite
from tiny_fits import TinyFit, options

SIZES = (2500, 4200, 9000, 20_500, 40_000)
PER_ROW = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}  # nats, of a pass


@st.composite
def fits_to_many_rows(draw: st.DrawFn, covariance_type: str) -> TinyFit:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_features = draw(st.sampled_from(SIZES)), draw(st.integers(1, 6))
    n_groups = draw(st.integers(1, 16))
    separation = draw(st.sampled_from([1.0, 6.0, 30.0]))
    X = clusters(int(rng.integers(2**32)), n_rows, n_features, n_groups, separation)
    for _ in range(draw(st.integers(0, 2))):  # groups of equal rows, which a component may fall for
        X[rng.integers(n_rows, size=draw(st.sampled_from([5, 300])))] = X[rng.integers(n_rows)]
    if draw(st.integers(0, 4)) == 0:
        X[:, rng.integers(n_features)] = 3.0
    chosen = draw(options(covariance_type))
    chosen |= {"max_iter": draw(st.sampled_from([1, 7, 30])), "n_threads": 1}
    return TinyFit(
        X.astype(draw(st.sampled_from([np.float32, np.float64]))),
        row_weights(rng, draw(st.sampled_from(["none", "counts", "real"])), n_rows),
        draw(st.integers(1, 16)),
        chosen,
    )


def fit(tiny: TinyFit, **other: Any) -> gx.FitResult | None:
    try:
        return quiet(
            tiny.X, tiny.n_components, sample_weight=tiny.sample_weight, **tiny.options | other
        )
    except gx.DegenerateError:
        assert tiny.options["on_degenerate"] == "raise"
        return None


def assert_starts_are_whole(tiny: TinyFit, result: gx.FitResult) -> None:
    """No pass, no count and no likelihood is lost on the way."""
    restarted = tiny.options["on_degenerate"] == "restart"
    for start in result.starts:
        if start.status == "degenerate":
            continue
        counted = start.n_iter - start.rejected
        assert counted == len(start.trace) or (restarted and counted > len(start.trace))
        assert len(start.repairs.floored) == len(start.repairs.emptied)
        if start.mixture is not None:
            assert len(start.repairs.floored) == start.mixture.n_components
    weights = np.ones(len(tiny.X)) if tiny.sample_weight is None else tiny.sample_weight
    total = float(weights @ result.mixture.log_density(tiny.X.astype(np.float64)))
    assert result.log_likelihood == pytest.approx(total, rel=1e-9, abs=1e-9 * weights.sum())
    assert result.summary()


def assert_climbs(tiny: TinyFit, result: gx.FitResult) -> None:
    if tiny.options["reg_covar"] is not None:  # a ridge is no part of what is climbed
        return
    for start in result.starts:
        if start.status == "degenerate" or any(
            event.action in ("dropped", "restarted") for event in start.events
        ):
            continue
        trace = np.append(start.trace, start.objective)
        rounding = PER_ROW[tiny.X.dtype] * np.maximum(np.abs(trace[1:]), result.total_weight)
        assert np.all(np.diff(trace) >= -rounding), trace


def assert_begins_alike(tiny: TinyFit, result: gx.FitResult) -> None:
    """In other precision and on other threads."""
    if tiny.X.dtype == np.float32:
        double = fit(replace(tiny, X=tiny.X.astype(np.float64)))
        assert double is not None
        for ours, exact in zip(result.starts, double.starts, strict=True):
            scale = np.maximum(np.abs(exact.trace[:1]), result.total_weight)
            assert np.all(np.abs(ours.trace[:1] - exact.trace[:1]) <= 1e-5 * scale)
    threads = fit(tiny, n_threads=2)
    assert threads is not None
    assert image(threads) == image(result)


@pytest.mark.parametrize("covariance_type", [*ref.COVARIANCE_TYPES, "EII", "VEV", "EVE"])
@for_all(data=st.data())
@settings(max_examples=examples(0.1))
def test_fits_to_many_rows(covariance_type: str, data: st.DataObject) -> None:
    tiny = data.draw(fits_to_many_rows(covariance_type))
    result = fit(tiny)
    if result is None:
        return
    assert_finite(result)
    assert_starts_are_whole(tiny, result)
    assert_climbs(tiny, result)
    assert_begins_alike(tiny, result)
