"""GaussianMixture: what it promises beyond scikit-learn's protocol (test_sklearn_compat.py) and
scikit-learn's numbers (test_sklearn_agreement.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import gaussmix
from gaussmix import GaussianMixture

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
SHAPES = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "spherical": (3,)}
METHODS = ("predict", "predict_proba", "score_samples", "score", "bic", "aic", "icl")
FITTED = (
    "weights_",
    "means_",
    "covariances_",
    "precisions_",
    "precisions_cholesky_",
    "converged_",
    "n_iter_",
    "lower_bound_",
    "lower_bounds_",
    "n_features_in_",
    "result_",
)


@contextmanager
def no_convergence_expected() -> Iterator[None]:
    with pytest.warns(gaussmix.ConvergenceWarning):
        yield


def state(model: GaussianMixture) -> dict[str, Any]:
    return dict(vars(model))


# ---- constructor ------------------------------------------------------------------------------


def test_defaults() -> None:
    assert GaussianMixture().get_params() == {
        "n_components": 1,
        "covariance_type": "full",
        "n_factors": None,
        "tol": None,
        "reg_covar": None,
        "max_iter": 1000,
        "accelerate": "auto",
        "n_init": 1,
        "race": True,
        "init_params": "kmeans",
        "weights_init": None,
        "means_init": None,
        "precisions_init": None,
        "covariances_init": None,
        "responsibilities_init": None,
        "random_state": None,
        "warm_start": False,
        "verbose": 0,
        "verbose_interval": 10,
        "n_threads": None,
        "memory_limit": None,
        "on_degenerate": "repair",
        "max_eigenvalue_ratio": None,
        "prior": None,
        "max_seconds": None,
        "progress": False,
        "callback": None,
    }


def test_only_n_components_is_positional() -> None:
    assert GaussianMixture(4).n_components == 4
    with pytest.raises(TypeError):
        GaussianMixture(4, "tied")  # type: ignore[misc]


def test_repr_shows_what_was_given() -> None:
    assert repr(GaussianMixture()) == "GaussianMixture()"
    model = GaussianMixture(3, covariance_type="tied", tol=1e-3)
    assert repr(model) == "GaussianMixture(n_components=3, covariance_type='tied', tol=0.001)"
    assert "shape (50, 2)" in repr(GaussianMixture(means_init=np.zeros((50, 2))))


def test_set_params_refuses_unknown_names_and_sets_nothing() -> None:
    model = GaussianMixture()
    with pytest.raises(ValueError, match="Invalid parameter 'n_component' for estimator"):
        model.set_params(tol=0.1, n_component=2)
    assert model.tol is None
    with pytest.raises(ValueError, match="Invalid parameter 'deeper' for estimator"):
        model.set_params(deeper__tol=0.1)
    with pytest.raises(ValueError, match="'tol__value'"):
        model.set_params(tol__value=0.1)
    assert model.set_params(tol=0.1, n_components=2) is model
    assert (model.tol, model.n_components) == (0.1, 2)


# ---- the fitted state -------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_fitted_attributes(X: np.ndarray, covariance_type: str) -> None:
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    assert model.fit(X) is model
    assert model.weights_.shape == (3,)
    assert model.means_.shape == (3, 2)
    for name in ("covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(model, name).shape == SHAPES[covariance_type]
    assert model.weights_.sum() == pytest.approx(1.0, abs=1e-15)
    assert model.converged_ is True
    assert type(model.n_iter_) is int
    assert model.n_features_in_ == 2
    assert isinstance(model.result_, gaussmix.FitResult)
    rejected = model.result_.starts[0].rejected  # passes that only tested an extrapolation
    assert model.n_iter_ == model.result_.n_iter == len(model.lower_bounds_) + rejected
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_precisions_invert_covariances(X: np.ndarray, covariance_type: str) -> None:
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    upper = model.precisions_cholesky_
    np.testing.assert_array_equal(upper, np.triu(upper))
    np.testing.assert_allclose(upper @ upper.swapaxes(-1, -2), model.precisions_, rtol=1e-12)
    identity = np.broadcast_to(np.eye(2), model.covariances_.shape)
    np.testing.assert_allclose(model.precisions_ @ model.covariances_, identity, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_precisions_are_reciprocal_variances(X: np.ndarray, covariance_type: str) -> None:
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    np.testing.assert_allclose(model.precisions_ * model.covariances_, 1.0, rtol=1e-14)
    np.testing.assert_allclose(model.precisions_cholesky_**2, model.precisions_, rtol=1e-14)


def test_lower_bound_belongs_to_the_returned_parameters(X: np.ndarray) -> None:
    with no_convergence_expected():
        model = GaussianMixture(3, max_iter=3, random_state=0, init_params="random").fit(X)
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-13)
    assert np.all(np.diff([*model.lower_bounds_, model.lower_bound_]) > 0)


def test_attributes_are_missing_before_fit(X: np.ndarray) -> None:
    model = GaussianMixture()
    for name in FITTED:
        assert not hasattr(model, name)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("name", [*FITTED, "feature_names_in_"])
def test_reading_an_attribute_before_fit_is_a_clear_error(name: str) -> None:
    with pytest.raises(gaussmix.NotFittedError, match=r"GaussianMixture instance is not fitted"):
        getattr(GaussianMixture(), name)


@pytest.mark.parametrize("method", METHODS)
def test_use_before_fit_is_a_clear_error(X: np.ndarray, method: str) -> None:
    with pytest.raises(gaussmix.NotFittedError, match="GaussianMixture instance is not fitted"):
        getattr(GaussianMixture(), method)(X)


def test_sample_and_n_parameters_before_fit_are_clear_errors() -> None:
    with pytest.raises(gaussmix.NotFittedError):
        GaussianMixture().sample()
    with pytest.raises(gaussmix.NotFittedError):
        GaussianMixture()._n_parameters()


@pytest.mark.parametrize("name", FITTED[:-1])
def test_results_of_a_fit_cannot_be_set(X: np.ndarray, name: str) -> None:
    """They would not change what predict does; a given mixture is a `Mixture`."""
    model = GaussianMixture(random_state=0).fit(X)
    with pytest.raises(AttributeError, match=f"{name}.*gaussmix.Mixture"):
        setattr(model, name, np.ones(1))


def test_arrays_are_read_only(X: np.ndarray) -> None:
    model = GaussianMixture(random_state=0).fit(X)
    with pytest.raises(ValueError, match="read-only"):
        model.means_[0] = 0.0


@pytest.mark.parametrize(
    ("settings", "data"),
    [
        ({}, np.full((5, 2), np.nan)),
        ({}, np.zeros((0, 2))),
        ({}, np.zeros(5)),
        ({"n_components": 0}, None),
        ({"n_components": 251}, None),
        ({"covariance_type": "fool"}, None),
        ({"tol": -1.0}, None),
        ({"means_init": np.zeros((3, 3))}, None),
        ({"n_threads": 0}, None),
        ({"on_degenerate": "raise", "n_components": 2}, np.ones((9, 2))),
    ],
)
def test_a_failing_fit_leaves_the_estimator_as_it_was(
    X: np.ndarray, settings: dict[str, Any], data: np.ndarray | None
) -> None:
    model = GaussianMixture(3, random_state=0)
    bad = X if data is None else data
    with pytest.raises(gaussmix.GaussmixError):
        model.set_params(**settings).fit(bad)
    assert not hasattr(model, "result_")

    model = GaussianMixture(3, random_state=0).fit(X)
    model.set_params(**settings)
    before = state(model)
    with pytest.raises(gaussmix.GaussmixError):
        model.fit(bad)
    after = state(model)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)


def test_bad_weights_leave_the_estimator_as_it_was(X: np.ndarray) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    before = model.result_
    with pytest.raises(gaussmix.GaussmixError, match="weight"):
        model.fit(X, sample_weight=-np.ones(len(X)))
    assert model.result_ is before


def test_an_interrupted_fit_leaves_the_estimator_as_it_was(
    X: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    before = state(model)

    def interrupted(*arguments: Any, **settings: Any) -> None:
        raise gaussmix.FitInterrupted("by the test", model.result_)

    monkeypatch.setattr(gaussmix.fitting, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        model.fit(X.astype(np.float32))
    assert caught.value.result is model.result_
    assert all(state(model)[name] is before[name] for name in before)


# ---- evaluation -------------------------------------------------------------------------------


def test_fit_predict_is_fit_then_predict(X: np.ndarray) -> None:
    weights = np.linspace(0.0, 2.0, len(X))
    labels = GaussianMixture(3, random_state=0).fit_predict(X, sample_weight=weights)
    model = GaussianMixture(3, random_state=0).fit(X, sample_weight=weights)
    np.testing.assert_array_equal(labels, model.predict(X))
    assert set(labels) == {0, 1, 2}


def test_predict_is_the_largest_of_predict_proba(X: np.ndarray) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(model.predict(X), probabilities.argmax(axis=1))


def test_score_is_the_weighted_mean_of_score_samples(X: np.ndarray) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    density = model.score_samples(X)
    weights = np.linspace(0.0, 3.0, len(X))
    assert model.score(X) == pytest.approx(density.mean(), rel=1e-13)
    expected = (weights * density).sum() / weights.sum()
    assert model.score(X, sample_weight=weights) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("weighted", [False, True])
def test_criteria_by_their_formulas(X: np.ndarray, covariance_type: str, weighted: bool) -> None:
    weights = np.linspace(0.0, 3.0, len(X)) if weighted else None
    w = np.ones(len(X)) if weights is None else weights
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    model.fit(X, sample_weight=weights)
    counts = {"full": 3 * 3, "tied": 3, "diag": 3 * 2, "spherical": 3}
    n_parameters = 2 + 3 * 2 + counts[covariance_type]
    assert model._n_parameters() == n_parameters
    log_likelihood = (w * model.score_samples(X)).sum()
    certainty = (w * np.log(model.predict_proba(X).max(axis=1))).sum()
    bic = -2 * log_likelihood + n_parameters * np.log(w.sum())
    assert model.bic(X, sample_weight=weights) == pytest.approx(bic, rel=1e-12)
    assert model.aic(X, sample_weight=weights) == pytest.approx(
        -2 * log_likelihood + 2 * n_parameters, rel=1e-12
    )
    assert model.icl(X, sample_weight=weights) == pytest.approx(bic - 2 * certainty, rel=1e-12)
    for name in ("bic", "aic", "icl"):
        of_fit = getattr(model.result_, name)
        assert getattr(model, name)(X, sample_weight=weights) == pytest.approx(of_fit, rel=1e-12)


@pytest.mark.parametrize("method", ["score", "bic", "aic", "icl"])
def test_weights_of_an_evaluation_are_checked(X: np.ndarray, method: str) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    with pytest.raises(gaussmix.GaussmixError, match="weight"):
        getattr(model, method)(X, sample_weight=np.ones(len(X) - 1))
    with pytest.raises(gaussmix.GaussmixError, match="weight"):
        getattr(model, method)(X, sample_weight=np.zeros(len(X)))


@pytest.mark.parametrize("method", METHODS)
def test_the_wrong_number_of_columns_is_a_clear_error(X: np.ndarray, method: str) -> None:
    model = GaussianMixture(random_state=0).fit(X)
    message = "X has 1 features, but GaussianMixture is expecting 2 features as input"
    with pytest.raises(gaussmix.GaussmixError, match=message):
        getattr(model, method)(X[:, :1])


@pytest.mark.parametrize("method", METHODS)
def test_data_may_be_lists_and_integers(X: np.ndarray, method: str) -> None:
    rounded = np.round(X)
    model = GaussianMixture(2, random_state=0).fit(rounded.tolist())
    expected = getattr(model, method)(rounded)
    np.testing.assert_array_equal(getattr(model, method)(rounded.tolist()), expected)
    np.testing.assert_array_equal(getattr(model, method)(rounded.astype(np.int32)), expected)


def test_sample(X: np.ndarray) -> None:
    model = GaussianMixture(3, random_state=0).fit(X)
    drawn, labels = model.sample(20_000)
    assert drawn.shape == (20_000, 2)
    assert drawn.dtype == np.float64
    assert labels.shape == (20_000,)
    assert labels.dtype == np.int64
    shares = np.bincount(labels, minlength=3) / 20_000
    deviation = np.sqrt(model.weights_ * (1 - model.weights_) / 20_000)
    assert np.all(np.abs(shares - model.weights_) < 5 * deviation)
    np.testing.assert_array_equal(model.sample(7)[0], model.sample(7)[0])  # an int starts afresh
    assert model.sample()[0].shape == (1, 2)
    with pytest.raises(gaussmix.GaussmixError, match="n_samples"):
        model.sample(0)


# ---- sample weights in fit --------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_weights_are_frequencies(
    X: np.ndarray, start: dict[str, Any], covariance_type: str
) -> None:
    weights = np.random.default_rng(1).integers(0, 4, size=len(X))
    settings = {
        "covariance_type": covariance_type,
        # The default rule asks for the effective number of rows, (sum w)^2 / sum w^2, which does
        # tell few heavy rows from many light ones; a numeric rule sees means alone.
        "tol": 1e-9,
        "weights_init": start["weights_init"],
        "means_init": start["means_init"],
        "covariances_init": np.ones(SHAPES[covariance_type])
        if covariance_type in ("diag", "spherical")
        else np.broadcast_to(np.eye(2), SHAPES[covariance_type]),
    }
    weighted = GaussianMixture(3, **settings).fit(X, sample_weight=weights)
    repeated = GaussianMixture(3, **settings).fit(X.repeat(weights, axis=0))
    assert weighted.n_iter_ == repeated.n_iter_
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(
            getattr(weighted, name), getattr(repeated, name), rtol=1e-9, atol=1e-9
        )
    assert weighted.lower_bound_ == pytest.approx(repeated.lower_bound_, rel=1e-12)


def test_scaling_all_weights_moves_nothing(X: np.ndarray) -> None:
    weights = np.random.default_rng(1).uniform(size=len(X))
    small = GaussianMixture(3, random_state=0).fit(X, sample_weight=weights)
    large = GaussianMixture(3, random_state=0).fit(X, sample_weight=2.0**20 * weights)
    assert small.n_iter_ == large.n_iter_
    np.testing.assert_array_equal(small.means_, large.means_)
    np.testing.assert_array_equal(small.covariances_, large.covariances_)
