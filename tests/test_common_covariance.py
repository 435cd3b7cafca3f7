"""A covariance common to all components is not believed where too few rows determine it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
from fits import quiet
from gaussmix._common_covariance import few_in_common

Float64 = NDArray[np.float64]


def noise(seed: int, n_rows: int, n_features: int) -> Float64:
    """Rows of one Gaussian: the truth is K = 1."""
    return np.random.default_rng(seed).normal(size=(n_rows, n_features))


def groups(sizes: list[int], n_features: int, apart: float) -> Float64:
    """Groups of equal covariance, of the sizes that are given, along the diagonal."""
    X = noise(0, sum(sizes), n_features)
    return np.asarray(X + apart * np.repeat(np.arange(len(sizes)), sizes)[:, None])


def same_places(code: str, n_components: int, n_features: int) -> gx.Mixture:
    """Components of equal weight with the identity as their covariance."""
    identity = np.eye(n_features)
    covariances = identity if code == "tied" else np.array([identity] * n_components)
    means = np.zeros((n_components, n_features))
    return gx.Mixture(np.full(n_components, 1 / n_components), means, covariances, code)


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_nine_places_for_ten_rows_are_no_model(seed: int) -> None:
    """The variance would be that of the closest two rows."""
    found = gx.select(noise(seed, 10, 1), range(1, 10), random_state=0)
    assert {("E", K) for K in (7, 8, 9)} <= found.spurious.keys()
    assert "few rows determine the covariance common to all" in found.spurious["E", 9]
    assert found.cell("E", 9).criterion < found.ranking[0].criterion  # would have been the best
    assert found.best_n_components < 5  # of two rows or fewer each


@pytest.mark.parametrize("seed", [1000, 1004, 1008])
def test_as_many_rows_beyond_the_means_as_columns_are_no_model(seed: int) -> None:
    """A scatter of D directions in D dimensions, and those the flattest of many."""
    codes = ["EII", "EEI", "EEE", "VEE"]
    found = gx.select(noise(seed, 14, 6), range(1, 10), codes, random_state=0)
    assert {("EEE", 7), ("EEE", 8), ("VEE", 8)} <= found.spurious.keys()
    assert "few rows determine the covariance common to all" in found.spurious["EEE", 8]
    assert found.best_n_components <= 2
    assert np.isin([1, 2], [cell.n_components for cell in found.ranking]).all()


@pytest.mark.parametrize("structure", ["EII", "EEI", "EEE", "VEE"])
def test_small_groups_that_are_apart_are_believed(structure: str) -> None:
    found = gx.select(groups([5, 6, 4], 2, 12.0), range(1, 6), [structure], random_state=0)
    assert not {(structure, K) for K in (1, 2, 3)} & found.spurious.keys()
    assert found.best_n_components == 3


def test_pairs_of_rows_in_many_columns_are_believed() -> None:
    """In every column there are pairs as close as that, but no rows are close in all fifty."""
    found = gx.select(groups([2] * 9, 50, 20.0), range(1, 10), ["EII", "EEI"], random_state=0)
    assert found.spurious.keys() == {("EEI", 9)}
    assert (found.best_structure, found.best_n_components) == ("EII", 9)


@pytest.mark.parametrize(
    ("code", "n_features", "n_components", "enough"),
    [
        ("E", 1, 1, 3),  # a single variance: more than two rows
        ("E", 1, 4, 9),  # and two for each further component
        ("EEI", 5, 4, 9),
        ("EII", 5, 1, 3),
        ("EII", 5, 6, 9),  # one, and one more for all five columns
        ("tied", 5, 1, 6),  # more rows than features
        ("tied", 5, 4, 12),
        ("VEE", 5, 4, 12),
    ],
)
def test_how_many_rows_are_enough(
    code: str, n_features: int, n_components: int, enough: int
) -> None:
    mixture, unit = same_places(code, n_components, n_features), np.ones(n_features)
    assert few_in_common(mixture, enough - 1, unit)
    assert not few_in_common(mixture, enough, unit)


def test_components_without_weight_take_no_rows() -> None:
    mixture = same_places("tied", 3, 2)
    emptied = gx.Mixture([0.5, 0.5, 0.0], mixture.means, mixture.covariances, "tied")
    assert few_in_common(mixture, 6, np.ones(2))
    assert not few_in_common(emptied, 6, np.ones(2))


@pytest.mark.parametrize("code", ["VEI", "EVI", "EVE", "VVE", "EEV", "VEV", "EVV"])
def test_what_components_have_of_their_own_is_not_judged_here(code: str) -> None:
    assert not few_in_common(same_places(code, 2, 3), 2, np.ones(3))


@pytest.mark.parametrize("thickness", [1.0, 1e-3])
@pytest.mark.parametrize("n_rows", [6, 7, 8, 13, 14])
def test_one_component_is_judged_alike_whatever_the_structure(
    n_rows: int, thickness: float
) -> None:
    """With one component these structures are the same; almost in one plane too few are 13 rows."""
    X = noise(3, n_rows, 6)
    X[:, 5] = X[:, :5].sum(axis=1) + thickness * X[:, 5]
    same = [["EEE", "VEE", "VVV"], ["EEI", "VVI"], ["EII", "VII"]]
    found = gx.select(X, [1], [code for codes in same for code in codes], random_state=0)
    for codes in same:
        assert len({bool(found.cell(code, 1).spurious) for code in codes}) == 1
    flat = np.linalg.eigvalsh(np.corrcoef(X.T))[0] < 1e-4  # of few rows, with thickness 1 as well
    assert bool(found.cell("EEE", 1).spurious) is (n_rows <= 6 or (n_rows < 14 and bool(flat)))


@pytest.mark.parametrize("columns", [slice(0, 1), slice(None)])
def test_two_rows_are_too_few_for_any_structure_with_one_component(columns: slice) -> None:
    found = gx.select(noise(0, 2, 2)[:, columns], [1], random_state=0)
    assert {code for code, _ in found.spurious} == set(found.covariance_types)


def test_weights_are_rows_unless_they_are_importances() -> None:
    X, weight = noise(1000, 10, 1), np.full(10, 2.0)
    options: dict[str, Any] = {"sample_weight": weight, "random_state": 0}
    counted = gx.select(X, [6], ["E"], **options)
    assert counted.spurious.keys() == gx.select(np.repeat(X, 2, axis=0), [6], ["E"]).spurious.keys()
    assert not counted.spurious
    assert gx.select(X, [6], ["E"], sample_size="effective", **options).spurious


def test_a_result_says_so() -> None:
    (reason,) = quiet(noise(0, 10, 1), 9, init_params="hierarchical", covariance_type="E").reasons
    assert reason.startswith("Few rows determine the covariance common to all components: 10 ")
    assert "less one for each of 9 means" in reason
    assert "spurious" in reason
    assert reason.endswith("Use fewer components or a prior.")


def test_a_result_of_one_component_is_not_told_to_use_fewer() -> None:
    X = noise(0, 4, 2)
    X[:, 1] = X[:, 0] + 1e-3 * X[:, 1]
    (reason,) = quiet(X, 1, covariance_type="tied").reasons
    assert "less one for the mean" in reason
    assert reason.endswith("Use a simpler covariance_type or a prior.")
