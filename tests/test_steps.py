"""The two steps of EM in Python: what they compute, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)

generator = np.random.default_rng(3)
X = np.concatenate([generator.normal(size=(40, 2)), generator.normal(5.0, 1.5, size=(60, 2))])
MIXTURE = gx.Mixture([0.4, 0.6], [[0.0, 0.0], [5.0, 5.0]], [np.eye(2), 2 * np.eye(2)])


def assert_same_mixture(a: gx.Mixture, b: gx.Mixture, rtol: float = 1e-12) -> None:
    assert a.covariance_type is b.covariance_type
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=1e-14)


@each_structure
def test_one_component_has_the_moments_of_the_data(covariance_type: str) -> None:
    whatever = gx.Mixture([1.0], [[1.0, 2.0]], [np.eye(2)])
    mixture = gx.m_step(
        gx.e_step(X, whatever, covariance_type=covariance_type), covariance_type=covariance_type
    )
    moments = np.cov(X.T, bias=True)
    expected = {
        "full": moments[None],
        "tied": moments,
        "diag": np.diag(moments)[None],
        "spherical": np.array([np.trace(moments) / 2]),
    }[covariance_type]
    np.testing.assert_allclose(mixture.means, X.mean(axis=0)[None], rtol=1e-13)
    np.testing.assert_allclose(mixture.covariances, expected, rtol=1e-12)
    assert mixture.weights.tolist() == [1.0]


@each_structure
def test_full_statistics_serve_every_structure(covariance_type: str) -> None:
    rich = gx.e_step(X, MIXTURE, covariance_type="full")
    lean = gx.e_step(X, MIXTURE, covariance_type=covariance_type)
    assert_same_mixture(
        gx.m_step(rich, covariance_type=covariance_type),
        gx.m_step(lean, covariance_type=covariance_type),
    )


@each_structure
def test_the_structure_of_the_mixture_is_the_default(covariance_type: str) -> None:
    mixture = gx.m_step(gx.e_step(X, MIXTURE), covariance_type=covariance_type)
    statistics = gx.e_step(X, mixture)
    assert statistics == gx.e_step(X, mixture, covariance_type=covariance_type.upper())
    assert gx.m_step(statistics, covariance_type=covariance_type).covariance_type == covariance_type


@each_structure
def test_the_steps_are_the_passes_of_fit(covariance_type: str) -> None:
    start = gx.m_step(gx.e_step(X, MIXTURE), covariance_type=covariance_type)
    mixture = start
    for _ in range(3):
        mixture = gx.m_step(
            gx.e_step(X, mixture), covariance_type=covariance_type, previous=mixture
        )
    with pytest.warns(gx.ConvergenceWarning):
        result = gx.fit(
            X,
            2,
            covariance_type=covariance_type,
            weights_init=start.weights,
            means_init=start.means,
            covariances_init=start.covariances,
            max_iter=3,
            tol=0.0,
            accelerate=False,
        )
    assert_same_mixture(mixture, result.mixture)


def test_rows_count_as_often_as_their_weight() -> None:
    twice = np.concatenate([X, X[:10]])
    weight = np.ones(len(X))
    weight[:10] = 2
    a = gx.m_step(gx.e_step(X, MIXTURE, sample_weight=weight))
    assert_same_mixture(a, gx.m_step(gx.e_step(twice, MIXTURE)))
    weight[:50] = 0
    a = gx.m_step(gx.e_step(X, MIXTURE, sample_weight=weight))
    assert_same_mixture(a, gx.m_step(gx.e_step(X[50:], MIXTURE)))


@each_structure
def test_a_number_for_reg_covar_is_added_to_every_variance(covariance_type: str) -> None:
    statistics = gx.e_step(X, MIXTURE, covariance_type=covariance_type)
    plain = gx.m_step(statistics, covariance_type=covariance_type).covariances
    ridge = gx.m_step(statistics, covariance_type=covariance_type, reg_covar=0.5).covariances
    added = 0.5 * np.eye(2) if covariance_type in ("full", "tied") else 0.5
    np.testing.assert_allclose(ridge, plain + added, rtol=1e-14)


def test_singular_covariances_are_repaired_or_refused() -> None:
    line = np.outer(np.arange(10.0), [1.0, 2.0])
    statistics = gx.e_step(line, gx.Mixture([1.0], [[0.0, 0.0]], [100 * np.eye(2)]))
    with pytest.warns(gx.RepairWarning, match="covariance of component 0"):
        mixture = gx.m_step(statistics)
    np.testing.assert_allclose(mixture.covariances[0], np.cov(line.T, bias=True), rtol=1e-6)
    assert np.linalg.eigvalsh(mixture.covariances[0])[0] > 0
    with pytest.raises(gx.DegenerateError, match="component 0"):
        gx.m_step(statistics, on_degenerate="raise")


def test_a_component_without_weight_keeps_what_it_had() -> None:
    far = gx.Mixture([1.0, 0.0], [[2.0, 2.0], [9.0, 7.0]], [np.eye(2), 3 * np.eye(2)])
    statistics = gx.e_step(X, far)
    assert statistics.weight[1] == 0
    with pytest.warns(gx.RepairWarning, match="kept the parameters of the weightless component 1"):
        kept = gx.m_step(statistics, previous=far)
    assert kept.weights.tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(kept.means[1], [9.0, 7.0])
    np.testing.assert_allclose(kept.covariances[1], 3 * np.eye(2), rtol=1e-14)
    with pytest.warns(gx.RepairWarning, match="of all data to the weightless component 1"):
        alone = gx.m_step(statistics)
    np.testing.assert_allclose(alone.means[1], X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(alone.covariances[1], np.cov(X.T, bias=True), rtol=1e-12)
    with pytest.raises(gx.DegenerateError, match="no row is left to component 1"):
        gx.m_step(statistics, previous=far, on_degenerate="raise")


STATISTICS = gx.e_step(X, MIXTURE)
DIAGONAL = gx.e_step(X, MIXTURE, covariance_type="diag")
TRACE = gx.e_step(X, MIXTURE, covariance_type="spherical")
OTHER_SIZE = gx.Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
OTHER_TYPE = gx.Mixture([0.5, 0.5], np.zeros((2, 2)), [1.0, 1.0], "spherical")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"statistics": {}}, gx.GaussmixTypeError, "must be a SufficientStatistics.*got dict"),
        ({"covariance_type": "tide"}, gx.GaussmixError, "Did you mean 'tied'"),
        ({"reg_covar": -1}, gx.GaussmixError, "reg_covar must be None or a finite number >= 0"),
        ({"on_degenerate": "drop"}, gx.GaussmixError, "on_degenerate must be one of"),
        ({"previous": X}, gx.GaussmixTypeError, "previous must be a FitResult.*got ndarray"),
        ({"previous": OTHER_SIZE}, gx.GaussmixError, "previous has 1 component in 2 dimensions"),
        ({"previous": OTHER_TYPE}, gx.GaussmixError, "previous has covariance_type='spherical'"),
        ({"statistics": DIAGONAL}, gx.GaussmixError, "Run e_step with covariance_type='full'"),
        (
            {"statistics": TRACE, "covariance_type": "diag"},
            gx.GaussmixError,
            "Run e_step with covariance_type='diag'",
        ),
        (
            {"statistics": DIAGONAL, "covariance_type": "tied"},
            gx.GaussmixError,
            "Run e_step with covariance_type='tied'",
        ),
    ],
)
def test_what_an_m_step_refuses(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        gx.m_step(**({"statistics": STATISTICS} | arguments))
    assert not isinstance(caught.value, gx.DegenerateError)


def test_another_e_step_is_the_remedy_for_too_little_scatter_alone() -> None:
    beyond_range = gx.SufficientStatistics(  # a variance of 1e600
        np.array([1e-300]), np.zeros((1, 1)), np.array([[1e300]]), "diag", 0.0, 1e-300, 1.0, 1
    )
    with pytest.raises(gx.GaussmixError, match=r"rescale the data\.$"):
        gx.m_step(beyond_range, covariance_type="diag")


def test_statistics_without_any_weight_are_refused() -> None:
    empty = gx.SufficientStatistics(
        np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2, 2)), "full", 0.0, 0.0, 0.0, 0
    )
    with pytest.raises(gx.GaussmixError, match="no weight in any component"):
        gx.m_step(empty)


def test_names_of_columns_go_round() -> None:
    """So that columns in another order are still refused after a pass."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"])
    mixture = gx.m_step(gx.e_step(frame[:50], MIXTURE) + gx.e_step(frame[50:], MIXTURE))
    assert mixture.feature_names == ("a", "b")
    with pytest.raises(gx.GaussmixError, match="same order"):
        mixture.assign(frame[["b", "a"]])
    again = gx.m_step(gx.e_step(X, mixture))
    assert again.feature_names == ("a", "b")


