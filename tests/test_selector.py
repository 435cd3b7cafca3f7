"""GaussianMixtureSelector: the search, and then the fitted mixture, under scikit-learn's names."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from gaussmix import GaussianMixtureSelector

FEW = {"n_components": [1, 2, 3, 4], "covariance_types": ["spherical", "full"]}


@pytest.fixture
def data() -> np.ndarray:
    """Three round groups, far apart: any sound criterion finds them."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 15.0]])
    return np.repeat(centres, 80, axis=0) + rng.normal(size=(240, 2))


# ---- what it finds ----------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["bic", "aicc", "icl", "icl_entropy", "nec", "cv"])
def test_it_finds_the_groups_that_are_there(data: np.ndarray, criterion: str) -> None:
    settings = {"n_components": range(1, 5), "covariance_types": ["EII"], "criterion": criterion}
    model = GaussianMixtureSelector(**settings, random_state=0).fit(data)
    labels = model.predict(data).reshape(3, 80)
    if criterion in ("bic", "icl", "icl_entropy"):  # the consistent ones
        assert model.n_components_ == 3
        assert all(len(set(group)) == 1 for group in labels.tolist())
        assert len(set(labels[:, 0].tolist())) == 3
    assert model.n_components_ >= 3
    assert model.selection_.criterion_name == criterion


def test_it_is_what_select_finds(data: np.ndarray) -> None:
    weights = np.linspace(0.5, 1.5, len(data))
    model = GaussianMixtureSelector(**FEW, random_state=3).fit(data, sample_weight=weights)
    found = gx.select(data, [1, 2, 3, 4], ["spherical", "full"], sample_weight=weights)
    assert model.selection_.best_structure == found.best_structure
    assert model.result_ is model.selection_.best
    assert model.result_.mixture == found.best.mixture
    assert (model.n_components_, model.covariance_type_) == (3, found.best.covariance_type)


def test_every_setting_reaches_the_search(data: np.ndarray, monkeypatch) -> None:
    seen: dict[str, object] = {}
    real = gx.select

    def select(X, **settings):
        seen.update(settings)
        return real(X, **settings)

    monkeypatch.setattr("gaussmix.selector.select", select)
    settings = {
        "n_components": (2, 3),
        "covariance_types": ["EII"],
        "criterion": "cv",
        "sample_size": "effective",
        "n_folds": 3,
        "max_iter": 500,
        "random_state": 1,
        "n_threads": 1,
        "memory_limit": "1 GiB",
        "progress": True,
    }
    GaussianMixtureSelector(**settings).fit(data)
    assert seen == {**settings, "sample_weight": None}


def test_it_answers_as_the_mixture_that_it_found(data: np.ndarray) -> None:
    model = GaussianMixtureSelector(**FEW, random_state=0).fit(data)
    mixture = model.result_.mixture
    np.testing.assert_array_equal(model.predict_proba(data), mixture.responsibilities(data))
    np.testing.assert_array_equal(model.score_samples(data), mixture.log_density(data))
    np.testing.assert_array_equal(model.means_, mixture.means)
    assert model.score(data) == pytest.approx(mixture.log_density(data).mean(), rel=1e-13)
    likelihood, p = mixture.log_density(data).sum(), mixture.n_parameters
    assert model.bic(data) == pytest.approx(-2 * likelihood + p * np.log(240), rel=1e-12)
    assert model.aic(data) == pytest.approx(-2 * likelihood + 2 * p, rel=1e-12)
    doubt = np.log(mixture.responsibilities(data).max(axis=1)).sum()
    assert model.icl(data) == pytest.approx(model.bic(data) - 2 * doubt, rel=1e-12)
    rows, labels = model.sample(7)
    assert rows.shape == (7, 2)
    assert labels.shape == (7,)


def test_the_same_attributes_and_methods_as_a_model_that_was_given(data: np.ndarray) -> None:
    model = GaussianMixtureSelector(**FEW).fit(data)
    given = gx.GaussianMixture(3).fit(data)
    public = {name for name in dir(given) if name[0] != "_" and hasattr(given, name)}
    public -= given.get_params().keys()
    assert {name for name in public if not hasattr(model, name)} == set()


