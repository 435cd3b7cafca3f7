"""The bootstrap has the errors that theory gives, and its resamples are fits like any other."""

from __future__ import annotations

import math
import pickle
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import gaussmix._many_fits
import reference as ref
from fits import given, quiet
from gaussmix._assignment import least_cost_assignment
from gaussmix._matching import matched_components
from gaussmix._resampling import resampler
from strategies import clusters

Float64 = NDArray[np.float64]

METHODS = ("weighted", "nonparametric")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_method = pytest.mark.parametrize("method", METHODS)


def fitted(covariance_type: str = "full", K: int = 3) -> tuple[Float64, gx.FitResult]:
    X = clusters(4, 240, 2, 3)
    return X, gx.fit(X, K, covariance_type=covariance_type, random_state=0)


# --- against theory ---------------------------------------------------------------------------

B = 4999
# A standard deviation of B nearly normal values is known to 1 / sqrt(2 B): five times that.
CLOSE = 5 / math.sqrt(2 * B)


@each_method
@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_of_a_mean(method: str, weighted: bool) -> None:
    """With S the variance of the rows: S / (n + 1) for Dirichlet shares, S / n for drawn rows."""
    X = np.random.default_rng(5).normal(size=(150, 2)) * [1.0, 40.0]
    counts = np.random.default_rng(6).integers(0, 4, size=150) if weighted else np.ones(150)
    n = counts.sum()
    rows = np.repeat(X, counts.astype(int), axis=0)
    boot = gx.bootstrap(
        X, gx.fit(X, 1, sample_weight=counts), B, method=method, sample_weight=counts,
        random_state=1,
    )  # fmt: skip
    expected = rows.std(axis=0) / math.sqrt(n + 1 if method == "weighted" else n)
    np.testing.assert_allclose(boot.standard_errors.means[0], expected, rtol=CLOSE)
    assert (abs(boot.bias.means[0]) < 5 * expected / math.sqrt(B)).all()


