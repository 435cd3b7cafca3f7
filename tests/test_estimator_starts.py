"""GaussianMixture: given starts, warm starts, random states, what a fit says while it runs."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import gaussmix
from gaussmix import GaussianMixture

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


@contextmanager
def no_convergence_expected() -> Iterator[None]:
    with pytest.warns(gaussmix.ConvergenceWarning):
        yield


def test_given_start_is_returned_at_max_iter_0(X: np.ndarray, start: dict[str, Any]) -> None:
    model = GaussianMixture(3, max_iter=0, **start).fit(X)
    np.testing.assert_array_equal(model.weights_, start["weights_init"])
    np.testing.assert_array_equal(model.means_, start["means_init"])
    np.testing.assert_array_equal(model.covariances_, start["covariances_init"])
    assert model.n_iter_ == 0
    assert model.lower_bounds_ == []
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-13)
    assert model.converged_ is False


def test_given_means_are_one_start(X: np.ndarray, start: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"race": False, "random_state": 0}
    many = GaussianMixture(3, means_init=start["means_init"], n_init=4, **settings).fit(X)
    assert len(many.result_.starts) == 1
    drawn = GaussianMixture(3, weights_init=start["weights_init"], n_init=4, **settings).fit(X)
    assert len(drawn.result_.starts) == 4


def test_the_start_is_not_changed_by_a_fit(X: np.ndarray, start: dict[str, Any]) -> None:
    before = copy.deepcopy(start)
    model = GaussianMixture(3, **start).fit(X)
    for name, value in before.items():
        assert getattr(model, name) is start[name]
        np.testing.assert_array_equal(start[name], value)


@pytest.mark.parametrize("tol", [None, 1e-4])
@pytest.mark.parametrize("passes_at_a_time", [1, 4])
def test_warm_start_carries_on_where_the_last_fit_ended(
    X: np.ndarray, start: dict[str, Any], tol: float | None, passes_at_a_time: int
) -> None:
    """Stopped after every few passes and carried on, EM goes the same way and ends as early."""
    settings: dict[str, Any] = {"tol": tol, "accelerate": False, **start}
    once = GaussianMixture(3, **settings).fit(X)
    assert once.n_iter_ > 6
    pieces = GaussianMixture(3, max_iter=passes_at_a_time, warm_start=True, **settings)
    passes, bounds = 0, []
    while passes < once.n_iter_:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gaussmix.ConvergenceWarning)
            pieces.fit(X)
        passes += pieces.n_iter_
        bounds += pieces.lower_bounds_
        if pieces.converged_:
            break
    assert pieces.converged_
    assert passes == once.n_iter_
    np.testing.assert_allclose(bounds, once.lower_bounds_, rtol=1e-13)
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(pieces, name), getattr(once, name), rtol=1e-10, atol=0)


def test_a_warm_start_drops_the_given_start(X: np.ndarray, start: dict[str, Any]) -> None:
    """As in scikit-learn: it serves the first fit, later ones begin at its end."""
    model = GaussianMixture(3, warm_start=True, **start).fit(X)
    assert model.n_iter_ > 3
    bound = model.lower_bound_
    assert model.fit(X).n_iter_ <= 3
    assert model.lower_bounds_[0] == pytest.approx(bound, rel=1e-13)


def test_warm_start_must_be_a_boolean(X: np.ndarray) -> None:
    with pytest.raises(TypeError, match="warm_start must be True or False; got 'yes'"):
        GaussianMixture(warm_start="yes").fit(X)  # type: ignore[arg-type]


def test_without_warm_start_a_fit_starts_afresh(X: np.ndarray, start: dict[str, Any]) -> None:
    model = GaussianMixture(3, **start)
    first = model.fit(X).n_iter_
    assert model.fit(X).n_iter_ == first


def test_a_warm_start_that_does_not_fit_is_an_error(X: np.ndarray) -> None:
    model = GaussianMixture(3, warm_start=True, random_state=0).fit(X)
    before = model.result_
    with pytest.raises(gaussmix.GaussmixError, match="n_components"):
        model.set_params(n_components=2).fit(X)
    model.set_params(n_components=3)
    with pytest.raises(gaussmix.GaussmixError, match="covariance_type"):
        model.set_params(covariance_type="diag").fit(X)
    model.set_params(covariance_type="full")
    with pytest.raises(gaussmix.GaussmixError, match="features"):
        model.fit(X[:, :1])
    assert model.result_ is before


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"n_components": 2}, slice(2)),
        ({"covariance_type": "diag"}, slice(2)),
        ({}, slice(1)),
    ],
)
def test_a_warm_start_that_does_not_fit_says_how_to_begin_afresh(
    X: np.ndarray, changes: dict[str, Any], columns: slice
) -> None:
    model = GaussianMixture(3, warm_start=True, random_state=0).fit(X).set_params(**changes)
    with pytest.raises(gaussmix.GaussmixError, match="warm_start=False"):
        model.fit(X[:, columns])
    assert model.set_params(warm_start=False).fit(X[:, columns]).converged_


def test_a_warm_start_on_other_columns_says_how_to_begin_afresh(X: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    model = GaussianMixture(3, warm_start=True, random_state=0)
    model.fit(pandas.DataFrame(X, columns=["width", "height"]))
    other = pandas.DataFrame(X, columns=["width", "depth"])
    with pytest.raises(gaussmix.GaussmixError, match=r"(?s)unseen.*- depth.*warm_start=False"):
        model.fit(other)
    assert model.set_params(warm_start=False).fit(other).feature_names_in_[1] == "depth"


def with_a_spike(X: np.ndarray) -> np.ndarray:
    """Rows of which six are the same: a component of their own is singular."""
    return np.vstack([X, np.full((6, 2), 8.0)])


@pytest.mark.parametrize("max_iter", [1, 5, 1000])
def test_a_warm_start_carries_on_with_the_components_that_were_left(
    X: np.ndarray, max_iter: int
) -> None:
    rows = with_a_spike(X)
    settings: dict[str, Any] = {"on_degenerate": "drop", "random_state": 0, "accelerate": False}
    once = GaussianMixture(5, **settings).fit(rows)
    assert len(once.weights_) == 3
    pieces = GaussianMixture(5, warm_start=True, max_iter=max_iter, **settings)
    passes = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gaussmix.ConvergenceWarning)
        while passes < once.n_iter_:
            passes += pieces.fit(rows).n_iter_
    again = pieces.fit(rows)
    assert again.n_components == 5
    assert again.converged_
    np.testing.assert_allclose(again.means_, once.means_, atol=1e-3)
    with pytest.raises(gaussmix.GaussmixError, match=r"asks for 6.*warm_start=False"):
        pieces.set_params(n_components=6).fit(rows)


@pytest.mark.parametrize(
    "make", [lambda: 3, lambda: np.random.RandomState(3), lambda: np.random.default_rng(3)]
)
def test_random_state_decides_the_start(X: np.ndarray, make: Any) -> None:
    def drawn(random_state: Any) -> np.ndarray:
        settings = {"init_params": "random", "max_iter": 0, "random_state": random_state}
        return GaussianMixture(3, **settings).fit(X).means_

    np.testing.assert_array_equal(drawn(make()), drawn(make()))
    generator = make()
    repeats = np.array_equal(drawn(generator), drawn(generator))
    assert repeats == isinstance(generator, int)  # a generator moves on, an int starts afresh


def test_random_state_none_honours_the_global_seed(X: np.ndarray) -> None:
    def drawn() -> np.ndarray:
        return GaussianMixture(3, init_params="random", max_iter=0).fit(X).means_

    state = np.random.get_state()  # noqa: NPY002 - the legacy global generator is the subject
    try:
        np.random.seed(5)  # noqa: NPY002
        first, second = drawn(), drawn()
        np.random.seed(5)  # noqa: NPY002
        again = drawn()
    finally:
        np.random.set_state(state)  # noqa: NPY002
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_convergence_warning(X: np.ndarray, start: dict[str, Any]) -> None:
    with pytest.warns(gaussmix.ConvergenceWarning, match="max_iter") as caught:
        model = GaussianMixture(3, max_iter=1, **start).fit(X)
    assert [warning.filename for warning in caught] == [__file__]
    assert model.converged_ is False
    assert model.n_iter_ == 1


def test_verbose_prints_only_when_asked(
    X: np.ndarray, start: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    GaussianMixture(3, **start).fit(X)
    assert capsys.readouterr().out == ""
    GaussianMixture(3, verbose=1, verbose_interval=1, **start).fit(X)
    assert "pass 1:" in capsys.readouterr().out


def test_threads_do_not_change_a_bit(X: np.ndarray) -> None:
    one = GaussianMixture(3, random_state=0, n_threads=1).fit(X)
    three = GaussianMixture(3, random_state=0, n_threads=3).fit(X)
    assert one.result_.mixture == three.result_.mixture
    np.testing.assert_array_equal(one.score_samples(X), three.score_samples(X))
