"""The likelihood-ratio test compares what it says it compares, and decides as theory wants."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import gaussmix._many_fits
import reference as ref
from gaussmix import _core
from gaussmix._many_fits import Parameters
from gaussmix._splitting import split_component
from gaussmix.likelihood_ratio_result import LikelihoodRatioStep, LikelihoodRatioTest
from strategies import clusters

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def two_groups(distance: float, seed: int = 0) -> Float64:
    X = np.random.default_rng(seed).normal(size=(120, 2))
    X[:50] += distance
    return X


def samples_of(model: gx.Mixture, n_rows: int, count: int) -> Float64:
    """Those that a test with seed 0 draws of a fit with one component."""
    word = np.random.SeedSequence([0, 1]).generate_state(1, np.uint64)[0]
    rows = model.sample(count * n_rows, int(word >> np.uint64(1)))[0]
    return np.asarray(rows.reshape(count, n_rows, -1))


@each_structure
def test_two_far_groups_are_two_components(covariance_type: str) -> None:
    """Spherical groups, so that every structure is true: nothing calls for a third component."""
    test = gx.bootstrap_lrt(
        two_groups(8.0), covariance_type=covariance_type, n_resamples=99, random_state=0
    )
    assert test.n_components == 2
    assert test.accepted
    assert test.p_values[0] == 0.01
    assert test.p_values[1] > 0.05
    assert test.mixture.covariance_type == covariance_type
    assert all(step.n_unconverged == 0 for step in test.steps)


def test_the_statistic_is_that_of_the_best_fits() -> None:
    X = two_groups(8.0)
    test = gx.bootstrap_lrt(X, n_resamples=19, random_state=0)
    best = [gx.fit(X, K, n_init=5, random_state=1).log_likelihood for K in (1, 2)]
    # Each fit stops within 0.1 nats of its optimum.
    assert test.statistics[0] == pytest.approx(2 * (best[1] - best[0]), abs=0.4)
    assert test.mixture.log_density(X).sum() == pytest.approx(test.steps[0].log_likelihoods[1])


def test_the_statistics_of_samples_are_those_of_fits_to_them() -> None:
    """With one component the null fit is in closed form; the other is at least as good as a fit."""
    X = two_groups(0.0)
    options: dict[str, Any] = {"level": 0.1, "stop_early": False, "max_components": 2}
    step = gx.bootstrap_lrt(X, n_resamples=10, random_state=0, **options).steps[0]
    model = gx.fit(X, 1).mixture
    gains = []
    for sample in samples_of(model, len(X), 10):
        n, covariance = len(sample), np.cov(sample.T, bias=True)
        null = -n / 2 * (2 * math.log(2 * math.pi) + math.log(np.linalg.det(covariance)) + 2)
        fits = [gx.fit(sample, 2, n_init=10, race=False, random_state=s) for s in range(2)]
        gains.append(2 * (max(one.log_likelihood for one in fits) - null))
    # Both searches find a local optimum, often the same one, and never one above the best by far.
    same = np.isclose(step.replicates, gains, atol=0.4)
    assert same.sum() >= 3
    assert (step.replicates > 0).all()
    assert (step.replicates < np.array(gains) + 8).all()


@pytest.mark.parametrize("covariance_type", ["full", "spherical"])
def test_p_values_are_uniform_under_the_hypothesis(covariance_type: str) -> None:
    """With B = 9 a p-value is one of 0.1, 0.2, ..., 1 with the same probability."""
    count = 120
    values = [
        gx.bootstrap_lrt(
            np.random.default_rng(seed).normal(size=(60, 2)), covariance_type=covariance_type,
            n_resamples=9, level=0.1, stop_early=False, max_components=2, random_state=seed,
        ).p_values[0]
        for seed in range(count)
    ]  # fmt: skip
    for level in (0.1, 0.2, 0.5):
        share = np.mean(np.array(values) <= level + 1e-9)
        assert abs(share - level) < 4 * math.sqrt(level * (1 - level) / count)


def test_p_values_are_uniform_where_there_are_many_optima() -> None:
    """With B = 19 they are 1/20, ..., 20/20 alike, in 20 columns of 100 rows as well.

    Their mean is 21/40 then. Samples that are maximised less well than the data lower it.
    """
    count, B = 160, 19
    values = [
        gx.bootstrap_lrt(
            np.random.default_rng(seed).normal(size=(100, 20)), covariance_type="tied",
            n_resamples=B, stop_early=False, max_components=2, random_state=seed,
        ).p_values[0]
        for seed in range(count)
    ]  # fmt: skip
    steps = np.arange(1, B + 2) / (B + 1)
    assert abs(np.mean(values) - steps.mean()) < 4 * steps.std() / math.sqrt(count)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "spherical"])
def test_samples_are_treated_as_the_data_are(covariance_type: str) -> None:
    """A test of a sample as data, with its seed, finds the statistic that it had as a sample."""
    options: dict[str, Any] = {"covariance_type": covariance_type, "max_components": 2}
    X, count = np.random.default_rng(0).normal(size=(60, 5)), 19
    test = gx.bootstrap_lrt(X, n_resamples=count, stop_early=False, random_state=0, **options)
    model = gx.fit(X, 1, covariance_type=covariance_type).mixture
    found = [
        gx.bootstrap_lrt(sample, n_resamples=1, level=0.5, random_state=b, **options).statistics[0]
        for b, sample in enumerate(samples_of(model, len(X), count))
    ]
    np.testing.assert_allclose(test.steps[0].replicates, found, rtol=1e-6)


@pytest.mark.parametrize("level", [0.05, 0.2])
@pytest.mark.parametrize("separation", [0.0, 3.0])
def test_ending_early_chooses_what_all_samples_choose(level: float, separation: float) -> None:
    """The samples are the same ones, up to that which decides (Besag & Clifford 1991)."""
    for seed in range(4):
        X = np.random.default_rng(seed).normal(size=(60, 2))
        X[:30] += separation
        options: dict[str, Any] = {"n_resamples": 119, "level": level, "random_state": seed}
        early, whole = (gx.bootstrap_lrt(X, stop_early=on, **options) for on in (True, False))
        assert early.n_components == whole.n_components
        assert early.mixture == whole.mixture
        for ours, all_of_them in zip(early.steps, whole.steps, strict=True):
            count = len(ours.replicates)
            reached = all_of_them.replicates >= all_of_them.statistic
            np.testing.assert_array_equal(ours.replicates, all_of_them.replicates[:count])
            assert len(reached) == 119
            if all_of_them.p_value <= level:
                assert ours.p_value == all_of_them.p_value
            else:
                assert ours.p_value > level
                # With the last of them, and not before, no outcome of the others could reject.
                assert (1 + reached[:count].sum()) / 120 > level >= reached[:count].sum() / 120
                assert reached[count - 1]


def test_p_values_of_tests_that_end_early_are_valid() -> None:
    """None is more often below a bound than that says, as from independent uniform draws."""
    count, B = 400, 39
    values = [
        gx.bootstrap_lrt(
            np.random.default_rng(seed).normal(size=(40, 1)), covariance_type="tied",
            n_resamples=B, max_components=2, random_state=seed,
        ).p_values[0]
        for seed in range(count)
    ]  # fmt: skip
    for bound in (0.05, 0.1, 0.3, 0.5, 0.8):
        share = np.mean(np.array(values) <= bound + 1e-12)
        assert share - bound < 3 * math.sqrt(bound * (1 - bound) / count)


def test_threads_and_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X = two_groups(3.0)
    options: dict[str, Any] = {"n_resamples": 30, "max_components": 3, "level": 0.9}
    test = gx.bootstrap_lrt(X, random_state=1, n_threads=1, **options)
    assert test == gx.bootstrap_lrt(X, random_state=1, n_threads=3, **options)
    assert test != gx.bootstrap_lrt(X, random_state=2, **options)


def test_batches_have_samples_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    X = two_groups(0.0)
    monkeypatch.setattr(gaussmix._many_fits, "_NUMBERS_AT_ONCE", 4 * X.size)
    options: dict[str, Any] = {"n_resamples": 10, "level": 0.1, "stop_early": False}
    test = gx.bootstrap_lrt(X, max_components=2, random_state=0, **options)
    assert len(set(test.steps[0].replicates.tolist())) == 10


def test_integer_weights_are_repeated_rows() -> None:
    X = two_groups(5.0)
    counts = np.random.default_rng(0).integers(0, 3, size=len(X))
    options: dict[str, Any] = {"n_resamples": 19, "random_state": 0, "max_components": 2}
    weighted = gx.bootstrap_lrt(X, sample_weight=counts, **options)
    repeated = gx.bootstrap_lrt(np.repeat(X, counts, axis=0), **options)
    assert weighted.statistics == pytest.approx(repeated.statistics, abs=0.4)
    # The samples are drawn from nearly the same mixture with the same seeds.
    np.testing.assert_allclose(weighted.steps[0].replicates, repeated.steps[0].replicates, atol=0.4)


@each_structure
def test_a_split_lies_about_the_component(covariance_type: str) -> None:
    """On its longest axis, in units of how far the whole mixture reaches in each column."""
    X = clusters(4, 240, 2, 3) * [1.0, 5.0]
    mixture = gx.fit(X, 3, covariance_type=covariance_type, random_state=0).mixture
    stacked = Parameters(mixture.weights[None], mixture.means[None], mixture.covariances[None])
    covariances = ref.matrices(covariance_type, mixture.covariances, 3, 2).astype(float)
    within = np.einsum("k,kjj->j", mixture.weights, covariances)
    between = np.cov(mixture.means.T, aweights=mixture.weights, bias=True).diagonal()
    units = np.ones(2) if covariance_type == "spherical" else np.sqrt(within + between)
    for k in range(3):
        split = split_component(stacked, k, mixture.covariance_type)
        found = gx.Mixture(*(values[0] for values in split), covariance_type=covariance_type)
        assert found.n_components == 4
        assert found.weights[k] == found.weights[3] == mixture.weights[k] / 2
        np.testing.assert_allclose((found.means[k] + found.means[3]) / 2, mixture.means[k])
        covariance = covariances[k] / np.outer(units, units)
        offset = (found.means[3] - mixture.means[k]) / units
        largest = np.linalg.eigvalsh(covariance)[-1]
        assert offset @ offset == pytest.approx(largest)
        np.testing.assert_allclose(covariance @ offset, largest * offset, atol=1e-12)
        others = [j for j in range(3) if j != k]
        assert (found.means[others] == mixture.means[others]).all()


def test_a_round_component_is_split_along_the_widest_column() -> None:
    one = Parameters(np.full((1, 2), 0.5), np.array([[[0.0, 0, 0], [1, 9, 1]]]), np.ones((1, 2)))
    split = split_component(one, 0, gx.CovarianceType.SPHERICAL)
    np.testing.assert_allclose(split.means[0], [[0, -1, 0], [1, 9, 1], [0, 1, 0]], atol=1e-12)


def test_of_equally_long_axes_that_of_the_first_column_is_taken() -> None:
    """Which they are, in any units, where a single component has variances and nothing else."""
    for units in (np.ones(3), np.array([0.1, 3e7, 1e-9])):
        one = Parameters(np.ones((1, 1)), np.zeros((1, 1, 3)), 7 * units[None, None] ** 2)
        split = split_component(one, 0, gx.CovarianceType.DIAG)
        expected = math.sqrt(7) * units[0] * np.array([[-1.0, 0, 0], [1, 0, 0]])
        np.testing.assert_allclose(split.means[0] / units, expected / units, atol=1e-12)


def test_a_split_does_not_depend_on_the_sign_of_an_eigenvector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(20, 1, 3, 3))
    one = Parameters(np.ones((20, 1)), np.zeros((20, 1, 3)), factors @ factors.swapaxes(2, 3))
    split = split_component(one, 0, gx.CovarianceType.FULL)
    eigh = np.linalg.eigh

    def turned_round(matrices: Float64) -> tuple[Float64, Float64]:
        values, vectors = eigh(matrices)
        return values, -vectors

    monkeypatch.setattr(np.linalg, "eigh", turned_round)
    np.testing.assert_array_equal(
        split_component(one, 0, gx.CovarianceType.FULL).means, split.means
    )


def test_fits_that_did_not_converge_are_not_compared() -> None:
    X = two_groups(0.0)
    with pytest.warns(gx.ConvergenceWarning, match="cannot be compared. Raise max_iter"):
        test = gx.bootstrap_lrt(X, n_resamples=19, max_iter=6, random_state=0)
    assert (test.steps, test.n_components, test.accepted) == ((), 1, False)
    # Enough for the data, but not for every sample.
    options: dict[str, Any] = {"n_resamples": 40, "stop_early": False, "max_iter": 40}
    few = gx.bootstrap_lrt(two_groups(8.0), max_components=2, random_state=0, **options)
    step = few.steps[0]
    assert 0 < step.n_unconverged < 40
    assert step.p_value == (1 + step.n_unconverged) / 41
    assert f"! {step.n_unconverged} of 40 samples with K = 1 did not converge" in str(few)


@pytest.mark.parametrize("max_components", [1, 3])
def test_data_that_cannot_be_fitted_are_refused_as_by_fit(max_components: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60))
    apart = np.column_stack([a * 1e9, b * 1e-9, a * 1e9])
    huge = two_groups(3.0) * 1e150
    for X, covariance_type in ((apart, "EVE"), (huge, "EII")):
        with pytest.raises(gx.GaussmixError) as of_fit:
            gx.fit(X, 1, covariance_type=covariance_type)
        with pytest.raises(gx.GaussmixError) as of_test:
            gx.bootstrap_lrt(
                X, covariance_type=covariance_type, n_resamples=19, max_components=max_components
            )
        assert type(of_test.value) is type(of_fit.value)
        assert str(of_test.value) == str(of_fit.value)


def test_tests_end_where_a_fit_to_the_data_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _core.fit_many

    def fails_from_two(*arguments: Any, **settings: Any) -> dict[str, Any]:
        found = engine(*arguments, **settings)
        if settings["n_components"] == 1:
            return found
        return found | {"status": ("degenerate",), "message": ("too far apart",)}

    monkeypatch.setattr(_core, "fit_many", fails_from_two)
    with pytest.warns(gx.ConvergenceWarning, match="no fit with K = 2 .*: too far apart"):
        test = gx.bootstrap_lrt(two_groups(8.0), n_resamples=19, random_state=0)
    assert (test.steps, test.n_components, test.accepted) == ((), 1, False)


def test_starts_that_fail_leave_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that split a component, of the fits to the data."""
    X = two_groups(8.0)
    options: dict[str, Any] = {"n_resamples": 19, "max_components": 2, "random_state": 0}
    untouched = gx.bootstrap_lrt(X, **options)
    engine = _core.fit_many

    def fails_once(*arguments: Any, **settings: Any) -> dict[str, Any]:
        own_start = settings["n_components"] == 1 or settings["weights_init"] is None
        if own_start or len(arguments[0]) > 1:
            return engine(*arguments, **settings)
        return engine([np.full((2, 2), 1e300)], *arguments[1:], **settings)

    monkeypatch.setattr(_core, "fit_many", fails_once)
    assert gx.bootstrap_lrt(X, **options).n_components == untouched.n_components == 2


