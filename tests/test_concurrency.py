"""Many Python threads at once, on shared read-only data, get the bytes of one alone."""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import image, statistics_image
from strategies import clusters

CALLERS = 8
ROUNDS = 3

# Not by catching: what a thread catches, another may miss.
pytestmark = pytest.mark.filterwarnings("ignore::gaussmix.ConvergenceWarning")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def shared_data(dtype: type = np.float64, n_rows: int = 20_011) -> NDArray[Any]:
    X: NDArray[Any] = clusters(2, n_rows, 3, 9, separation=5.0).astype(dtype)
    X.flags.writeable = False
    return X


def at_once(*calls: Callable[[], Any]) -> list[list[Any]]:
    """Each call by several threads at the same moment, several times: what came, call by call."""
    barrier = threading.Barrier(CALLERS)

    def work(number: int) -> list[tuple[int, Any]]:
        barrier.wait()
        return [
            ((number + turn) % len(calls), calls[(number + turn) % len(calls)]())
            for turn in range(ROUNDS)
        ]

    with ThreadPoolExecutor(CALLERS) as pool:
        found = [pair for pairs in pool.map(work, range(CALLERS)) for pair in pairs]
    return [[value for place, value in found if place == call] for call in range(len(calls))]


def assert_as_alone(*calls: Callable[[], Any]) -> None:
    alone = [call() for call in calls]
    for expected, found in zip(alone, at_once(*calls), strict=True):
        assert found
        assert all(value == expected for value in found)


@each_structure
@each_dtype
def test_fits(covariance_type: str, dtype: type) -> None:
    X = shared_data(dtype)
    weights = np.random.default_rng(0).gamma(1.0, size=len(X))
    options: dict[str, Any] = {"covariance_type": covariance_type, "max_iter": 8, "n_init": 3}
    assert_as_alone(
        lambda: image(gx.fit(X, 9, random_state=1, n_threads=1, **options)),
        lambda: image(gx.fit(X, 9, random_state=1, n_threads=2, **options)),
        lambda: image(gx.fit(X, 9, random_state=1, **options)),
        lambda: image(gx.fit(X, 4, random_state=2, sample_weight=weights, **options)),
        lambda: image(gx.fit(X[:90], 3, random_state=3, init_params="random", **options)),
    )


@each_structure
def test_fits_that_restart_or_drop_a_component(covariance_type: str) -> None:
    X = np.concatenate([shared_data(n_rows=6000), np.full((200, 3), 1e3)])
    X.flags.writeable = False
    options: dict[str, Any] = {"covariance_type": covariance_type, "tol": 1e-2, "random_state": 0}
    options["means_init"] = X[-1:-1800:-200]
    restarted, dropped, prior = (
        {"on_degenerate": "restart", "n_threads": 3},
        {"on_degenerate": "drop", "n_threads": 2},
        {"prior": gx.Prior(), "max_eigenvalue_ratio": 1e6},
    )
    if covariance_type != "tied":
        events = [event.action for event in gx.fit(X, 9, **restarted, **options).events]
        assert any(action.startswith("restart") for action in events)
        assert "dropped" in [event.action for event in gx.fit(X, 9, **dropped, **options).events]
    assert_as_alone(
        lambda: image(gx.fit(X, 9, **restarted, **options)),
        lambda: image(gx.fit(X, 9, **dropped, **options)),
        lambda: image(gx.fit(X, 9, **prior, **options)),
    )


def test_many_fits() -> None:
    X = shared_data()
    sets = [X[i * 800 : i * 800 + 200 + 150 * i] for i in range(12)]

    def fit(n_threads: int) -> list[tuple[bytes, ...]]:
        results = gx.fit_many(sets, 2, random_state=1, tol=1e-3, n_threads=n_threads)
        return [image(result) for result in results]

    assert_as_alone(lambda: fit(1), lambda: fit(3))


