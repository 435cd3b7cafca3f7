"""The bundled data are the published ones, unchanged, and need NumPy alone."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from gaussmix.datasets import Dataset, load_faithful, load_iris

LOADERS = [load_faithful, load_iris]


def test_faithful_is_the_published_table(faithful: NDArray[np.float64]) -> None:
    loaded = load_faithful()
    np.testing.assert_array_equal(loaded.data, faithful)
    assert loaded.feature_names == ("eruptions", "waiting")
    assert loaded.target is None
    assert loaded.target_names is None


def test_iris_is_the_published_table(iris: NDArray[np.float64]) -> None:
    loaded = load_iris()
    np.testing.assert_array_equal(loaded.data, iris)
    assert loaded.feature_names == (
        "Sepal.Length",
        "Sepal.Width",
        "Petal.Length",
        "Petal.Width",
    )


def test_iris_has_fifty_flowers_of_each_species_in_order() -> None:
    loaded = load_iris()
    assert loaded.target is not None
    assert loaded.target_names == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(loaded.target, np.repeat([0, 1, 2], 50))


def test_published_means() -> None:
    """R's summary() of both data frames, to the digits it prints."""
    np.testing.assert_allclose(load_faithful().data.mean(0), [3.488, 70.897], atol=5e-4)
    np.testing.assert_allclose(load_iris().data.mean(0), [5.843, 3.057, 3.758, 1.199], atol=5e-4)


@pytest.mark.parametrize("load", LOADERS)
def test_nothing_can_be_changed(load) -> None:
    loaded = load()
    assert loaded.data.dtype == np.float64
    assert loaded.data.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        loaded.data[0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.data = np.zeros((1, 1))
    if loaded.target is not None:
        with pytest.raises(ValueError, match="read-only"):
            loaded.target[0] = 2


@pytest.mark.parametrize("load", LOADERS)
def test_equal_to_itself_loaded_again_and_pickled(load) -> None:
    assert load() == load()
    copy = pickle.loads(pickle.dumps(load()))
    assert copy == load()
    assert not copy.data.flags.writeable


def test_different_data_are_different() -> None:
    iris = load_iris()
    assert iris != load_faithful()
    assert iris != dataclasses.replace(iris, data=iris.data + 1)
    assert iris != dataclasses.replace(iris, target=None)
    assert iris != iris.data.tolist()


@pytest.mark.parametrize("load", LOADERS)
def test_the_description_names_its_sources(load) -> None:
    description = load().description
    assert "Origin:" in description
    assert "This copy:" in description


def test_repr_tells_the_size() -> None:
    assert repr(load_iris()) == "Dataset('iris', 150 rows x 4 columns, 3 groups)"
    assert repr(load_faithful()) == "Dataset('faithful', 272 rows x 2 columns)"
    assert isinstance(load_iris(), Dataset)


def test_no_table_library_is_imported() -> None:
    code = (
        "import sys; from gaussmix.datasets import load_faithful, load_iris; "
        "load_faithful(), load_iris(); "
        "sys.exit(str([m for m in ('pandas', 'pyarrow', 'scipy', 'sklearn') if m in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == "[]"
