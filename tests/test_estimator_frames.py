"""GaussianMixture: column names of frames, copies and worker processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gaussmix
from gaussmix import GaussianMixture

METHODS = ("predict", "predict_proba", "score_samples", "score", "bic", "aic", "icl")


def frame(library: str, X: np.ndarray, names: list[str]) -> Any:
    module = pytest.importorskip(library)
    return module.DataFrame({name: X[:, j] for j, name in enumerate(names)})


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_their_column_names(X: np.ndarray, library: str) -> None:
    data = frame(library, X, ["length", "width"])
    model = GaussianMixture(3, random_state=0).fit(data)
    assert isinstance(model.feature_names_in_, np.ndarray)
    assert model.feature_names_in_.dtype == object
    assert model.feature_names_in_.tolist() == ["length", "width"]
    assert model.result_.mixture.feature_names == ("length", "width")
    plain = GaussianMixture(3, random_state=0).fit(X)
    assert not hasattr(plain, "feature_names_in_")
    for method in METHODS:
        np.testing.assert_array_equal(getattr(model, method)(data), getattr(plain, method)(X))
    assert not hasattr(model.fit(X), "feature_names_in_")


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("method", METHODS)
def test_other_columns_are_refused(X: np.ndarray, library: str, method: str) -> None:
    model = GaussianMixture(random_state=0).fit(frame(library, X, ["length", "width"]))
    with pytest.raises(gaussmix.GaussmixError, match="must be in the same order"):
        getattr(model, method)(frame(library, X, ["width", "length"]))
    with pytest.raises(gaussmix.GaussmixError, match=r"(?s)unseen.*- depth\n.*missing.*- width\n"):
        getattr(model, method)(frame(library, X, ["length", "depth"]))


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("method", METHODS)
def test_names_on_one_side_only_are_warned_of(X: np.ndarray, library: str, method: str) -> None:
    data = frame(library, X, ["length", "width"])
    named, plain = GaussianMixture(random_state=0).fit(data), GaussianMixture().fit(X)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but") as caught:
        getattr(named, method)(X)
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match="X has feature names, but GaussianMixture was fitted"):
        getattr(plain, method)(data)


def test_columns_without_string_names(X: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    numbered = pandas.DataFrame(X)
    model = GaussianMixture(random_state=0).fit(numbered)
    assert not hasattr(model, "feature_names_in_")
    np.testing.assert_array_equal(model.predict(numbered), model.predict(X))
    with pytest.raises(TypeError, match="str"):
        GaussianMixture().fit(pandas.DataFrame(X, columns=["length", 1]))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_float32_frames_give_float32_results(X: np.ndarray, library: str) -> None:
    data = frame(library, X.astype(np.float32), ["length", "width"])
    model = GaussianMixture(3, random_state=0).fit(data)
    assert model.means_.dtype == np.float32
    assert model.score_samples(data).dtype == np.float32


# ---- copies and processes ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_are_equal(X: np.ndarray, dtype: type) -> None:
    model = GaussianMixture(3, random_state=0).fit(X.astype(dtype))
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert twin.get_params() == model.get_params()
        assert twin.result_.mixture == model.result_.mixture
        for name in ("means_", "precisions_cholesky_"):
            mine, theirs = getattr(model, name), getattr(twin, name)
            assert mine.dtype == theirs.dtype == dtype
            np.testing.assert_array_equal(mine, theirs)
            assert not theirs.flags.writeable
        np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
        assert not hasattr(twin, "feature_names_in_")


def test_an_unfitted_estimator_pickles() -> None:
    twin = pickle.loads(pickle.dumps(GaussianMixture(3, tol=0.1)))
    assert twin.get_params() == GaussianMixture(3, tol=0.1).get_params()
    assert not hasattr(twin, "result_")


def _fit_in_worker(task: tuple[GaussianMixture, np.ndarray]) -> GaussianMixture:
    model, X = task
    return model.fit(X)


def test_spawned_workers_fit_the_same(X: np.ndarray) -> None:
    models = [GaussianMixture(k, random_state=0) for k in (2, 3)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        fitted = pool.map(_fit_in_worker, [(model, X) for model in models])
    for model, theirs in zip(models, fitted, strict=True):
        assert model.fit(X).result_.mixture == theirs.result_.mixture
        np.testing.assert_array_equal(model.predict(X), theirs.predict(X))


def test_using_gaussmix_imports_numpy_alone() -> None:
    program = (
        "import sys, gaussmix, numpy as np\n"
        "model = gaussmix.GaussianMixture(2).fit(np.arange(20.0).reshape(10, 2))\n"
        "model.predict([[0.0, 1.0]]), repr(model), model.get_params()\n"
        "heavy = {'sklearn', 'scipy', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'joblib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
