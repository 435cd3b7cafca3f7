"""Hypothesis profiles and the published data."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"

# `ci` repeats the same examples in every run: a failure is a change of the code, never of luck.
# The oracle property runs once per covariance type: four times 130 examples. New ones are looked
# for by `pytest --hypothesis-profile=thorough`.
settings.register_profile(
    "ci",
    max_examples=130,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough", settings.get_profile("ci"), max_examples=2000, derandomize=False
)
# The tiny fits of test_fuzz.py run 2 x 4 times this number of examples: 10,000 in `nox -s fuzz`.
settings.register_profile(
    "fuzz",
    settings.get_profile("ci"),
    max_examples=int(os.environ.get("GAUSSMIX_FUZZ_EXAMPLES", "1250")),
    derandomize=False,
    print_blob=True,
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
settings.load_profile("ci")


def numeric_columns(path: Path, n_columns: int) -> NDArray[np.float64]:
    """The first columns of a CSV file with a header, read-only."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    table = np.array([[float(cell) for cell in row[:n_columns]] for row in rows])
    table.flags.writeable = False
    return table


@pytest.fixture(scope="session")
def iris() -> NDArray[np.float64]:
    return numeric_columns(DATA / "iris.csv", 4)


@pytest.fixture(scope="session")
def faithful() -> NDArray[np.float64]:
    return numeric_columns(DATA / "faithful.csv", 2)


@pytest.fixture(scope="session")
def published() -> Callable[[str], Any]:
    """Reads a JSON file of tests/data by its name."""

    def read(name: str) -> Any:
        return json.loads((DATA / name).read_text())

    return read


@pytest.fixture(scope="session")
def published_responsibilities() -> NDArray[np.float64]:
    return np.loadtxt(DATA / "mclust_iris_vvv3_responsibilities.txt")


@pytest.fixture
def X() -> NDArray[np.float64]:  # noqa: N802
    """Three well separated clusters, 250 x 2."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
    return centres[rng.integers(3, size=250)] + rng.normal(size=(250, 2))


@pytest.fixture
def start(X: NDArray[np.float64]) -> dict[str, Any]:
    """A given start for X, so that a test does not depend on how starts are drawn."""
    return {
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": X[:3],
        "covariances_init": np.stack([np.eye(2)] * 3),
    }


@pytest.fixture
def no_figure_is_left() -> Iterator[None]:
    yield
    pytest.importorskip("matplotlib.pyplot").close("all")


@pytest.fixture
def ax() -> Any:
    return pytest.importorskip("matplotlib.pyplot").figure().subplots()
