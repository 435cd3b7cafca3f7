"""A mixture as a distribution: its parameters, what it says about data, and how it is kept."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from gaussmix import _core

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)

WEIGHTS = [0.2, 0.3, 0.5]
MEANS = [[0.0, 0.0], [3.0, -1.0], [-2.0, 4.0]]
A, B, C = ([[2.0, 0.6], [0.6, 1.0]], [[1.0, -0.3], [-0.3, 0.5]], [[0.7, 0.0], [0.0, 3.0]])
COVARIANCES: dict[str, Any] = {
    "full": [A, B, C],
    "tied": A,
    "diag": [[2.0, 1.0], [1.0, 0.5], [0.7, 3.0]],
    "spherical": [0.5, 1.0, 2.5],
}
X = np.random.default_rng(5).normal(scale=3.0, size=(101, 2))


def example(covariance_type: str = "full", **changes: Any) -> gx.Mixture:
    parameters = {
        "weights": WEIGHTS,
        "means": MEANS,
        "covariances": COVARIANCES.get(covariance_type, COVARIANCES["full"]),
        "covariance_type": covariance_type,
    }
    return gx.Mixture(**(parameters | changes))


def matrices(covariance_type: str) -> Float64:
    """The covariance matrix of each component, (3, 2, 2)."""
    values = np.array(COVARIANCES[covariance_type])
    if covariance_type == "full":
        return values
    if covariance_type == "tied":
        return np.array([values] * 3)
    if covariance_type == "diag":
        return np.array([np.diag(row) for row in values])
    return np.array([value * np.eye(2) for value in values])


def log_normal(x: Float64, mean: Float64, covariance: Float64) -> float:
    """Log-density of one row, by the textbook."""
    centred = x - mean
    distance = centred @ np.linalg.inv(covariance) @ centred
    return float(
        -0.5 * (2 * math.log(2 * math.pi) + math.log(np.linalg.det(covariance)) + distance)
    )


def component_log_densities(covariance_type: str) -> Float64:
    pairs = list(zip(np.array(MEANS), matrices(covariance_type), strict=True))
    return np.array([[log_normal(x, mean, cov) for mean, cov in pairs] for x in X])


# --- parameters ----------------------------------------------------------------------------------


@each_structure
def test_sizes_and_names(covariance_type: str) -> None:
    mixture = example(covariance_type)
    counts = {"full": 17, "tied": 11, "diag": 14, "spherical": 11}
    assert (mixture.n_components, mixture.n_features) == (3, 2)
    assert mixture.n_parameters == counts[covariance_type]
    assert mixture.covariance_type is gx.CovarianceType(covariance_type)
    assert covariance_type in repr(mixture)


@each_structure
def test_derived_matrices(covariance_type: str) -> None:
    mixture = example(covariance_type)
    expected = matrices(covariance_type)
    if covariance_type == "full":
        inverses, factors = mixture.precisions, mixture.precisions_cholesky
    elif covariance_type == "tied":
        inverses = np.array([mixture.precisions] * 3)
        factors = np.array([mixture.precisions_cholesky] * 3)
    else:
        ones = np.ones((3, 2))
        rows = (mixture.precisions.reshape(3, -1), mixture.precisions_cholesky.reshape(3, -1))
        inverses, factors = (np.array([np.diag(r) for r in part * ones]) for part in rows)
    np.testing.assert_allclose(inverses, np.linalg.inv(expected), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(
        factors @ factors.transpose(0, 2, 1), np.linalg.inv(expected), rtol=1e-14, atol=1e-15
    )
    assert np.all(np.tril(factors, -1) == 0)
    np.testing.assert_allclose(
        mixture.log_determinants, np.log(np.linalg.det(expected)), rtol=1e-13, atol=1e-15
    )


def test_reciprocal_conditions_tell_round_from_nearly_singular() -> None:
    nearly = np.array([[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]])
    mixture = example(covariances=[np.eye(2), nearly, 1e12 * np.eye(2)])
    round_one, flat, large = mixture.reciprocal_conditions
    assert 0 < flat < 1e-8
    assert round_one == large == 1.0


@each_structure
def test_arrays_are_private_float64_and_read_only(covariance_type: str) -> None:
    given = {
        "weights": np.array(WEIGHTS, dtype=np.float32) / np.float32(1),
        "means": np.asfortranarray(MEANS),
        "covariances": np.array(COVARIANCES[covariance_type]),
    }
    mixture = example(covariance_type, **given)
    names = [*given, "precisions", "precisions_cholesky", "log_determinants"]
    for array in [getattr(mixture, name) for name in (*names, "reciprocal_conditions")]:
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    before = mixture.means.copy()
    given["means"][...] = 99.0
    np.testing.assert_array_equal(mixture.means, before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        mixture.weights = mixture.weights  # type: ignore[misc]


def test_rounding_is_repaired_and_exact_parameters_are_kept_to_the_bit() -> None:
    rough = example(
        weights=[0.2, 0.3, 0.5000002], covariances=[[[2.0, 0.6], [0.6000003, 1.0]], B, C]
    )
    assert rough.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert rough.covariances[0, 0, 1] == rough.covariances[0, 1, 0] == pytest.approx(0.60000015)
    thirds = np.full(3, 1 / 3)
    assert example(weights=thirds).weights.tobytes() == thirds.tobytes()
    again = example(weights=rough.weights, covariances=rough.covariances)
    assert again == rough


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [0.5, 0.5]}, r"weights must have shape \(3,\), but has shape \(2,\)"),
        ({"weights": [0.2, 0.3, 0.6]}, r"weights must sum to 1, but sum to 1\.1"),
        ({"weights": [0.7, -0.2, 0.5]}, r"weights\[1\] is -0\.2"),
        ({"means": [0.0, 3.0, -2.0]}, r"means must have shape \(n_components, n_features\)"),
        ({"means": np.zeros((0, 2))}, r"means must have shape .* has shape \(0, 2\)"),
        ({"means": [[0, 0], [0, math.nan], [0, 0]]}, r"means\[1, 1\] is nan"),
        ({"covariances": A}, r"covariances must have shape \(3, 2, 2\) for covariance_type='full'"),
        ({"covariances": [A, B, [[1, 2], [2, 1]]]}, r"covariances must be positive definite.*2"),
        ({"covariances": [A, [[1, 0.1], [0, 1]], C]}, r"covariances must be symmetric"),
        ({"covariance_type": "fulll"}, "Did you mean 'full'"),
        ({"feature_names": ["a"]}, "feature_names must hold 2 names"),
        ({"feature_names": "ab"}, "feature_names must be None or a sequence of 2 strings"),
        ({"feature_names": [1, 2]}, "feature_names must be None or a sequence of 2 strings"),
        ({"feature_names": 7}, "feature_names must be None or a sequence of 2 strings, got 7"),
        ({"feature_names": iter("ab")}, "feature_names must be None or a sequence of 2 strings"),
    ],
)
def test_what_is_no_mixture_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        example(**changes)


# --- densities -----------------------------------------------------------------------------------


@each_structure
def test_densities_by_the_textbook(covariance_type: str) -> None:
    mixture = example(covariance_type)
    components = component_log_densities(covariance_type)
    joint = np.exp(components) * WEIGHTS
    density = joint.sum(axis=1)
    np.testing.assert_allclose(mixture.component_log_density(X), components, rtol=1e-12)
    np.testing.assert_allclose(mixture.log_density(X), np.log(density), rtol=1e-12)
    np.testing.assert_allclose(
        mixture.responsibilities(X), joint / density[:, None], rtol=1e-11, atol=1e-300
    )
    labels = mixture.assign(X)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, joint.argmax(axis=1))


@each_structure
def test_float32_data_give_float32_results(covariance_type: str) -> None:
    mixture = example(covariance_type)
    single = X.astype(np.float32)
    for method in (mixture.log_density, mixture.component_log_density, mixture.responsibilities):
        result = method(single)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, method(single.astype(float)).astype(np.float32))
    assert mixture.assign(single).dtype == np.int64


def test_far_away_rows_have_finite_log_densities() -> None:
    far = example().log_density([[1e150, 0.0], [0.0, -1e6]])
    assert np.all(np.isfinite(far))
    assert np.all(far < -1e11)
    np.testing.assert_allclose(example().responsibilities([[1e6, 0.0]]).sum(), 1, rtol=1e-15)


def test_a_component_without_weight_takes_no_part() -> None:
    with_it = example(weights=[0.4, 0.0, 0.6])
    without = gx.Mixture([0.4, 0.6], [MEANS[0], MEANS[2]], [A, C])
    np.testing.assert_array_equal(with_it.log_density(X), without.log_density(X))
    assert np.all(with_it.responsibilities(X)[:, 1] == 0)
    assert 1 not in with_it.assign(X)
    np.testing.assert_array_equal(
        with_it.component_log_density(X), example().component_log_density(X)
    )


def test_equal_components_go_to_the_first() -> None:
    twins = gx.Mixture([0.5, 0.5], [[0.0], [0.0]], [1.0, 1.0], "spherical")
    assert set(twins.assign([[0.0], [1.0], [-2.0]])) == {0}


def test_threads_change_nothing_and_bad_ones_are_refused() -> None:
    mixture = example()
    np.testing.assert_array_equal(
        mixture.log_density(X, n_threads=1), mixture.log_density(X, n_threads=3)
    )
    with pytest.raises(gx.GaussmixError, match="n_threads must be an integer >= 1, got 0"):
        mixture.responsibilities(X, n_threads=0)


# --- draws ---------------------------------------------------------------------------------------


@each_structure
def test_draws_have_the_moments_of_the_mixture(covariance_type: str) -> None:
    n = 40_000
    mixture = example(covariance_type)
    rows, labels = mixture.sample(n, random_state=1)
    assert rows.shape == (n, 2)
    assert rows.dtype == np.float64
    assert labels.dtype == np.int64
    counts = np.bincount(labels, minlength=3)
    # Five standard errors: one false alarm in a million per number, and the seed is fixed.
    share_error = np.sqrt(np.array(WEIGHTS) * (1 - np.array(WEIGHTS)) / n)
    assert np.all(np.abs(counts / n - WEIGHTS) < 5 * share_error)
    for k, covariance in enumerate(matrices(covariance_type)):
        own = rows[labels == k]
        variances = np.diag(covariance)
        assert np.all(np.abs(own.mean(axis=0) - MEANS[k]) < 5 * np.sqrt(variances / len(own)))
        error = np.sqrt((np.outer(variances, variances) + covariance**2) / len(own))
        assert np.all(np.abs(np.cov(own.T) - covariance) < 5 * error)


def test_draws_are_shuffled_and_repeatable() -> None:
    mixture = example()
    rows, labels = mixture.sample(1000, random_state=7)
    assert np.any(np.diff(labels) < 0)
    again, labels_again = mixture.sample(1000, random_state=7)
    assert rows.tobytes() == again.tobytes()
    assert labels.tobytes() == labels_again.tobytes()
    assert not np.array_equal(mixture.sample(1000, random_state=8)[0], rows)
    generator = np.random.default_rng(7)
    first, second = mixture.sample(5, generator)[0], mixture.sample(5, generator)[0]
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("n_samples", "error"),
    [(0, gx.GaussmixError), (-1, gx.GaussmixError), (2.0, TypeError), (10**30, gx.GaussmixError)],
)
def test_bad_number_of_draws(n_samples: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"n_samples must be an integer [<>]= "):
        example().sample(n_samples)


# --- kept ----------------------------------------------------------------------------------------


@each_structure
def test_copies_are_equal_and_behave_the_same(covariance_type: str) -> None:
    mixture = example(covariance_type, feature_names=("a", "b"))
    for twin in (pickle.loads(pickle.dumps(mixture)), copy.deepcopy(mixture), copy.copy(mixture)):
        assert twin == mixture
        assert twin.feature_names == ("a", "b")
        assert not twin.means.flags.writeable
        assert twin.log_density(X).tobytes() == mixture.log_density(X).tobytes()


def test_equality_is_of_every_parameter() -> None:
    mixture = example()
    assert mixture == example()
    moved = np.array(MEANS)
    moved[0, 0] = np.nextafter(0.0, 1.0)
    different: list[Any] = [
        example(means=moved),
        example(weights=[0.3, 0.2, 0.5]),
        example(covariances=[B, A, C]),
        example(feature_names=["a", "b"]),
        example("tied"),
        "mixture",
        None,
    ]
    for other in different:
        assert mixture != other
    # Equal in numbers, but not the same structure.
    assert example("spherical", covariances=[1, 1, 1]) != example(
        "diag", covariances=np.ones((3, 2))
    )


def test_a_mixture_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(example())


def test_save_and_load(tmp_path: Any) -> None:
    mixture = example(feature_names=("a", "b"))
    mixture.save(tmp_path / "model.npz")
    assert gx.load(tmp_path / "model.npz") == mixture


# --- made by a fit, and by the engine -------------------------------------------------------------


@each_structure
def test_a_fitted_mixture_is_what_the_constructor_makes_of_its_parameters(
    covariance_type: str,
) -> None:
    fitted = gx.fit(X, 3, covariance_type=covariance_type, random_state=0).mixture
    made = gx.Mixture(
        fitted.weights,
        fitted.means,
        fitted.covariances,
        covariance_type,
        precisions_cholesky=fitted.precisions_cholesky,
    )
    for name in ("weights", "means", "covariances", "precisions_cholesky", "reciprocal_conditions"):
        ours, theirs = getattr(fitted, name), getattr(made, name)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.tobytes() == theirs.tobytes(), name
        assert not ours.flags.writeable


def test_variances_that_leave_the_range_of_float64_make_no_mixture() -> None:
    with pytest.raises(gx.GaussmixError, match=r"column 0 of X .*float64; rescale it"):
        gx.fit(X * 1e-200, 2, random_state=0)


def test_what_the_kernels_read_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And rows are searched for NaN once per call: both cost more than one row's density."""
    calls = Counter[str]()
    for name in ("prepare", "find_nonfinite"):
        real = getattr(_core, name)

        def counting(*arguments: Any, name: str = name, real: Any = real) -> Any:
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(_core, name, counting)
    mixture = example()
    for call in (mixture.assign, mixture.responsibilities, mixture.log_density):
        call(X[:1])
    assert calls == {"prepare": 1, "find_nonfinite": 3}
    model = gx.GaussianMixture(2, random_state=0).fit(X)
    calls.clear()
    for method in (model.predict, model.predict_proba, model.score_samples):
        method(X[:1])
    assert calls == {"prepare": 1, "find_nonfinite": 3}


def test_the_engine_takes_no_foreign_capsule_for_a_density() -> None:
    import datetime  # its C interface is a capsule that every Python has

    with pytest.raises(TypeError, match="prepare"):
        _core.evaluate(X, datetime.datetime_CAPI, labels=True)  # type: ignore[attr-defined]
