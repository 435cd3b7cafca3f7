"""Covariances as matrices whatever their structure, and the marginals of a mixture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from gaussmix._marginal import covariance_matrices, marginal
from strategies import clusters

WEIGHTS = [0.2, 0.5, 0.3]
MEANS = np.array([[0.0, 1.0, -1.0], [2.0, -1.0, 0.5], [-3.0, 0.5, 2.0]])
TIED = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.7]])
VARIANCES = np.array([[1.0, 2.0, 0.5], [0.3, 0.4, 1.5], [2.0, 1.0, 1.0]])
COVARIANCES = {
    "full": np.stack([TIED, np.diag(VARIANCES[0]), 0.4 * TIED[::-1, ::-1]]),
    "tied": TIED,
    "diag": VARIANCES,
    "spherical": np.array([0.5, 1.0, 2.0]),
}
MATRICES = {
    "full": COVARIANCES["full"],
    "tied": np.stack([TIED] * 3),
    "diag": np.stack([np.diag(row) for row in VARIANCES]),
    "spherical": np.stack([variance * np.eye(3) for variance in COVARIANCES["spherical"]]),
}


def mixture(structure: str) -> gx.Mixture:
    return gx.Mixture(WEIGHTS, MEANS, COVARIANCES[structure], structure, ["a", "b", "c"])


@pytest.mark.parametrize("structure", COVARIANCES)
def test_covariances_as_matrices(structure: str) -> None:
    matrices = covariance_matrices(mixture(structure))
    np.testing.assert_array_equal(matrices, MATRICES[structure])
    matrices[:] = 0  # a copy of the caller's own


@pytest.mark.parametrize("structure", COVARIANCES)
def test_a_marginal_is_the_integral_over_the_other_features(structure: str) -> None:
    whole = mixture(structure)
    x = np.array([[0.3, -1.0], [2.0, 0.0], [-2.0, 1.0]])
    over = np.linspace(-20, 20, 4001)  # the trapezoidal rule is exact to rounding for a Gaussian
    for columns in ([0, 1], [2, 0], [1, 2]):
        rows = np.empty((len(over), 3))
        rows[:, ({0, 1, 2} - set(columns)).pop()] = over
        for point in x:
            rows[:, columns] = point
            integral = np.exp(whole.log_density(rows)).sum() * (over[1] - over[0])
            density = np.exp(marginal(whole, columns).log_density([point]))
            np.testing.assert_allclose(density, integral, rtol=1e-11)


@pytest.mark.parametrize("structure", COVARIANCES)
def test_all_features_in_another_order(structure: str) -> None:
    whole, rows = mixture(structure), clusters(3, 50, 3, 3, 1.0)
    turned = marginal(whole, [2, 0, 1])
    assert turned.feature_names == ("c", "a", "b")
    np.testing.assert_allclose(
        turned.log_density(rows[:, [2, 0, 1]]), whole.log_density(rows), rtol=1e-12
    )


def test_a_nearly_singular_covariance_keeps_the_digits_of_its_factor() -> None:
    """The variance of b given a is 1e-18: 1 + 1e-18 is 1, but the factor holds it."""
    covariance = np.array([[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])
    factor = np.array([[[1.0, -1e9, 0.0], [0.0, 1e9, 0.0], [0.0, 0.0, 1.0]]])
    whole = gx.Mixture([1.0], np.zeros((1, 3)), covariance, precisions_cholesky=factor)
    pair = marginal(whole, [0, 1])
    np.testing.assert_allclose(pair.precisions_cholesky, factor[:, :2, :2], rtol=1e-7)
    np.testing.assert_allclose(pair.log_determinants, np.log(1e-18), rtol=1e-7)
    np.testing.assert_allclose(marginal(whole, [1]).precisions_cholesky, [[[1.0]]], rtol=1e-12)


# --- as a method of mixtures -------------------------------------------------------------------


@pytest.mark.parametrize("structure", COVARIANCES)
@pytest.mark.parametrize("features", [[0, 1], [2, 0], [1], ["c", "a"], ("b", 2), np.array([2, 1])])
def test_the_marginal_has_the_blocks_of_the_whole(structure: str, features: Any) -> None:
    stats = pytest.importorskip("scipy.stats")
    whole = mixture(structure)
    part = whole.marginal(features)
    columns = ["abc".index(f) if isinstance(f, str) else int(f) for f in features]
    rows = clusters(3, 50, 3, 3, 1.0)[:, columns]
    density = sum(
        weight * stats.multivariate_normal(mean[columns], block[np.ix_(columns, columns)]).pdf(rows)
        for weight, mean, block in zip(WEIGHTS, MEANS, MATRICES[structure], strict=True)
    )
    np.testing.assert_allclose(np.exp(part.log_density(rows)), density, rtol=1e-11)
    assert part.feature_names == tuple("abc"[column] for column in columns)
    assert part == marginal(whole, columns)


def test_a_single_feature_needs_no_list() -> None:
    whole = mixture("diag")
    assert whole.marginal("b") == whole.marginal(1) == whole.marginal([1])
    assert whole.marginal("b").n_features == 1


def test_the_marginal_of_factor_analysers() -> None:
    loadings, noise = [[[1.0], [2.0], [0.5]]], [[0.5, 0.4, 0.3]]
    whole = gx.FactorMixture([1.0], [[0.0, 1.0, 2.0]], loadings, noise, ["a", "b", "c"])
    part = whole.marginal(["c", "a"])
    np.testing.assert_allclose(part.covariances, [[[0.55, 0.5], [0.5, 1.5]]], rtol=1e-14)
    assert part.means.tolist() == [[2.0, 0.0]]
    assert type(part) is gx.Mixture


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([0, 0], "different from one another"),
        (["a", 0], "different from one another"),
        ([], "at least one feature, got 0"),
        ([3], "must be an integer <= 2, got 3"),
        ([-1], "must be an integer >= 0"),
        ([True], "must be an integer"),
        ([0.0], "must be an integer"),
        (["d"], "'d', which is none of the features 'a', 'b', 'c'"),
    ],
)
def test_features_that_are_not_there(features: Any, message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        mixture("full").marginal(features)


def test_names_where_there_are_none() -> None:
    unnamed = gx.Mixture(WEIGHTS, MEANS, VARIANCES, "diag")
    with pytest.raises(gx.GaussmixError, match="no names of features: give positions, 0 to 2"):
        unnamed.marginal("a")
    assert unnamed.marginal([2, 0]).feature_names is None


def test_features_are_named_by_an_index_of_pandas_or_an_array() -> None:
    pandas = pytest.importorskip("pandas")
    whole = mixture("full")
    for features in (pandas.Index([2, 0]), pandas.Series([2, 0]), np.array([2, 0])):
        assert whole.marginal(features) == whole.marginal([2, 0])
    assert whole.marginal(np.array(1)) == whole.marginal(1)


def test_a_name_of_two_features_tells_them_apart_by_position_alone() -> None:
    named = gx.Mixture([1.0], [[1.0, 2.0, 3.0]], np.eye(3), "tied", ["a", "b", "a"])
    with pytest.raises(gx.GaussmixError, match="ambiguous name 'a', which features 0, 2 have"):
        named.marginal(["b", "a"])
    assert named.marginal([2, "b"]).means.tolist() == [[3.0, 2.0]]
    assert named.marginal([2]).feature_names == ("a",)