def test_repaired_samples_are_counted() -> None:
    """Eight rows in two dimensions hold few components that are not singular."""
    X = np.random.default_rng(1).normal(size=(8, 2))
    test = gx.bootstrap_lrt(X, n_resamples=50, stop_early=False, max_components=2, random_state=0)
    step = test.steps[0]
    assert step.n_repaired > 0
    assert f"! {step.n_repaired} of 50 samples with K = 1 had singular" in str(test)
    bounded = gx.bootstrap_lrt(
        X, n_resamples=50, max_components=2, max_eigenvalue_ratio=20.0, random_state=0
    )
    assert np.nanmax(bounded.steps[0].replicates) < np.nanmax(step.replicates)


# --- the record -------------------------------------------------------------------------------


def step_of(replicates: list[float], statistic: float, **counts: int) -> LikelihoodRatioStep:
    return LikelihoodRatioStep(1, (-10.0, -10.0 + statistic / 2), np.array(replicates), **counts)


def test_the_p_value_counts_the_data_and_what_is_unknown() -> None:
    assert step_of([1.0, 2.0, 3.0, 4.0], 3.0).p_value == 3 / 5
    assert step_of([1.0, 2.0, math.nan, 4.0], 5.0).p_value == 2 / 5
    assert step_of([1.0] * 99, 5.0).p_value == 0.01