@each_structure
def test_one_mixture_for_all(covariance_type: str) -> None:
    """Its densities, statistics and samples, and what it computes on first use."""
    X = shared_data()
    fitted = gx.fit(X, 9, covariance_type=covariance_type, random_state=1, max_iter=4).mixture

    def fresh() -> gx.Mixture:
        return gx.Mixture(
            fitted.weights,
            fitted.means,
            fitted.covariances,
            covariance_type=covariance_type,
            precisions_cholesky=fitted.precisions_cholesky,
        )

    def calls_on(mixture: gx.Mixture) -> tuple[Callable[[], Any], ...]:
        return (
            lambda: mixture.log_density(X).tobytes(),
            lambda: mixture.responsibilities(X, n_threads=2).tobytes(),
            lambda: mixture.assign(X[:100]).tobytes(),
            lambda: mixture.component_log_density(X).tobytes(),
            lambda: mixture.sample(5000, random_state=4)[0].tobytes(),
            lambda: statistics_image(gx.e_step(X, mixture)),
            lambda: (mixture.precisions.tobytes(), mixture.log_determinants.tobytes()),
            lambda: mixture.reciprocal_conditions.tobytes(),
        )

    alone = [call() for call in calls_on(fresh())]
    for expected, found in zip(alone, at_once(*calls_on(fresh())), strict=True):
        assert all(value == expected for value in found)


@each_dtype
def test_one_estimator_for_all(dtype: type) -> None:
    X = shared_data(dtype)
    model = gx.GaussianMixture(5, random_state=0, tol=1e-3).fit(X)
    assert_as_alone(
        lambda: model.predict(X).tobytes(),
        lambda: model.predict_proba(X).tobytes(),
        lambda: model.score_samples(X).tobytes(),
        lambda: model.score(X),
        lambda: (model.bic(X[:500]), model.aic(X[:500]), model.icl(X[:500])),
        lambda: model.sample(100)[0].tobytes(),
        lambda: model.means_.tobytes() + model.precisions_.tobytes(),
    )


def test_predictions_while_the_estimator_is_fitted_again_are_of_one_of_the_two_models() -> None:
    """The models differ in their number of columns: half of one and half of another would fail."""
    tables = [shared_data()[:500, :2].copy(), shared_data()[:500].copy()]
    model = gx.GaussianMixture(3, random_state=0, tol=1e-3, n_threads=1)
    alone = {X.shape[1]: model.fit(X).predict_proba(X).tobytes() for X in tables}
    done = threading.Event()

    def predict() -> int:
        answers = 0
        while not done.is_set():
            X = tables[answers % 2]
            try:
                found = model.predict_proba(X).tobytes()
            except gx.GaussmixError as error:  # fitted to the other table just then
                if "is expecting" not in str(error):
                    raise
            else:
                assert found == alone[X.shape[1]]
                answers += 1
        return answers

    with ThreadPoolExecutor(3) as pool:
        predicting = [pool.submit(predict) for _ in range(3)]
        for _ in range(60):
            for X in tables:
                model.fit(X)
        done.set()
        assert sum(future.result() for future in predicting) > 0


def test_one_estimator_fitted_by_many_threads_holds_one_of_their_fits() -> None:
    X = shared_data()[:3000]
    model = gx.GaussianMixture(3, random_state=0, tol=1e-3)
    halves = [X[:1500].copy(), X[1500:].copy()]
    alone = [image(gx.fit(half, 3, random_state=0, tol=1e-3)) for half in halves]
    at_once(lambda: model.fit(halves[0]), lambda: model.fit(halves[1]))
    assert image(model.result_) in alone


# --- Without the interpreter lock -----------------------------------------------------------------


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"),
    reason="needs a free-threaded CPython (3.13t, 3.14t); nox -s free_threaded says how",
)
def test_importing_leaves_a_free_threaded_interpreter_free() -> None:
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined]
