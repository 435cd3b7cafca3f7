"""GaussianMixture as a citizen of scikit-learn: its own checks, pipelines, searches, copies."""

from __future__ import annotations

import inspect
import io
import json
import os
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import gaussmix
from gaussmix import GaussianMixture

sklearn = pytest.importorskip("sklearn", minversion="1.8")

from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.mixture import GaussianMixture as Theirs  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils import estimator_checks, get_tags  # noqa: E402
from sklearn.utils.estimator_checks import (  # noqa: E402
    check_dataframe_column_names_consistency,
    check_n_features_in_after_fitting,
)
from sklearn.utils.validation import check_is_fitted, has_fit_parameter  # noqa: E402


@pytest.fixture
def data() -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]])
    return centres[rng.integers(3, size=240)] + rng.normal(size=(240, 2))


# ---- scikit-learn's own checks ----------------------------------------------------------------

CHECKS = """
import json, sys, warnings
from sklearn.utils.estimator_checks import check_estimator
import gaussmix
warnings.simplefilter("ignore")
estimator = gaussmix.GaussianMixture(**json.loads(sys.argv[1]))
results = check_estimator(estimator, on_fail=None, on_skip=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"covariance_type": "spherical", "reg_covar": 1e-6, "warm_start": True},
        {"n_components": 2, "covariance_type": "tied"},
        {"n_components": 2, "covariance_type": "diag", "tol": 1e-3},
    ],
)
def test_check_estimator_passes_and_skips_nothing(
    settings: dict[str, Any],
) -> None:
    """In a process of its own: SciPy reads SCIPY_ARRAY_API once, and without it a check skips."""
    pytest.importorskip("pandas")
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, json.dumps(settings)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
    )
    results = json.loads(done.stdout.splitlines()[-1])
    assert [r for r in results if r[1] != "passed"] == []
    assert [r for r in results if r[1] == "skipped"] == []
    assert len(results) > 40
    named = {"check_sample_weight_equivalence_on_dense_data"}
    if hasattr(estimator_checks, "check_array_api_same_namespace"):  # since scikit-learn 1.9
        named.add("check_array_api_input")
    assert named <= {name for name, _, _ in results}


def test_further_checks_of_scikit_learn() -> None:
    """Checks that scikit-learn runs on its own estimators but not in `check_estimator`."""
    pytest.importorskip("pandas")
    with warnings.catch_warnings():
        # Raised there on purpose: data without names after a fit with names, and the reverse.
        warnings.filterwarnings("ignore", message=".*feature names", category=UserWarning)
        check_dataframe_column_names_consistency("GaussianMixture", GaussianMixture(2))
    check_n_features_in_after_fitting("GaussianMixture", GaussianMixture(2))


# ---- names and tags ---------------------------------------------------------------------------


def test_arguments_of_scikit_learn_keep_their_names_and_order() -> None:
    theirs = [name for name in inspect.signature(Theirs).parameters]
    ours = [name for name in inspect.signature(GaussianMixture).parameters]
    assert [name for name in ours if name in theirs] == theirs


@pytest.mark.parametrize(
    "method", ["fit", "fit_predict", "predict", "predict_proba", "score_samples", "score"]
)
def test_methods_take_what_those_of_scikit_learn_take(method: str) -> None:
    theirs = list(inspect.signature(getattr(Theirs, method)).parameters)
    ours = list(inspect.signature(getattr(GaussianMixture, method)).parameters)
    assert ours[: len(theirs)] == theirs


def test_public_methods_and_attributes_of_scikit_learn_are_there(data: np.ndarray) -> None:
    theirs, ours = Theirs(2, random_state=0).fit(data), GaussianMixture(2).fit(data)
    missing = {name for name in dir(theirs) if name[0] != "_" and not hasattr(ours, name)}
    assert missing == set()


def test_tags() -> None:
    tags, theirs = get_tags(GaussianMixture()), get_tags(Theirs())
    assert tags.estimator_type == theirs.estimator_type == "density_estimator"
    assert tags.target_tags == theirs.target_tags
    assert tags.input_tags == theirs.input_tags
    assert tags.requires_fit
    assert not tags.non_deterministic
    assert not tags.array_api_support
    assert has_fit_parameter(GaussianMixture(), "sample_weight")


def test_errors_and_warnings_are_scikit_learns_as_well(data: np.ndarray) -> None:
    with pytest.raises(NotFittedError) as caught:
        GaussianMixture().predict(data)
    assert isinstance(caught.value, gaussmix.NotFittedError)
    with pytest.raises(NotFittedError):
        check_is_fitted(GaussianMixture())
    check_is_fitted(GaussianMixture(random_state=0).fit(data))
    check_is_fitted(GaussianMixture(random_state=0).fit(data), "means_")
    with pytest.warns(ConvergenceWarning):
        GaussianMixture(3, max_iter=1, init_params="random", random_state=0).fit(data)


# ---- copies -----------------------------------------------------------------------------------


def test_clone_copies_settings_and_no_result(data: np.ndarray) -> None:
    settings = {"n_components": 3, "tol": 0.1, "means_init": data[:3], "random_state": 7}
    model = GaussianMixture(**settings).fit(data)
    twin = clone(model)
    assert not hasattr(twin, "result_")
    assert twin.means_init is not model.means_init
    np.testing.assert_array_equal(twin.means_init, model.means_init)
    assert twin.get_params().keys() == model.get_params().keys()
    assert (twin.n_components, twin.tol, twin.random_state) == (3, 0.1, 7)
    np.testing.assert_array_equal(twin.fit(data).means_, model.means_)


class Standardising(GaussianMixture):
    """A subclass as a user would write it: its own constructor, and work around ``fit``."""

    def __init__(self, n_components: int = 1, *, divide: float = 1.0) -> None:
        super().__init__(n_components, random_state=0)
        self.divide = divide

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Standardising:
        return super().fit(np.asarray(X) / self.divide, y, sample_weight)


def test_subclasses_have_their_own_settings(data: np.ndarray) -> None:
    model = Standardising(3, divide=2.0)
    assert model.get_params() == {"n_components": 3, "divide": 2.0}
    assert repr(model) == "Standardising(n_components=3, divide=2.0)"
    twin = clone(model).set_params(divide=4.0).fit(data)
    expected = GaussianMixture(3, random_state=0).fit(data / 4.0)
    np.testing.assert_array_equal(twin.means_, expected.means_)
    with pytest.raises(NotFittedError, match="This Standardising instance is not fitted"):
        model.predict(data)


def test_joblib_dumps_and_loads(data: np.ndarray) -> None:
    joblib = pytest.importorskip("joblib")
    model = GaussianMixture(3, random_state=0).fit(data)
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    twin = joblib.load(file)
    assert twin.result_.mixture == model.result_.mixture
    np.testing.assert_array_equal(twin.predict_proba(data), model.predict_proba(data))


# ---- inside meta-estimators -------------------------------------------------------------------


def test_in_a_pipeline(data: np.ndarray) -> None:
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0))
    labels = pipeline.fit_predict(data)
    scaled = StandardScaler().fit_transform(data)
    alone = GaussianMixture(3, random_state=0).fit(scaled)
    np.testing.assert_array_equal(labels, alone.predict(scaled))
    np.testing.assert_array_equal(pipeline.score_samples(data), alone.score_samples(scaled))
    assert pipeline.score(data) == alone.score(scaled)
    pipeline.set_params(gaussianmixture__n_components=2)
    assert pipeline.fit(data)[-1].means_.shape == (2, 2)
    with pytest.raises(ValueError, match="Invalid parameter 'n_component'"):
        pipeline.set_params(gaussianmixture__n_component=2)
    assert "GaussianMixture" in pipeline._repr_html_()


def test_in_a_pipeline_of_frames(data: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(data, columns=["length", "width"])
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0))
    pipeline.set_output(transform="pandas").fit(frame)
    assert pipeline[-1].feature_names_in_.tolist() == ["length", "width"]
    assert pipeline.predict(frame).shape == (240,)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_in_a_grid_search(data: np.ndarray, n_jobs: int | None) -> None:
    """Three well separated blobs: held-out likelihood must reject one and two components."""
    grid = {"n_components": [1, 2, 3], "covariance_type": ["full", "spherical"]}
    search = GridSearchCV(GaussianMixture(random_state=0), grid, cv=3, n_jobs=n_jobs)
    search.fit(data)
    assert search.best_params_["n_components"] == 3
    assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))
    alone = GaussianMixture(random_state=0, **search.best_params_).fit(data)
    np.testing.assert_array_equal(search.best_estimator_.means_, alone.means_)


def test_cross_validation_scores_held_out_rows(data: np.ndarray) -> None:
    scores = cross_val_score(GaussianMixture(3, random_state=0), data, cv=4)
    first = GaussianMixture(3, random_state=0).fit(data[60:]).score(data[:60])
    assert scores[0] == first
    assert len(set(scores)) == 4


def test_a_worker_without_scikit_learn_reports_our_error(data: np.ndarray) -> None:
    """Errors cross process borders, where the class that also is scikit-learn's may not exist."""
    joblib = pytest.importorskip("joblib")
    with pytest.raises(gaussmix.NotFittedError):
        joblib.Parallel(n_jobs=2)([joblib.delayed(GaussianMixture().predict)(data)] * 2)


