"""Sample weights count rows in everything that sees rows, and their unit is nobody's business."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import quiet
from gaussmix._settings import rows_per_weight
from sound import assert_sound
from strategies import clusters

Float64 = NDArray[np.float64]

INIT_PARAMS = ("kmeans", "k-means++", "random_from_data", "random", "hierarchical")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_start = pytest.mark.parametrize("init_params", INIT_PARAMS)
# The ends of what is promised, and what squares, fourth powers and sums of them do not survive.
each_extreme = pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e160, 1e300])


def weights_of(seed: int, n_rows: int) -> Float64:
    """Anything between 0.1 and 10, and nothing for every tenth row."""
    rng = np.random.default_rng(seed)
    weights = 10 ** rng.uniform(-1, 1, size=n_rows)
    weights[::10] = 0
    return np.asarray(weights)


def numbers_of(mixture: gx.Mixture) -> tuple[bytes, ...]:
    arrays = (mixture.weights, mixture.means, mixture.covariances, mixture.precisions_cholesky)
    return tuple(array.tobytes() for array in arrays)


def assert_close(actual: gx.Mixture, expected: gx.Mixture, tolerance: float) -> None:
    """Equal to `tolerance` for data of about unit scale."""
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(
            getattr(actual, name), getattr(expected, name), rtol=tolerance, atol=tolerance
        )


# ---- a common factor -------------------------------------------------------------------------


@each_structure
@each_start
@pytest.mark.parametrize("exponent", [-996, -30, 1, 40, 990])
def test_a_power_of_two_changes_no_bit_but_the_scale_of_the_likelihood(
    covariance_type: str, init_params: str, exponent: int
) -> None:
    factor = 2.0**exponent
    X, weights = clusters(1, 300, 3, 3), weights_of(1, 300)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    plain = quiet(X, 3, sample_weight=weights, random_state=0, n_init=4, **options)
    scaled = quiet(X, 3, sample_weight=factor * weights, random_state=0, n_init=4, **options)
    assert numbers_of(scaled.mixture) == numbers_of(plain.mixture)
    assert (scaled.n_rows, scaled.n_effective) == (plain.n_rows, plain.n_effective)
    assert scaled.total_weight == factor * plain.total_weight
    assert scaled.log_likelihood == factor * plain.log_likelihood
    for ours, theirs in zip(scaled.starts, plain.starts, strict=True):
        assert (ours.status, ours.n_iter, ours.repairs) == (
            theirs.status,
            theirs.n_iter,
            theirs.repairs,
        )
        np.testing.assert_array_equal(ours.trace, factor * theirs.trace)
        assert ours.log_likelihood == factor * theirs.log_likelihood
        np.testing.assert_equal(ours.predicted_gain, factor * theirs.predicted_gain)


@each_structure
def test_a_power_of_two_does_not_end_single_precision(covariance_type: str) -> None:
    X, weights = clusters(2, 6000, 4, 3).astype(np.float32), weights_of(2, 6000)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    plain = quiet(X, 3, sample_weight=weights, **options)
    scaled = quiet(X, 3, sample_weight=2.0**100 * weights, **options)
    assert numbers_of(scaled.mixture) == numbers_of(plain.mixture)


@each_structure
@each_start
@each_extreme
def test_a_common_factor_changes_nothing_but_the_scale_of_the_likelihood(
    covariance_type: str, init_params: str, factor: float
) -> None:
    X, weights = clusters(3, 300, 3, 3), weights_of(3, 300)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    plain = quiet(X, 3, sample_weight=weights, random_state=0, **options)
    scaled = quiet(X, 3, sample_weight=factor * weights, random_state=0, **options)
    assert (scaled.status, scaled.n_iter) == (plain.status, plain.n_iter)
    assert_close(scaled.mixture, plain.mixture, 1e-9)
    np.testing.assert_allclose(scaled.trace / factor, plain.trace, rtol=1e-11)
    assert scaled.log_likelihood / factor == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert scaled.n_effective == pytest.approx(plain.n_effective, rel=1e-13)
    assert scaled.total_weight / factor == pytest.approx(plain.total_weight, rel=1e-13)
    assert scaled.n_rows == plain.n_rows


@each_structure
@each_extreme
def test_criteria_in_units_of_the_weights(covariance_type: str, factor: float) -> None:
    X, weights = clusters(4, 200, 2, 2), weights_of(4, 200)
    estimator = gx.GaussianMixture(2, covariance_type=covariance_type, random_state=0)
    estimator.fit(X, sample_weight=factor * weights)
    fitted, total = estimator.result_, float(np.sum(factor * weights))
    density = estimator.score_samples(X)
    log_likelihood = float(np.sum(factor * weights * density))
    p = fitted.n_parameters
    assert fitted.aic == pytest.approx(-2 * log_likelihood + 2 * p, rel=1e-12)
    assert fitted.bic == pytest.approx(-2 * log_likelihood + p * np.log(total), rel=1e-12)
    shares = estimator.predict_proba(X).max(axis=1)
    certainty = float(np.sum(factor * weights * np.log(shares)))
    assert fitted.icl == pytest.approx(fitted.bic - 2 * certainty, rel=1e-11)
    again: dict[str, Any] = {"sample_weight": factor * weights}
    assert estimator.score(X, **again) == pytest.approx(weights @ density / weights.sum())
    assert estimator.lower_bound_ == pytest.approx(estimator.score(X, **again), rel=1e-12)
    assert estimator.aic(X, **again) == pytest.approx(fitted.aic, rel=1e-12)
    assert estimator.bic(X, **again) == pytest.approx(fitted.bic, rel=1e-12)
    assert estimator.icl(X, **again) == pytest.approx(fitted.icl, rel=1e-12)


@each_structure
@each_extreme
def test_steps_in_units_of_the_weights(covariance_type: str, factor: float) -> None:
    """E-step, merging and M-step; the effective number of rows needs no square of a weight."""
    X, weights = clusters(5, 200, 2, 2), weights_of(5, 200)
    mixture = quiet(X, 2, covariance_type=covariance_type, random_state=0, max_iter=2).mixture

    def statistics(unit: float, rows: slice = slice(None)) -> gx.SufficientStatistics:
        return gx.e_step(X[rows], mixture, sample_weight=unit * weights[rows])

    plain, scaled = statistics(1.0), statistics(factor)
    np.testing.assert_allclose(scaled.mean, plain.mean, rtol=1e-12)
    for name in ("weight", "scatter", "log_likelihood", "total_weight"):
        expected = getattr(plain, name)
        np.testing.assert_allclose(getattr(scaled, name) / factor, expected, rtol=1e-11)
    merged = statistics(factor, slice(0, 77)) + statistics(factor, slice(77, None))
    kish = weights.sum() ** 2 / np.sum(weights**2)
    for one in (plain, scaled, merged, plain.scale(factor)):
        assert one.n_effective == pytest.approx(kish, rel=1e-13)
        assert_close(
            gx.m_step(one, covariance_type=covariance_type),
            gx.m_step(plain, covariance_type=covariance_type),
            1e-11,
        )


@each_structure
@each_extreme
def test_a_component_without_rows_keeps_its_parameters(covariance_type: str, factor: float) -> None:
    """Its share of the smallest weights is not zero over zero."""
    unit: Any = {"full": [np.eye(2)] * 2, "tied": np.eye(2), "diag": np.ones((2, 2))}
    covariances = unit.get(covariance_type, np.ones(2))
    mixture = gx.Mixture([0.5, 0.5], [[0.0, 0.0], [1e4, 1e4]], covariances, covariance_type)
    X = clusters(6, 50, 2, 1, 0.0)
    statistics = gx.e_step(X, mixture, sample_weight=np.full(50, factor))
    assert statistics.weight[1] == 0
    with pytest.warns(gx.RepairWarning):
        after = gx.m_step(statistics, covariance_type=covariance_type, previous=mixture)
    np.testing.assert_array_equal(after.means[1], mixture.means[1])
    assert np.all(np.isfinite(after.covariances))
    if covariance_type != "tied":
        np.testing.assert_array_equal(after.covariances[1], mixture.covariances[1])


@each_extreme
def test_carrying_on_in_units_of_the_weights(factor: float) -> None:
    X, weights = clusters(7, 300, 2, 3, 1.0), weights_of(7, 300)
    options: dict[str, Any] = {"sample_weight": factor * weights, "random_state": 0}
    whole = gx.fit(X, 3, **options)
    half = quiet(X, 3, max_iter=whole.n_iter // 2, accelerate=False, **options)
    carried = gx.fit(X, 3, start=half, accelerate=False, **options)
    assert carried.log_likelihood / factor == pytest.approx(whole.log_likelihood / factor, abs=0.1)
    assert carried.trace[0] == pytest.approx(half.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("tol", [None, 1e-5])
@pytest.mark.parametrize("exponent", [-40, 40])
def test_a_fit_in_pieces_is_the_fit_in_one_in_units_of_the_weights(
    tol: float | None, exponent: int
) -> None:
    """The last piece is one pass, which ends the fit by what it knows of those before."""
    X, weights = clusters(7, 300, 2, 3, 1.0), 2.0**exponent * weights_of(7, 300)
    options: dict[str, Any] = {"sample_weight": weights, "tol": tol, "accelerate": False}
    whole = gx.fit(X, 3, random_state=0, **options)
    piece = quiet(X, 3, random_state=0, max_iter=whole.n_iter - 1, **options)
    assert (whole.converged, piece.converged) == (True, False)
    rest = gx.fit(X, 3, start=piece, **options)
    assert (rest.converged, rest.n_iter) == (True, 1)
    assert numbers_of(rest.mixture) == numbers_of(whole.mixture)


@each_extreme
def test_progress_and_messages_in_units_of_the_weights(
    factor: float, capsys: pytest.CaptureFixture[str]
) -> None:
    X, weights = clusters(8, 300, 2, 4, 1.0), weights_of(8, 300)
    result = gx.fit(
        X,
        4,
        sample_weight=factor * weights,
        n_init=6,
        random_state=0,
        init_params="random",
        verbose=1,
        verbose_interval=1,
    )
    assert "nan" not in capsys.readouterr().out
    behind = [start for start in result.starts if start.status == "raced_out"]
    assert behind
    for start in behind:
        promised = float(start.message.split("log-likelihood of ")[1].split(",")[0])
        assert start.log_likelihood <= promised < 0.5 * start.log_likelihood


def test_the_error_of_a_singular_component_counts_effective_rows() -> None:
    X = np.concatenate([clusters(9, 60, 2, 1), np.full((20, 2), 50.0)])
    for factor in (1.0, 1e-300, 1e300):
        with pytest.raises(gx.DegenerateError, match=r"\(20 effective rows, smallest eigenvalue"):
            gx.fit(
                X,
                2,
                sample_weight=np.full(80, factor),
                on_degenerate="raise",
                random_state=0,
            )


def test_a_likelihood_beyond_float64_is_refused() -> None:
    """Not returned as minus infinity: three rows are 1e6 sd from the only component."""
    X, weights = [[0.0], [1.0], [2.0], [1e6]], np.array([1.0, 1.0, 1.0, 1e-300])
    options: dict[str, Any] = {"max_iter": 0, "means_init": [[1e6]], "covariance_type": "spherical"}
    assert np.isfinite(quiet(X, 1, sample_weight=weights * 1e280, **options).log_likelihood)
    with pytest.raises(gx.GaussmixError, match=r"log-likelihood is more than float64.*Divide"):
        quiet(X, 1, sample_weight=weights * 1e299, **options)


def test_a_sum_of_weights_beyond_float64_is_refused() -> None:
    with pytest.raises(gx.GaussmixError, match=r"sample_weight.*sum.*divide it by its largest"):
        gx.fit(clusters(5, 40, 2, 2), 2, sample_weight=np.full(40, 1e307))


def test_many_fits_in_units_of_the_weights() -> None:
    sets = [clusters(seed, 80, 2, 2) for seed in range(4)]
    weights = [weights_of(seed, 80) for seed in range(4)]
    plain = gx.fit_many(sets, 2, sample_weight=weights, random_state=0)
    scaled = gx.fit_many(sets, 2, sample_weight=[2.0**990 * w for w in weights], random_state=0)
    np.testing.assert_array_equal(scaled.log_likelihoods, 2.0**990 * plain.log_likelihoods)
    for ours, theirs in zip(scaled, plain, strict=True):
        assert numbers_of(ours.mixture) == numbers_of(theirs.mixture)


# ---- zero is absence, and so is next to nothing ----------------------------------------------


@each_structure
@each_start
@pytest.mark.parametrize("weight", [0.0, 1e-300])
@pytest.mark.parametrize("value", [7.0, 1e6, 1e30])
def test_rows_of_no_weight_are_absent(
    covariance_type: str, init_params: str, weight: float, value: float
) -> None:
    """Wherever they lie, and wherever they stand among the others."""
    X, weights = clusters(10, 330, 3, 3), weights_of(10, 330) + 0.1
    absent = np.random.default_rng(10).random(330) < 0.3
    weights[absent] = weight
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    options["accelerate"] = False  # extrapolations would multiply what sums of more rows round
    alone = quiet(X[~absent], 3, sample_weight=weights[~absent], random_state=0, **options)
    X[absent] += value
    with_them = quiet(X, 3, sample_weight=weights, random_state=0, **options)
    if weight > 0 and init_params == "random":  # whose draws count every row that is there
        assert_sound(with_them, X)
        return
    assert (with_them.status, with_them.n_iter) == (alone.status, alone.n_iter)
    assert_close(with_them.mixture, alone.mixture, 1e-8)
    assert with_them.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-11)
    assert with_them.icl == pytest.approx(alone.icl, rel=1e-11)
    assert with_them.bic == pytest.approx(alone.bic, rel=1e-11)
    assert with_them.n_effective == pytest.approx(alone.n_effective, rel=1e-13)
    assert with_them.n_rows == np.count_nonzero(weights)


@each_structure
@each_start
@pytest.mark.parametrize("value", [1e150, -1e200])
def test_absent_rows_beyond_all_squares_are_absent(
    covariance_type: str, init_params: str, value: float
) -> None:
    X, weights = clusters(11, 100, 2, 2), np.ones(100)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    weights[:30] = 0
    alone = quiet(X[30:], 2, random_state=0, **options)
    X[:30] = value
    with_them = quiet(X, 2, sample_weight=weights, random_state=0, **options)
    assert with_them.n_iter == alone.n_iter
    assert_close(with_them.mixture, alone.mixture, 1e-8)
    assert with_them.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-11)


@each_structure
@each_start
def test_weights_of_all_sizes_in_one_data_set(covariance_type: str, init_params: str) -> None:
    X = clusters(12, 400, 2, 3)
    weights = 10.0 ** np.random.default_rng(12).uniform(-300, 300, size=400)
    weights[0], weights[1] = 1e300, 1e-300
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    result = quiet(X, 3, sample_weight=weights, random_state=0, n_init=3, **options)
    assert_sound(result, X)
    assert result.n_rows == 400
    assert 1 <= result.n_effective <= 400
    assert result.total_weight == pytest.approx(weights.sum(), rel=1e-12)
    assert np.isfinite([result.bic, result.aic, result.icl]).all()
    # All of the weight is in the rows that a double sees beside the heaviest.
    counting = weights > 1e-20 * weights.max()
    mean = weights[counting] @ X[counting] / weights[counting].sum()
    np.testing.assert_allclose(result.mixture.weights @ result.mixture.means, mean, rtol=1e-10)


# ---- integers are repetitions ----------------------------------------------------------------


@each_structure
@each_start
def test_integer_weights_are_repeated_rows(covariance_type: str, init_params: str) -> None:
    """Fit, criteria and scores."""
    X = clusters(13, 240, 2, 2, separation=4.0)
    counts = np.random.default_rng(13).integers(0, 4, size=240)
    repeated = np.repeat(X, counts, axis=0)
    options: dict[str, Any] = {"covariance_type": covariance_type, "init_params": init_params}
    # Copies of a row draw random shares of their own: EM has to go to the very end.
    options |= {"tol": 1e-13, "max_iter": 5000} if init_params == "random" else {}
    by_weight = gx.GaussianMixture(2, random_state=0, n_init=9, race=False, **options)
    by_rows = gx.GaussianMixture(2, random_state=0, n_init=9, race=False, **options)
    by_weight.fit(X, sample_weight=counts)
    by_rows.fit(repeated)
    ours, theirs = by_weight.result_, by_rows.result_
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-9)
    for name in ("aic", "bic", "icl", "total_weight"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-6)
        if name != "total_weight":
            there = getattr(by_weight, name)(X, sample_weight=counts)
            assert there == pytest.approx(getattr(by_weight, name)(repeated), rel=1e-12)
    assert by_weight.score(X, sample_weight=counts) == pytest.approx(by_weight.score(repeated))
    order = np.argsort(ours.mixture.means[:, 0]), np.argsort(theirs.mixture.means[:, 0])
    np.testing.assert_allclose(
        ours.mixture.means[order[0]], theirs.mixture.means[order[1]], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1.0, 1.0, 0.0], 1.0),
        ([4.0, 4.0], 1 / 4),  # two effective rows, (sum w)^2 / (sum w^2), of weight 8
        ([1.0, 3.0], 16 / 10 / 4),
        ([0.2, 0.2, 0.2], 1.0),  # three effective rows of weight 0.6: a count is no fraction
    ],
)
def test_a_unit_of_counts_is_no_more_than_a_row(weights: list[float], expected: float) -> None:
    assert rows_per_weight(np.array(weights)) == pytest.approx(expected, rel=1e-15)


# ---- starts ----------------------------------------------------------------------------------


@each_start
def test_few_heavy_rows_among_many_are_not_missed_by_starts(init_params: str) -> None:
    """Starts look at a part of the rows; rows that weigh nothing must not crowd out the others."""
    rng = np.random.default_rng(14)
    X, heavy = rng.normal(size=(30_000, 2)), rng.choice(30_000, size=20, replace=False)
    weights = np.full(30_000, 1e-15)
    X[heavy] = 10 * rng.permutation(20)[:, None] + rng.normal(size=(20, 2))
    weights[heavy] = rng.uniform(1, 2, size=20)
    for seed in range(5):
        start = quiet(
            X, 5, sample_weight=weights, init_params=init_params, max_iter=0, random_state=seed
        )
        # Every centre is one of the heavy rows, which is at least this much of the whole.
        assert start.mixture.weights.min() > 1 / 40
