"""The same bytes for any number of threads, and for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import image, quiet, statistics_image
from strategies import clusters, soft_start

Float64 = NDArray[np.float64]

THREADS = (2, 3, 7)
INIT_PARAMS = ("kmeans", "k-means++", "random", "random_from_data", "hierarchical")
# Several leaves each, whatever their size; row counts that no tile divides.
SHAPES = [(40013, 1, 3), (20011, 3, 4), (6007, 20, 3), (2003, 40, 5)]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def data_of(shape: tuple[int, int, int], dtype: type = np.float64) -> NDArray[Any]:
    n_rows, n_features, n_components = shape
    X: NDArray[Any] = clusters(n_features, n_rows, n_features, n_components).astype(dtype)
    return X


def row_weights(n_rows: int) -> Float64:
    rng = np.random.default_rng(n_rows)
    return np.asarray(rng.gamma(0.5, size=n_rows) * (rng.random(n_rows) > 0.1))


def start(X: NDArray[Any], n_components: int, covariance_type: str) -> gx.Mixture:
    return gx.fit(
        X,
        n_components,
        covariance_type=covariance_type,
        responsibilities_init=soft_start(1, len(X), n_components),
        max_iter=0,
        n_threads=1,
    ).mixture


@each_structure
@each_shape
@each_dtype
@pytest.mark.parametrize("weighted", [False, True])
def test_e_step(
    shape: tuple[int, int, int], covariance_type: str, dtype: type, weighted: bool
) -> None:
    X = data_of(shape, dtype)
    mixture = start(X, shape[2], covariance_type)
    weights = row_weights(len(X)) if weighted else None

    def run(n_threads: int) -> tuple[bytes, ...]:
        return statistics_image(gx.e_step(X, mixture, sample_weight=weights, n_threads=n_threads))

    serial = run(1)
    for n_threads in THREADS:
        assert run(n_threads) == serial, n_threads


@each_structure
@each_shape
@each_dtype
def test_evaluations(shape: tuple[int, int, int], covariance_type: str, dtype: type) -> None:
    X = data_of(shape, dtype)
    mixture = start(X, shape[2], covariance_type)

    def run(n_threads: int) -> tuple[bytes, ...]:
        return (
            mixture.log_density(X, n_threads=n_threads).tobytes(),
            mixture.component_log_density(X, n_threads=n_threads).tobytes(),
            mixture.responsibilities(X, n_threads=n_threads).tobytes(),
            mixture.assign(X, n_threads=n_threads).tobytes(),
        )

    serial = run(1)
    for n_threads in THREADS:
        assert run(n_threads) == serial, n_threads


def fit_image(X: NDArray[Any], K: int, n_threads: int, **options: object) -> object:
    options = {"random_state": 5, "n_init": 2, "max_iter": 12} | options
    return image(quiet(X, K, n_threads=n_threads, **options))


@each_structure
@each_shape
def test_fit(shape: tuple[int, int, int], covariance_type: str) -> None:
    X, K = data_of(shape), shape[2]
    serial = fit_image(X, K, 1, covariance_type=covariance_type)
    for n_threads in THREADS:
        threaded = fit_image(X, K, n_threads, covariance_type=covariance_type)
        assert threaded == serial, n_threads


@pytest.mark.parametrize("init_params", INIT_PARAMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_from_every_initialisation(init_params: str, weighted: bool) -> None:
    X = data_of((20011, 3, 4))
    options: dict[str, Any] = {"init_params": init_params}
    if weighted:
        options["sample_weight"] = row_weights(len(X))
    serial = fit_image(X, 4, 1, **options)
    for n_threads in THREADS:
        assert fit_image(X, 4, n_threads, **options) == serial, n_threads


def test_fit_of_float32() -> None:
    X = data_of((20011, 3, 4), np.float32)
    serial = fit_image(X, 4, 1)
    for n_threads in THREADS:
        assert fit_image(X, 4, n_threads) == serial, n_threads


@pytest.mark.parametrize("accelerate", [True, False])
def test_fit_to_convergence(accelerate: bool) -> None:
    """Slow overlapping clusters: stopping and extrapolation take the same path too."""
    X = clusters(4, 9001, 2, 4, separation=0.8)
    options: dict[str, Any] = {"max_iter": 300, "n_init": 1, "accelerate": accelerate}
    assert fit_image(X, 4, 3, **options) == fit_image(X, 4, 1, **options)


@pytest.mark.parametrize("init_params", INIT_PARAMS)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(init_params: str) -> None:
    X = data_of((3001, 3, 4))
    first = fit_image(X, 4, 2, init_params=init_params, max_iter=2)
    assert fit_image(X, 4, 2, init_params=init_params, max_iter=2) == first
    assert fit_image(X, 4, 2, init_params=init_params, max_iter=2, random_state=6) != first


def test_starts_are_different_starts() -> None:
    X = data_of((3001, 3, 4))
    result = quiet(X, 4, n_init=5, init_params="random_from_data", max_iter=1, random_state=0)
    assert len({outcome.trace[0] for outcome in result.starts}) == 5


def test_the_default_number_of_threads_changes_nothing() -> None:
    X = data_of((20011, 3, 4))
    options: dict[str, Any] = {"random_state": 5, "max_iter": 12}
    assert image(quiet(X, 4, n_threads=1, **options)) == image(quiet(X, 4, **options))


def test_the_same_call_twice_is_equal_however_long_it_took() -> None:
    X = data_of((301, 3, 4))

    def calls(seed: int) -> list[Any]:
        return [
            gx.fit(X, 4, random_state=seed, init_params="random"),
            gx.fit_many([X[:150], X[150:]], 2, random_state=seed, init_params="random"),
            gx.select(X, [1, 2], ["EII", "VVV"], criterion="cv", random_state=seed),
        ]

    first, again, other = calls(0), calls(0), calls(1)
    assert first == again
    assert not any(a == b for a, b in zip(first, other, strict=True))