def test_metadata_routing(data: np.ndarray) -> None:
    weights = np.linspace(0.0, 2.0, len(data))
    with sklearn.config_context(enable_metadata_routing=True):
        model = GaussianMixture(3, random_state=0)
        assert model.set_fit_request(sample_weight=True) is model
        model.set_score_request(sample_weight=False)
        pipeline = make_pipeline(StandardScaler(), clone(model))
        pipeline[0].set_fit_request(sample_weight=False)
        pipeline.fit(data, sample_weight=weights)
        refused = make_pipeline(clone(pipeline[0]), GaussianMixture(3, random_state=0))
        with pytest.raises(ValueError, match="sample_weight"):
            refused.fit(data, sample_weight=weights)
    scaled = StandardScaler().fit_transform(data)
    alone = GaussianMixture(3, random_state=0).fit(scaled, sample_weight=weights)
    np.testing.assert_array_equal(pipeline[-1].means_, alone.means_)
    assert "_metadata_request" not in vars(GaussianMixture(3))


def test_a_notebook_shows_scikit_learns_diagram(data: np.ndarray) -> None:
    for model in (GaussianMixture(3), GaussianMixture(3, random_state=0).fit(data)):
        shown = model._repr_mimebundle_()
        assert shown["text/plain"] == repr(model)
        assert "GaussianMixture" in shown["text/html"]
        assert "sk-container" in shown["text/html"]


def test_without_scikit_learn_a_notebook_shows_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sklearn.utils")
    assert GaussianMixture(3)._repr_mimebundle_(include=None) == {
        "text/plain": "GaussianMixture(n_components=3)"
    }