def test_the_summary_holds_the_numbers() -> None:
    mixture = gx.Mixture([1.0], [[0.0]], [1.0], "spherical")
    step = step_of([1.0, 2.0, 6.0], 4.0, n_negative=1, n_repaired=2)
    test = LikelihoodRatioTest(0.05, (step,), mixture)
    text = test.summary()
    assert text == str(test)
    assert "1 vs 2          4      0.5        3             2" in text
    assert "K = 1 is not rejected at the level 0.05" in text
    assert "! 1 of 3 samples with K = 1 had no better fit" in text
    assert "! 2 of 3 samples with K = 1 had singular" in text
    assert repr(test) == "LikelihoodRatioTest(n_components=1; p-value 0.5)"
    assert pickle.loads(pickle.dumps(test)) == test


def test_no_test_and_one_sample_are_put_in_words() -> None:
    mixture = gx.Mixture([1.0], [[0.0]], [1.0], "spherical")
    none = LikelihoodRatioTest(0.05, (), mixture)
    assert repr(none) == "LikelihoodRatioTest(n_components=1; no test was made)"
    assert none.summary().splitlines() == [
        "Likelihood-ratio tests: none was made",
        "",
        "The tests ended at K = 1, which was not tested.",
    ]
    single = LikelihoodRatioTest(0.5, (step_of([1.0], 4.0),), mixture)
    assert repr(single) == "LikelihoodRatioTest(n_components=1; p-value 0.5)"
    assert "Likelihood-ratio test by the bootstrap\n" in single.summary()
    two = LikelihoodRatioTest(0.5, (step_of([1.0], 4.0), step_of([5.0], 4.0)), mixture)
    assert repr(two) == "LikelihoodRatioTest(n_components=1; p-values 0.5, 1)"
    assert "Likelihood-ratio tests by the bootstrap\n" in two.summary()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_components": 0}, "max_components"),
        ({"max_components": 121}, "n_components=121 is more than the number of rows"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"n_resamples": 18}, r"above level=0.05, .* n_resamples of at least 19\."),
        ({"n_resamples": 47, "level": 1 / 49}, "n_resamples of at least 48"),
        ({"n_resamples": 5, "level": 5e-324}, "n_resamples of at least 20240225330731061835"),
        ({"level": 5}, "level must be a number between 0 and 1"),
        ({"covariance_type": "ful"}, "Did you mean 'full'"),
        ({"max_iter": 0}, "max_iter"),
        ({"sample_weight": np.full(120, 0.3337)}, "whole number of rows"),
        ({"sample_weight": np.full(120, 1e18)}, "more rows than"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        gx.bootstrap_lrt(two_groups(1.0), **options)


@pytest.mark.parametrize(("n_resamples", "level"), [(19, 0.05), (48, 1 / 49), (1, 0.5)])
def test_the_fewest_samples_that_can_reject_do(n_resamples: int, level: float) -> None:
    X = two_groups(12.0)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "random_state": 0}
    test = gx.bootstrap_lrt(X, max_components=2, covariance_type="tied", **options)
    assert test.p_values == (1 / (1 + n_resamples),)
    assert (test.n_components, test.accepted) == (2, False)


def test_names_of_columns_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(two_groups(8.0), columns=["width", "height"])
    test = gx.bootstrap_lrt(frame, n_resamples=19, max_components=2, random_state=0)
    assert test.mixture.feature_names == ("width", "height")
