"""All fourteen structures against mclust (provenance: tests/data/README.md).

The four that scikit-learn has are held to tighter tolerances in test_reference_numbers.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix.covariance import n_parameters
from structures import CODES, assert_in_structure, expected_log_likelihood, matrices

Float64 = NDArray[np.float64]
Published = Callable[[str], Any]

SPECIES = "mclust_iris_species.json"
TABLES = {"iris": "mclust_table_iris.json", "faithful": "mclust_table_faithful.json"}
# Celeux & Govaert (1995), table 1, of two columns and three components, in the order of CODES.
OF_COVARIANCES = (1, 3, 2, 4, 4, 6, 3, 5, 5, 7, 5, 7, 7, 9)

each_structure = pytest.mark.parametrize("code", CODES)


@pytest.fixture(scope="module")
def species(published: Published) -> Any:
    return published(SPECIES)


@pytest.fixture(scope="module")
def tables(iris: Float64, faithful: Float64) -> dict[str, Float64]:
    return {"iris": iris, "faithful": faithful}


def partition(species: Any) -> Float64:
    return np.asarray(np.eye(3)[np.array(species["labels"]) - 1], np.float64)


def scatters(X: Float64, shares: Float64) -> tuple[Float64, Float64]:
    """Weights and scatters of a partition."""
    groups = [X[column > 0] for column in shares.T]
    return (
        np.array([float(len(group)) for group in groups]),
        np.array([np.cov(group, rowvar=False, bias=True) * len(group) for group in groups]),
    )


def in_deviations(covariances: Float64, like: Float64) -> Float64:
    """Covariances in units of the standard deviations of `like`."""
    sd = np.sqrt(np.diagonal(like, axis1=1, axis2=2))
    return np.asarray(covariances / (sd[:, :, None] * sd[:, None, :]))


def test_the_reference_is_whole(species: Any, published: Published) -> None:
    assert tuple(species["models"]) == CODES
    assert len(species["labels"]) == species["n"] == 150
    for name in TABLES.values():
        assert set(published(name)["log_likelihood"]) == set(CODES)


@each_structure
def test_one_m_step_from_the_species(iris: Float64, species: Any, code: str) -> None:
    theirs = species["models"][code]["m_step"]
    shares = partition(species)
    result = gx.fit(iris, 3, covariance_type=code, responsibilities_init=shares, max_iter=0)
    ours, published = matrices(result.mixture), np.array(theirs["covariances"])
    np.testing.assert_allclose(result.mixture.weights, theirs["weights"], rtol=1e-6)
    np.testing.assert_allclose(result.mixture.means, theirs["means"], rtol=1e-6)
    assert_in_structure(code, ours)
    statistics = scatters(iris, shares)
    gain = expected_log_likelihood(*statistics, ours) - expected_log_likelihood(
        *statistics, published
    )
    if code == "VVE":  # mclust's does not maximise: see the warning in the file
        assert gain > 0
        return
    tolerance, of_likelihood = 1e-6, 1e-6
    if code == "EVE":  # mclust stops before its descent has converged
        assert 0 <= gain < 1e-8
        tolerance = 1e-5  # about sqrt(1e-8 / 50), as flat as what 50 rows are maximised by is
        of_likelihood = 1e-4  # which is not flat there
    else:
        assert abs(gain) < 1e-9
    difference = in_deviations(ours, published) - in_deviations(published, published)
    assert np.max(np.abs(difference)) < tolerance
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=of_likelihood)


@each_structure
@pytest.mark.parametrize("accelerate", [False, True])
def test_em_from_the_species(iris: Float64, species: Any, code: str, accelerate: bool) -> None:
    model = species["models"][code]
    result = quiet(
        iris,
        3,
        covariance_type=code,
        responsibilities_init=partition(species),
        tol=1e-12,
        max_iter=20000,
        accelerate=accelerate,
    )
    assert result.converged
    assert_in_structure(code, matrices(result.mixture))
    theirs = model["em"]["log_likelihood"]
    if code == "VVE":
        assert result.log_likelihood > theirs
        return
    assert result.log_likelihood == pytest.approx(theirs, abs=1e-6)
    assert -result.bic == pytest.approx(model["em"]["bic_mclust_sign"], abs=2e-6)


@each_structure
def test_parameter_counts(species: Any, code: str) -> None:
    of_covariances = OF_COVARIANCES[CODES.index(code)]
    assert n_parameters(code, 3, 2) == of_covariances + 3 * 2 + 2
    assert n_parameters(code, 3, 4) == species["models"][code]["n_parameters"]


@each_structure
@pytest.mark.parametrize("name", TABLES)
def test_one_component_equals_the_table(
    tables: dict[str, Float64], published: Published, name: str, code: str
) -> None:
    theirs = published(TABLES[name])
    result = gx.fit(tables[name], 1, covariance_type=code)
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"][code][0], rel=1e-10)


@each_structure
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("n_components", [2, 3])
def test_enough_starts_reach_the_table(
    tables: dict[str, Float64], published: Published, name: str, n_components: int, code: str
) -> None:
    bound = published(TABLES[name])["log_likelihood"][code][n_components - 1]
    result = quiet(
        tables[name], n_components, covariance_type=code, n_init=10, race=False, random_state=0
    )
    assert result.log_likelihood >= bound - 0.05
