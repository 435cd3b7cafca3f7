"""Every kind of array gives what the plain float64 array of the same values gives."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import fixed_passes, given, image, quiet, statistics_image
from strategies import clusters

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


@pytest.fixture(scope="module")
def X() -> Float64:  # noqa: N802
    """Values that every numeric type below can hold: small multiples of a quarter."""
    return np.round(4 * clusters(1, 301, 3, 2)) / 4


def every_other_row(X: Float64) -> Float64:
    wide = np.full((2 * len(X), X.shape[1]), np.nan)
    wide[::2] = X
    return wide[::2]


def every_other_column(X: Float64) -> Float64:
    wide = np.full((len(X), 2 * X.shape[1]), np.nan)
    wide[:, ::2] = X
    return wide[:, ::2]


def backwards(X: Float64) -> Float64:
    return np.ascontiguousarray(X[::-1])[::-1]


def misaligned(X: Float64) -> Float64:
    buffer = np.empty(X.nbytes + 1, np.uint8)
    view = buffer[1:].view(X.dtype).reshape(X.shape)
    view[...] = X
    assert not view.flags.aligned
    return view


def read_only(X: Float64) -> Float64:
    copy = X.copy()
    copy.flags.writeable = False
    return copy


def nested_lists(X: Float64) -> list[list[float]]:
    return X.tolist()  # type: ignore[no-any-return]


def big_endian(X: Float64) -> NDArray[np.float64]:
    return X.astype(">f8")


def as_objects(X: Float64) -> NDArray[np.object_]:
    return X.astype(object)


def as_long_doubles(X: Float64) -> NDArray[np.longdouble]:
    return X.astype(np.longdouble)


LAYOUTS: list[Callable[[Float64], Any]] = [
    every_other_row,
    every_other_column,
    backwards,
    misaligned,
    read_only,
    np.asfortranarray,
    big_endian,
    as_objects,
    as_long_doubles,
    nested_lists,
]

OPTIONS: dict[str, Any] = {"random_state": 0, "max_iter": 5}


def assert_like_plain(data: Any, plain: Any, covariance_type: str = "full") -> None:
    """The same bytes from fit, e_step and every evaluation."""
    options: dict[str, Any] = {"covariance_type": covariance_type, **OPTIONS}
    expected = quiet(plain, 2, **options)
    assert image(quiet(data, 2, **options)) == image(expected)
    mixture = expected.mixture
    assert statistics_image(gx.e_step(data, mixture)) == statistics_image(gx.e_step(plain, mixture))
    for method in (mixture.log_density, mixture.responsibilities, mixture.assign):
        np.testing.assert_array_equal(method(data), method(plain))


@each_structure
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(X: Float64, layout: Callable[[Float64], Any], covariance_type: str) -> None:
    assert_like_plain(layout(X), X, covariance_type)


def test_memory_map(X: Float64, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert_like_plain(mapped, X)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", ">i4", "f2", ">f4"])
def test_numeric_types(X: Float64, dtype: str) -> None:
    whole = np.round(X)
    if dtype == ">f4":  # float32 in foreign byte order is float32 all the same
        assert_close_to_plain(whole.astype(dtype), whole)
    else:
        assert_like_plain(whole.astype(dtype), whole)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8"])
def test_unsigned_types(X: Float64, dtype: str) -> None:
    whole = np.round(np.abs(X))
    assert_like_plain(whole.astype(dtype), whole)


def test_bool(X: Float64) -> None:
    assert_like_plain(X > 0, (X > 0).astype(np.float64))


def assert_close_to_plain(data: Any, plain: Float64, covariance_type: str = "full") -> None:
    """Agreement to 1e-12: a kernel for another storage type may round in another order."""
    options: dict[str, Any] = {"covariance_type": covariance_type, **OPTIONS}
    ours, theirs = quiet(data, 2, **options), quiet(plain, 2, **options)
    np.testing.assert_allclose(ours.trace, theirs.trace, rtol=1e-12)
    scale = np.max(np.abs(theirs.mixture.covariances))
    np.testing.assert_allclose(ours.mixture.weights, theirs.mixture.weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        ours.mixture.means, theirs.mixture.means, rtol=0, atol=1e-12 * np.max(np.abs(plain))
    )
    np.testing.assert_allclose(
        ours.mixture.covariances, theirs.mixture.covariances, rtol=0, atol=1e-12 * scale
    )
    statistics = gx.e_step(data, theirs.mixture), gx.e_step(plain, theirs.mixture)
    np.testing.assert_allclose(statistics[0].scatter, statistics[1].scatter, rtol=1e-12, atol=1e-12)
    assert statistics[0].log_likelihood == pytest.approx(statistics[1].log_likelihood, rel=1e-12)


@each_structure
@pytest.mark.parametrize("n_features", [1, 3, 17, 40])
def test_few_rows_of_float32_are_computed_in_double(n_features: int, covariance_type: str) -> None:
    """Only the storage is single: the same rounded values in float64 give the same to 1e-12."""
    single = clusters(2, 20 * n_features + 333, n_features, 2).astype(np.float32)
    assert_close_to_plain(single, single.astype(np.float64), covariance_type)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_contiguous_floats_are_not_copied(dtype: type) -> None:
    """NumPy reports its allocations: a copy of X would be the largest of them by far."""
    X: NDArray[Any] = clusters(3, 200_000, 4, 2).astype(dtype)
    mixture = fixed_passes(X[:1000], 2, 2, random_state=0).mixture

    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return largest

    assert peak(lambda: gx.e_step(X, mixture)) < X.nbytes / 10
    labels = 8 * len(X)
    assert peak(lambda: fixed_passes(X, 2, 2, random_state=0)) < X.nbytes / 10 + 2 * labels
    assert peak(lambda: mixture.assign(X)) < X.nbytes / 10 + labels


@pytest.mark.parametrize(
    ("what", "given_weights"),
    [
        ("list", [1, 2] * 150 + [1]),
        ("integers", np.array([1, 2] * 150 + [1], dtype=np.int32)),
        ("float32", np.array([1, 2] * 150 + [1], dtype=np.float32)),
        ("strided", np.repeat(np.array([1.0, 2.0] * 150 + [1.0]), 2)[::2]),
        ("big endian", np.array([1, 2] * 150 + [1], dtype=">f8")),
    ],
)
def test_weights_of_every_kind(X: Float64, what: str, given_weights: Any) -> None:
    plain = np.array([1.0, 2.0] * 150 + [1.0])
    expected = quiet(X, 2, sample_weight=plain, **OPTIONS)
    assert image(quiet(X, 2, sample_weight=given_weights, **OPTIONS)) == image(expected), what


def test_initial_parameters_may_be_lists(X: Float64) -> None:
    mixture = quiet(X, 2, **OPTIONS).mixture
    arrays = given(mixture)
    lists = {name: values.tolist() for name, values in arrays.items()}
    assert image(fixed_passes(X, 2, 3, **lists)) == image(fixed_passes(X, 2, 3, **arrays))


def test_inputs_are_left_as_they_were(X: Float64) -> None:
    before, weights = X.copy(), np.ones(len(X))
    gx.fit(X, 2, random_state=0, sample_weight=weights)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(weights, 1.0)