def test_names_of_the_previous_mixture_agree_with_those_of_the_statistics() -> None:
    def with_names(*names: str) -> gx.Mixture:
        return gx.Mixture(MIXTURE.weights, MIXTURE.means, MIXTURE.covariances, "full", names)

    statistics = gx.e_step(X, with_names("a", "b"))
    for previous in (None, MIXTURE, with_names("a", "b")):
        assert gx.m_step(statistics, previous=previous).feature_names == ("a", "b")
    assert gx.m_step(STATISTICS, previous=with_names("a", "b")).feature_names == ("a", "b")
    with pytest.raises(gx.GaussmixError, match=r"previous.*column 0 .*'a' .*'b'"):
        gx.m_step(statistics, previous=with_names("b", "a"))


@pytest.mark.parametrize("mixture", [None, X, gx.GaussianMixture])
def test_an_e_step_needs_a_mixture(mixture: Any) -> None:
    wanted = "mixture must be a FitResult, .* a Mixture or a fitted estimator .*, got "
    with pytest.raises(gx.GaussmixTypeError, match=wanted):
        gx.e_step(X, mixture)


def test_an_e_step_takes_what_holds_a_mixture() -> None:
    estimator = gx.GaussianMixture(2, random_state=0).fit(X)
    expected = gx.e_step(X, estimator.result_.mixture)
    assert gx.e_step(X, estimator.result_) == gx.e_step(X, estimator) == expected
    before = gx.m_step(expected, previous=estimator.result_.mixture)
    assert gx.m_step(expected, previous=estimator) == before
    with pytest.raises(gx.NotFittedError):
        gx.e_step(X, gx.GaussianMixture(2))