@each_method
def test_the_error_of_a_weight(method: str) -> None:
    """Far components: a weight is the share of the rows of a group, w (1 - w) / n."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(60, 1)), 50 + rng.normal(size=(140, 1))])
    result = gx.fit(X, 2, random_state=0)
    boot = gx.bootstrap(X, result, B, method=method, random_state=2)
    n = 201 if method == "weighted" else 200
    np.testing.assert_allclose(boot.standard_errors.weights, math.sqrt(0.3 * 0.7 / n), rtol=CLOSE)


def test_intervals_are_order_statistics() -> None:
    X, result = fitted()
    boot = gx.bootstrap(X, result, random_state=0)
    interval = boot.interval(0.95)
    for name in ("weights", "means", "covariances"):
        ordered = np.sort(getattr(boot, name), axis=0)
        np.testing.assert_allclose(getattr(interval.lower, name), ordered[24], rtol=1e-12)
        np.testing.assert_allclose(getattr(interval.upper, name), ordered[974], rtol=1e-12)
    assert interval.level == 0.95


# --- the resamples are fits -------------------------------------------------------------------


@each_structure
@each_method
@pytest.mark.parametrize("weighted", [False, True])
def test_each_resample_is_a_fit_from_the_fitted_parameters(
    covariance_type: str, method: str, weighted: bool
) -> None:
    X, result = fitted(covariance_type)
    counts = np.random.default_rng(0).integers(1, 4, size=len(X)) * 1.0 if weighted else None
    boot = gx.bootstrap(X, result, 20, method=method, sample_weight=counts, random_state=7)
    weights = resampler(method, len(X), counts, 3, 7)(20)
    np.testing.assert_allclose(weights.sum(axis=1), len(X) if counts is None else counts.sum())
    for b in range(20):
        alone = quiet(
            X, 3, covariance_type=covariance_type, sample_weight=weights[b], **given(result.mixture)
        ).mixture
        order = np.argsort(alone.weights)
        assert (boot.weights[b][np.argsort(boot.weights[b])] == alone.weights[order]).all()
        assert (boot.means[b][np.argsort(boot.weights[b])] == alone.means[order]).all()
        if covariance_type == "tied":
            assert (boot.covariances[b] == alone.covariances).all()


def test_drawn_rows_are_counts_and_shares_are_positive() -> None:
    counts = resampler("nonparametric", 50, None, 1, 0)(30)
    assert (counts == np.round(counts)).all()
    assert (counts.sum(axis=1) == 50).all()
    assert (resampler("weighted", 50, None, 1, 0)(30) > 0).all()
    weight = np.array([0.0, 2.0, 3.0])
    for method in METHODS:
        assert not resampler(method, 3, weight, 1, 0)(30)[:, 0].any()


@each_method
def test_threads_and_batches_do_not_matter(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X, result = fitted()
    boot = gx.bootstrap(X, result, 50, method=method, random_state=3, n_threads=1)
    assert boot == gx.bootstrap(X, result, 50, method=method, random_state=3, n_threads=3)
    assert boot != gx.bootstrap(X, result, 50, method=method, random_state=4)
    monkeypatch.setattr(gaussmix._many_fits, "_NUMBERS_AT_ONCE", 7 * len(X))
    assert boot == gx.bootstrap(X, result, 50, method=method, random_state=3)


def test_a_mixture_serves_for_a_result_and_settings_reach_the_fits() -> None:
    X, result = fitted()
    boot = gx.bootstrap(X, result, 10, random_state=0)
    assert boot == gx.bootstrap(X, result.mixture, 10, random_state=0)
    assert gx.bootstrap(X, result, 10, max_iter=1, random_state=0).n_unconverged == 10
    ridge = gx.bootstrap(X, result.mixture, 10, reg_covar=100.0, random_state=0)
    assert (np.diagonal(ridge.covariances, axis1=2, axis2=3) > 100).all()
    bounded = gx.fit(X, 3, max_eigenvalue_ratio=1.0, random_state=0)
    values = np.linalg.eigvalsh(
        gx.bootstrap(X / X.std(axis=0), bounded, 5, random_state=0).covariances
    )
    # The bound is in units of each resample's own standard deviations.
    assert (values.max(axis=(1, 2)) / values.min(axis=(1, 2)) < 1.5).all()


# --- which component is which -----------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 5, 20, 50])
def test_the_assignment_is_the_best_one(size: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(size)
    for cost in (
        rng.random((size, size)),
        rng.integers(0, 3, size=(size, size)).astype(float),
        np.add.outer(rng.normal(size=size), rng.normal(size=size)) * 1e6,
        np.multiply.outer(np.arange(size), np.arange(size)) * 1.0,
    ):
        found = least_cost_assignment(cost)
        rows, columns = optimize.linear_sum_assignment(cost)
        assert sorted(found) == list(range(size))
        assert cost[np.arange(size), found].sum() == pytest.approx(cost[rows, columns].sum())


def test_the_assignment_is_the_best_of_all_permutations() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        cost = rng.integers(0, 6, size=(5, 5)).astype(float)
        best = min(sum(cost[i, p[i]] for i in range(5)) for p in permutations(range(5)))
        assert cost[np.arange(5), least_cost_assignment(cost)].sum() == best


@each_structure
def test_exchanged_labels_are_found_out(covariance_type: str) -> None:
    _, result = fitted(covariance_type)
    mixture = result.mixture
    orders = np.array(list(permutations(range(3))))
    covariances = np.stack(
        [
            mixture.covariances if covariance_type == "tied" else mixture.covariances[p]
            for p in orders
        ]
    )
    found = matched_components(mixture, mixture.means[orders], covariances)
    assert (np.take_along_axis(orders, found, axis=1) == np.arange(3)).all()


def test_components_in_one_place_are_told_apart_by_their_spread() -> None:
    mixture = gx.Mixture([0.5, 0.5], [[0.0], [0.0]], [1.0, 100.0], "spherical")
    means = np.array([[[0.1], [-0.1]]])
    assert matched_components(mixture, means, np.array([[90.0, 1.2]])).tolist() == [[1, 0]]


# --- resamples that go wrong ------------------------------------------------------------------


def test_degenerate_resamples_are_counted() -> None:
    """Twelve rows, of which a resample may hold too few different ones for a component."""
    X = np.concatenate([clusters(1, 9, 1, 1), 500 + np.array([[0.0], [1.0], [2.0]])])
    result = gx.fit(X, 2, random_state=0)
    repaired = gx.bootstrap(X, result, 200, method="nonparametric", random_state=0)
    left_out = gx.bootstrap(
        X, result, 200, method="nonparametric", random_state=0, on_degenerate="raise"
    )
    assert 0 < repaired.n_repaired < 200
    assert repaired.n_failed == 0
    # A component that no row is left to is not singular: it keeps what it was.
    emptied = left_out.n_repaired
    assert 0 < left_out.n_failed == repaired.n_repaired - emptied
    assert (left_out.weights[left_out.repairs > 0] == 0).any(axis=1).sum() == emptied
    assert np.isnan(left_out.weights).all(axis=1).sum() == left_out.n_failed
    ok = left_out.ok
    assert (left_out.means[ok] == repaired.means[ok]).all()
    expected = left_out.weights[ok].std(axis=0, ddof=1)
    np.testing.assert_allclose(left_out.standard_errors.weights, expected)
    assert f"! {left_out.n_failed} of 200 resamples could not be fitted" in str(left_out)
    assert f"! {repaired.n_repaired} of 200 resamples had singular" in str(repaired)


def test_no_resample_at_all_is_an_error() -> None:
    X = np.zeros((20, 1))
    mixture = gx.Mixture([1.0], [[0.0]], [1.0], "spherical")
    with pytest.raises(gx.GaussmixError, match="none of the 10 resamples could be fitted"):
        gx.bootstrap(X, mixture, 10, on_degenerate="raise", random_state=0)
    with pytest.raises(gx.GaussmixError, match=r"none of the 10 .*: .*rescale it"):
        gx.bootstrap(np.linspace(0, 1e150, 20)[:, None], mixture, 10, random_state=0)


def test_a_batch_that_failed_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.concatenate([clusters(1, 9, 1, 1), 500 + np.array([[0.0], [1.0], [2.0]])])
    result = gx.fit(X, 2, random_state=0)
    options: dict[str, Any] = {"method": "nonparametric", "on_degenerate": "raise"}
    whole = gx.bootstrap(X, result, 100, random_state=0, **options)
    monkeypatch.setattr(gaussmix._many_fits, "_NUMBERS_AT_ONCE", len(X))
    assert whole.n_failed > 0
    assert gx.bootstrap(X, result, 100, random_state=0, **options) == whole


def test_weights_whose_sum_is_rounded_are_enough() -> None:
    weight = np.full(120, 1 / 60)
    assert weight.sum() < 2  # which it is not by more than rounding
    mixture = gx.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")
    X, _ = mixture.sample(120, random_state=0)
    assert len(gx.bootstrap(X, mixture, 5, sample_weight=weight, random_state=0).weights) == 5
    with pytest.raises(gx.GaussmixError, match=r"sums to 1\.998, .* n_components=2"):
        gx.bootstrap(X, mixture, 5, sample_weight=0.999 * weight, random_state=0)


def test_an_interrupt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    X, result = fitted()

    class Interrupted:
        def fit_many(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {"status": ("converged", "not run")}

    monkeypatch.setattr(gaussmix._many_fits, "core", Interrupted())
    with pytest.raises(gx.FitInterrupted, match="interrupted before all fits were done"):
        gx.bootstrap(X, result, 2)


# --- the record -------------------------------------------------------------------------------


@each_structure
def test_shapes_and_pickles(covariance_type: str) -> None:
    X, result = fitted(covariance_type)
    boot = gx.bootstrap(X, result, 30, random_state=0)
    mixture = result.mixture
    for record in (
        boot.standard_errors,
        boot.bias,
        boot.interval().lower,
        boot.interval(0.5).upper,
    ):
        assert record.weights.shape == mixture.weights.shape
        assert record.means.shape == mixture.means.shape
        assert record.covariances.shape == mixture.covariances.shape
    assert boot.covariances.shape == (30, *mixture.covariances.shape)
    again = pickle.loads(pickle.dumps(boot))
    assert again == boot
    assert not again.means.flags.writeable
    assert not again.repairs.flags.writeable


def test_the_summary_holds_the_numbers() -> None:
    X, result = fitted("diag", K=2)
    boot = gx.bootstrap(X, result, 99, random_state=0)
    lines = boot.summary(0.9).splitlines()
    (mean,) = [line for line in lines if "mean 1, x0" in line]
    interval = boot.interval(0.9)
    low, high = interval.lower.means[1, 0], interval.upper.means[1, 0]
    assert f"{boot.standard_errors.means[1, 0]:.4g}" in mean
    assert f"[{low:.6g}, {high:.6g}]" in mean
    (variance,) = [line for line in lines if "variance 0, x1" in line]
    assert f"{result.mixture.covariances[0, 1]:.6g}" in variance
    assert "90 % interval" in boot.summary(0.9)
    assert (
        repr(boot)
        == "BootstrapResult(weighted, 99 resamples: 0 failed, 0 repaired, 0 not converged)"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 1}, "n_resamples"),
        ({"method": "jackknife"}, "method must be one of"),
        ({"on_degenerate": "drop"}, "on_degenerate must be one of"),
        ({"sample_weight": np.full(240, 1 / 240)}, "sums to 1, which is less than n_components=3"),
        ({"sample_weight": np.full(240, 1.001), "method": "nonparametric"}, "whole number of rows"),
        ({"sample_weight": np.full(240, 1e18), "method": "nonparametric"}, "more rows than"),
        ({"random_state": -1}, "random_state"),
        ({"n_threads": 0}, "n_threads"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    X, result = fitted()
    with pytest.raises(gx.GaussmixError, match=message):
        gx.bootstrap(X, result, **options)


def test_a_fitted_estimator_serves_for_its_result() -> None:
    X, _ = fitted()
    bounded = gx.GaussianMixture(3, max_eigenvalue_ratio=2.0, random_state=0).fit(X)
    boot = gx.bootstrap(X, bounded, 5, random_state=0)
    assert boot == gx.bootstrap(X, bounded.result_, 5, random_state=0)
    assert boot != gx.bootstrap(X, bounded.result_.mixture, 5, random_state=0)
    with_prior = gx.GaussianMixture(3, prior=gx.Prior(), random_state=0).fit(X)
    with pytest.raises(gx.GaussmixError, match=r"pass the same one as prior="):
        gx.bootstrap(X, with_prior, 5, random_state=0)


def test_another_ridge_than_that_of_the_fit_is_refused() -> None:
    X, result = fitted()
    with pytest.raises(gx.GaussmixError, match=r"made with reg_covar=None: pass that"):
        gx.bootstrap(X, result, 5, reg_covar=1.0)
    with pytest.raises(gx.GaussmixError, match="reg_covar must be"):
        gx.bootstrap(X, result, 5, reg_covar="auto")
    wide = gx.fit(X, 3, reg_covar=100.0, random_state=0)
    with pytest.raises(gx.GaussmixError, match=r"made with reg_covar=100\.0: pass that"):
        gx.bootstrap(X, wide, 5)
    boot = gx.bootstrap(X, wide, 19, reg_covar=100.0, random_state=0)
    variances = np.diagonal(wide.mixture.covariances, axis1=1, axis2=2)
    lower, upper = (
        np.diagonal(one.covariances, axis1=1, axis2=2)
        for one in (boot.interval(0.9).lower, boot.interval(0.9).upper)
    )
    assert np.mean((lower <= variances) & (variances <= upper)) >= 0.5


def test_the_prior_of_the_fit_must_be_given_again() -> None:
    X, _ = fitted()
    prior = gx.Prior(shrinkage=20.0, mean=[30.0, 30.0])
    result = gx.fit(X, 3, prior=prior, random_state=0)
    with pytest.raises(gx.GaussmixError, match=r"made with a prior.* prior="):
        gx.bootstrap(X, result, 5, random_state=0)
    boot = gx.bootstrap(X, result, 5, prior=prior, random_state=0)
    # A mixture does not tell how it was found.
    without = gx.bootstrap(X, result.mixture, 5, random_state=0)
    pulled, free = (np.abs(one.means - 30.0).mean() for one in (boot, without))
    assert pulled < free


def test_bad_data_and_levels_are_refused() -> None:
    X, result = fitted()
    with pytest.raises(gx.GaussmixError, match="expecting 2 features"):
        gx.bootstrap(X[:, :1], result)
    with pytest.raises(gx.GaussmixTypeError, match="FitResult"):
        gx.bootstrap(X, X)  # type: ignore[arg-type]
    boot = gx.bootstrap(X, result, 5, random_state=0)
    for level in (0.0, 1.0, math.nan, "0.9"):
        with pytest.raises(gx.GaussmixError, match="level must be a number between 0 and 1"):
            boot.interval(level)  # type: ignore[arg-type]