def test_names_of_columns_are_kept(data: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(data, columns=["a", "b"])
    model = GaussianMixtureSelector(**FEW).fit(frame)
    assert model.feature_names_in_.tolist() == ["a", "b"]


def test_float32_stays_float32(data: np.ndarray) -> None:
    model = GaussianMixtureSelector([2], covariance_types=["full"]).fit(data.astype(np.float32))
    assert model.means_.dtype == model.predict_proba(data.astype(np.float32)).dtype == np.float32


# ---- endings ----------------------------------------------------------------------------------


def test_before_fit_it_says_so(data: np.ndarray) -> None:
    with pytest.raises(gx.NotFittedError, match="GaussianMixtureSelector"):
        GaussianMixtureSelector().predict(data)
    assert not hasattr(GaussianMixtureSelector(), "n_components_")
    with pytest.raises(gx.NotFittedError, match="GaussianMixtureSelector"):
        _ = GaussianMixtureSelector().selection_


@pytest.mark.parametrize(
    "given",
    [
        {"n_components": (K for K in (1, 2))},
        {"n_components": iter([1, 2])},
        {"n_components": [2], "covariance_types": map(str, ["EII"])},
    ],
)
def test_what_one_fit_would_use_up_is_refused_before_it(given: Any, data: np.ndarray) -> None:
    with pytest.raises(gx.GaussmixTypeError, match=r"must last for more than one fit.*list\("):
        GaussianMixtureSelector(**given).fit(data)
    assert len(list(next(value for value in given.values() if iter(value) is value))) > 0


def test_a_failed_fit_leaves_it_as_it_was(data: np.ndarray, monkeypatch) -> None:
    model = GaussianMixtureSelector(**FEW, random_state=0).fit(data)
    before = model.selection_
    with pytest.raises(gx.GaussmixError, match="criterion"):
        model.set_params(criterion="best").fit(data)
    with pytest.raises(gx.GaussmixError, match="n_samples=1"):
        model.set_params(criterion="bic", n_components=1).fit(data[:1])

    def interrupted(*_, **__):
        raise gx.FitInterrupted("stopped", selection=before)

    monkeypatch.setattr("gaussmix.selector.select", interrupted)
    with pytest.raises(gx.FitInterrupted):
        model.fit(data)
    assert model.selection_ is before
    assert model.result_ is before.best


def test_a_best_model_that_did_not_converge_is_warned_of(data: np.ndarray) -> None:
    close = data * [0.15, 0.1]
    with pytest.warns(gx.ConvergenceWarning, match="max_iter"):
        GaussianMixtureSelector(3, covariance_types=["full"], max_iter=1).fit(close)


def test_fitted_attributes_cannot_be_set(data: np.ndarray) -> None:
    model = GaussianMixtureSelector(**FEW).fit(data)
    with pytest.raises(AttributeError, match="follows from the fit"):
        model.n_components_ = 4


# ---- scikit-learn -----------------------------------------------------------------------------

CHECKS = """
import json, sys, warnings
from sklearn.utils.estimator_checks import check_estimator
import gaussmix
warnings.simplefilter("ignore")
estimator = gaussmix.GaussianMixtureSelector(**json.loads(sys.argv[1]))
results = check_estimator(estimator, on_fail=None, on_skip=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""


@pytest.mark.parametrize(
    "settings",
    [
        {"n_components": [1, 2], "covariance_types": ["spherical", "EEI", "full"]},
        {"n_components": 1, "covariance_types": ["EII"], "criterion": "icl"},
        {"n_components": 1, "covariance_types": ["EII"], "criterion": "cv", "n_folds": 2},
    ],
)
def test_check_estimator_passes_and_skips_nothing(settings) -> None:
    """In a process of its own: SciPy reads SCIPY_ARRAY_API once, and without it a check skips.

    With a model that 15 rows of 30 columns can carry: else the search rightly recommends nothing.
    """
    pytest.importorskip("sklearn", minversion="1.8")
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
    assert len(results) > 40


def test_clone_keeps_the_object_that_was_given(data: np.ndarray) -> None:
    base = pytest.importorskip("sklearn.base")
    model = GaussianMixtureSelector(range(1, 4), covariance_types=("EII",), random_state=7)
    assert model.n_components == range(1, 4)
    twin = base.clone(model.fit(data))
    assert not hasattr(twin, "selection_")
    assert twin.get_params() == model.get_params()
    np.testing.assert_array_equal(twin.fit(data).means_, model.means_)


def test_pickles(data: np.ndarray) -> None:
    model = GaussianMixtureSelector(**FEW, random_state=0).fit(data)
    twin = pickle.loads(pickle.dumps(model))
    assert twin.selection_ == model.selection_
    np.testing.assert_array_equal(twin.predict_proba(data), model.predict_proba(data))


def test_repr_shows_what_differs_from_the_defaults() -> None:
    assert repr(GaussianMixtureSelector()) == "GaussianMixtureSelector()"
    assert repr(GaussianMixtureSelector(criterion="icl")) == (
        "GaussianMixtureSelector(criterion='icl')"
    )


def test_in_a_pipeline_and_a_grid_search(data: np.ndarray) -> None:
    pytest.importorskip("sklearn")
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.random.default_rng(1).permutation(data)
    pipeline = make_pipeline(StandardScaler(), GaussianMixtureSelector(range(1, 5)))
    grid = {
        "gaussianmixtureselector__criterion": ["bic", "icl"],
        "gaussianmixtureselector__covariance_types": [["EII"], ["EEE", "VVI"]],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(rows)
    assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))
    best = search.best_estimator_[-1]
    assert best.n_components_ == 3
    scaled = StandardScaler().fit_transform(rows)
    np.testing.assert_array_equal(search.predict(rows), best.predict(scaled))