def test_of_a_search_the_best_fit_is_meant() -> None:
    selection: Any = gx.select(X, [1, 2], ["EEE"])
    for take in (gx.e_step, lambda X, found: gx.confusion(found, X)):
        with pytest.raises(gx.GaussmixTypeError, match=r"got SelectionResult.*pass its \.best"):
            take(X, selection)


def test_other_arguments_of_an_e_step_are_checked() -> None:
    with pytest.raises(gx.GaussmixError, match="Did you mean 'diag'"):
        gx.e_step(X, MIXTURE, covariance_type="dig")
    with pytest.raises(gx.GaussmixError, match="n_threads must be an integer >= 1"):
        gx.e_step(X, MIXTURE, n_threads=0)


def test_previous_has_the_factors_of_its_fit() -> None:
    """Of equal volume and without a floor, two thin axes make the third too long."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(202, 3))
    X[100:200, 0] += 8
    X[200:] = [[4, 9, 0], [4.5, 9, 0.2]]
    X[:, 2] *= 1e-4
    options: dict[str, Any] = {"covariance_type": "EVV", "reg_covar": 0.0}
    previous = gx.fit(X, 3, means_init=[[0, 0, 0], [8, 0, 0], [4, 9, 0]], **options).mixture
    assert np.linalg.eigvalsh(previous.covariances).min() <= 0
    statistics = gx.e_step(X, previous)
    with pytest.warns(gx.RepairWarning, match="component 2"):
        mixture = gx.m_step(statistics, previous=previous, **options)
    assert gx.e_step(X, mixture).log_likelihood >= statistics.log_likelihood - 1e-6
