"""Sufficient statistics: an algebra of parts of a data set."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from gaussmix.statistics import SufficientStatistics

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)

generator = np.random.default_rng(11)
X = np.concatenate([generator.normal(size=(57, 3)), generator.normal(4.0, 2.0, size=(80, 3))])
W = generator.uniform(0.0, 3.0, size=len(X))
W[::10] = 0.0
MIXTURE = gx.Mixture([0.4, 0.6], [[0.0] * 3, [4.0] * 3], np.ones((2, 3)), "diag")


def statistics(
    rows: slice | None = None, covariance_type: str = "full", weights: Float64 | None = W
) -> SufficientStatistics:
    part = slice(None) if rows is None else rows
    weight = None if weights is None else weights[part]
    return gx.e_step(X[part], MIXTURE, sample_weight=weight, covariance_type=covariance_type)


def assert_close(a: SufficientStatistics, b: SufficientStatistics) -> None:
    for name in ("weight", "mean", "scatter", "log_likelihood", "total_weight"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-12, atol=1e-11)
    assert a.n_effective == pytest.approx(b.n_effective, rel=1e-13)
    assert a.n_rows == b.n_rows
    assert a.scatter_kind == b.scatter_kind


@each_structure
def test_parts_add_up_to_the_whole(covariance_type: str) -> None:
    parts = [statistics(slice(i, i + 20), covariance_type) for i in range(0, len(X), 20)]
    whole = statistics(None, covariance_type)
    assert_close(sum(parts[1:], parts[0]), whole)
    assert_close(sum(reversed(parts)), whole)  # type: ignore[arg-type]


@each_structure
def test_means_far_apart_add_up_exactly(covariance_type: str) -> None:
    """Two points, one in each part: the scatter is all between the parts."""
    one = gx.Mixture([1.0], [[0.0, 0.0]], np.ones((1, 2)), "diag")
    both = gx.e_step([[0.0, 0.0]], one, covariance_type=covariance_type) + gx.e_step(
        [[6.0, 2.0]], one, covariance_type=covariance_type
    )
    matrix = np.array([[18.0, 6.0], [6.0, 2.0]])  # (x - mean)(x - mean)^T, summed over both rows
    expected = {
        "full": matrix[None],
        "pooled": matrix,
        "diag": np.diag(matrix)[None],
        "trace": np.array([20.0]),
    }[both.scatter_kind]
    np.testing.assert_array_equal(both.mean, [[3.0, 1.0]])
    np.testing.assert_array_equal(both.scatter, expected)


def test_totals_are_sums_over_the_rows() -> None:
    whole = statistics()
    assert whole.total_weight == pytest.approx(W.sum(), rel=1e-14)
    assert whole.n_rows == np.count_nonzero(W)
    assert whole.n_effective == pytest.approx(W.sum() ** 2 / (W**2).sum(), rel=1e-14)
    assert whole.weight.sum() == pytest.approx(W.sum(), rel=1e-13)
    assert whole.log_likelihood == pytest.approx(W @ MIXTURE.log_density(X), rel=1e-12)
    assert (whole.n_components, whole.n_features) == (2, 3)
    assert statistics(weights=None).n_effective == len(X)


@each_structure
def test_scaling_is_scaling_of_the_sample_weights(covariance_type: str) -> None:
    scaled = statistics(None, covariance_type).scale(0.25)
    assert_close(scaled, statistics(None, covariance_type, weights=0.25 * W))
    assert scaled.n_effective == pytest.approx(statistics().n_effective, rel=1e-14)


@pytest.mark.parametrize(
    "factor", [0.0, -1.0, math.nan, math.inf, pytest.param(10**400, id="huge")]
)
def test_only_positive_factors(factor: float) -> None:
    with pytest.raises(gx.GaussmixError, match="factor must be a finite number > 0"):
        statistics().scale(factor)


@pytest.mark.parametrize("factor", ["2", None, 1j, True])
def test_a_factor_is_a_number(factor: Any) -> None:
    with pytest.raises(gx.GaussmixTypeError, match="factor must be a number > 0"):
        statistics().scale(factor)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_factors_that_leave_the_range_are_refused(factor: float) -> None:
    scaled = statistics().scale(factor)  # whose squares are beyond it
    assert scaled.n_effective == statistics().n_effective
    with pytest.raises(gx.GaussmixError, match="leaves the range of float64"):
        scaled.scale(factor)


def test_copies_are_equal_and_changes_are_not() -> None:
    whole = statistics()
    back = pickle.loads(pickle.dumps(whole))
    assert back == whole == statistics()
    assert not back.scatter.flags.writeable
    assert whole != whole.scale(2.0)
    assert whole != statistics(covariance_type="diag")
    assert whole != 0
    with pytest.raises(TypeError, match="unhashable"):
        hash(whole)


def test_statistics_without_a_likelihood_are_equal_to_themselves() -> None:
    whole = statistics()
    values = {name: getattr(whole, name) for name in whole.__dataclass_fields__}
    first, second = (
        SufficientStatistics(**(values | {"log_likelihood": math.nan})) for _ in range(2)
    )
    assert first == second != whole


def test_arrays_are_private_and_read_only() -> None:
    weight = np.array([1.0, 2.0])
    made = gx.SufficientStatistics(weight, np.zeros((2, 1)), np.ones(2), "trace", 0.0, 3.0, 5.0, 2)
    weight[0] = 99.0
    assert made.weight[0] == 1.0
    for name in ("weight", "mean", "scatter"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(made, name)[...] = 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": [1.0]}, r"weight must have shape \(2,\)"),
        ({"weight": [1.0, -1.0]}, "weight must be finite and not negative"),
        ({"weight": [1.0, math.nan]}, "weight must be finite and not negative"),
        ({"weight": ["a", "b"]}, "weight must hold numbers"),
        ({"mean": [[0.0], [math.nan]]}, "mean must be finite"),
        ({"scatter": [1.0, math.inf]}, "scatter must be finite.*rescaled"),
        ({"total_weight": -3.0}, "total_weight must be a finite number >= 0, got -3"),
        ({"n_effective": math.nan}, "n_effective must be a finite number >= 0, got nan"),
        ({"n_rows": -2}, "n_rows must be an integer >= 0, got -2"),
        ({"n_rows": "a"}, "n_rows must be an integer >= 0, got 'a'"),
        ({"log_likelihood": "high"}, "log_likelihood must be a number, got 'high'"),
        ({"mean": [1.0, 2.0]}, r"mean must have shape \(n_components, n_features\)"),
        ({"scatter": np.eye(1)}, r"scatter must have shape \(2,\) .* trace scatter"),
        (
            {"scatter_kind": "round"},
            "scatter_kind must be one of 'full', 'pooled', 'diag', 'trace'",
        ),
    ],
)
def test_what_is_no_statistics_is_refused(changes: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "weight": [1.0, 2.0],
        "mean": np.zeros((2, 1)),
        "scatter": [1.0, 1.0],
        "scatter_kind": "trace",
        "log_likelihood": 0.0,
        "total_weight": 3.0,
        "n_effective": 1.8,
        "n_rows": 2,
    }
    SufficientStatistics(**good)
    with pytest.raises(gx.GaussmixError, match=message):
        SufficientStatistics(**(good | changes))


@pytest.mark.parametrize("kind", ["full", "pooled"])
def test_a_scatter_is_symmetric(kind: str) -> None:
    matrix = np.array([[4.0, 1e-6], [1e-6, 1e-6]])  # of columns in very different units
    matrix[0, 1] += 1e-12

    def of(scatter: Float64) -> SufficientStatistics:
        whole = scatter[None] if kind == "full" else scatter
        return gx.SufficientStatistics([1.0], [[0.0, 0.0]], whole, kind, 0.0, 1.0, 1.0, 1)  # type: ignore[arg-type]

    rounded = of(matrix).scatter
    np.testing.assert_array_equal(rounded, np.swapaxes(rounded, -1, -2))
    np.testing.assert_allclose(rounded.reshape(2, 2), matrix, rtol=1e-6)
    matrix[0, 1] += 1e-8
    with pytest.raises(gx.GaussmixError, match="scatter must be symmetric, but scatter"):
        of(matrix)


@pytest.mark.parametrize("kind", ["diag", "trace"])
def test_sums_of_squares_are_not_negative(kind: str) -> None:
    def of(*scatter: float) -> SufficientStatistics:
        whole = np.array(scatter)[:, None] if kind == "diag" else np.array(scatter)
        means = [[0.0], [1.0]]
        return gx.SufficientStatistics([1.0, 1.0], means, whole, kind, 0.0, 2.0, 2.0, 2)  # type: ignore[arg-type]

    of(1.0, -1e-9)  # by rounding, as of sums from which others were taken away
    of(0.0, 0.0)
    for wrong in ((1.0, -1e-6), (-1.0, -1.0), (0.0, -1e-300)):
        with pytest.raises(gx.GaussmixError, match="sums of squares, but its smallest"):
            of(*wrong)


def test_one_is_no_plural() -> None:
    one = gx.SufficientStatistics([1.0], [[0.0]], [1.0], "trace", 0.0, 1.0, 1.0, 1)  # type: ignore[arg-type]
    assert repr(one) == (
        "SufficientStatistics(trace scatter, 1 component, 1 feature, 1 row, weight 1)"
    )


def test_unlike_statistics_do_not_add_up() -> None:
    with pytest.raises(gx.GaussmixTypeError, match=r"full and with diag scatter.*covariance_type"):
        statistics() + statistics(covariance_type="diag")
    other = gx.Mixture([1.0], [[0.0] * 3], np.ones((1, 3)), "diag")
    with pytest.raises(gx.GaussmixError, match="2 components in 3 dimensions and of 1 in 3"):
        statistics() + gx.e_step(X, other, covariance_type="full")
    for stranger in (1, 2.5, None):
        with pytest.raises(TypeError, match="unsupported operand"):
            statistics() + stranger  # type: ignore[operator]
        with pytest.raises(TypeError, match="unsupported operand"):
            stranger + statistics()


# --- what they remember of where they come from ---------------------------------------------------

ALIKE = [  # in each, something else is not as in MIXTURE
    gx.Mixture([0.6, 0.4], MIXTURE.means, MIXTURE.covariances, "diag"),
    gx.Mixture(MIXTURE.weights, np.nextafter(MIXTURE.means, 9.0), MIXTURE.covariances, "diag"),
    gx.Mixture(MIXTURE.weights, MIXTURE.means, np.nextafter(np.ones((2, 3)), 2.0), "diag"),
]


def named(*names: str, mixture: gx.Mixture = MIXTURE) -> SufficientStatistics:
    columns = pytest.importorskip("pandas").DataFrame(X, columns=list(names))
    return gx.e_step(columns, mixture)


@pytest.mark.parametrize("other", ALIKE)
def test_statistics_under_different_mixtures_do_not_add_up(other: gx.Mixture) -> None:
    first, second = gx.e_step(X[:50], MIXTURE), gx.e_step(X[50:], other)
    message = r"different mixtures.*same mixture on every part.*scale\(1\.0\)"
    for parts in ((first, second), (first, first, second)):
        with pytest.raises(gx.GaussmixError, match=message):
            sum(parts)
        with pytest.raises(gx.GaussmixError, match=message):
            sum(map(pickle.loads, map(pickle.dumps, parts)))


def test_equal_mixtures_are_the_same_one() -> None:
    """A copy, one from a pickle, and one written down again; names do not matter."""
    covariances = MIXTURE.covariances.copy()
    copies = [
        pickle.loads(pickle.dumps(MIXTURE)),
        gx.Mixture([0.4, 0.6], [[0.0] * 3, [4.0] * 3], covariances, "diag", ["u", "v", "w"]),
    ]
    for copy in copies:
        assert (gx.e_step(X, MIXTURE) + gx.e_step(X, copy)).n_rows == 2 * len(X)


def test_what_is_made_by_hand_or_fades_adds_to_any() -> None:
    """Pseudo-observations, and the earlier rows of a stream, whose mixture has moved on."""
    whole = gx.e_step(X, MIXTURE)
    parts = whole.weight, whole.mean, whole.scatter, whole.scatter_kind
    by_hand = SufficientStatistics(*parts, 0.0, whole.total_weight, whole.n_effective, len(X))
    for free in (by_hand, whole.scale(1.0)):
        for mixture in (MIXTURE, *ALIKE):
            assert (free + gx.e_step(X, mixture)).n_rows == 2 * len(X)
        with pytest.raises(gx.GaussmixError, match="different mixtures"):
            free + whole + gx.e_step(X, ALIKE[0])


def test_names_of_columns_are_kept() -> None:
    first = named("a", "b", "c")
    assert first.feature_names == ("a", "b", "c")
    assert first.scale(2.0).feature_names == ("a", "b", "c")
    assert pickle.loads(pickle.dumps(first)) == first != statistics()
    without = gx.e_step(X, MIXTURE)
    assert without.feature_names is None
    for both in (first + without, without + first, first + first):
        assert both.feature_names == ("a", "b", "c")


def test_the_names_of_the_mixture_are_those_of_an_array() -> None:
    names = ("a", "b", "c")
    mixture = gx.Mixture(MIXTURE.weights, MIXTURE.means, MIXTURE.covariances, "diag", names)
    assert gx.e_step(X, mixture).feature_names == names


def test_statistics_of_other_columns_do_not_add_up() -> None:
    with pytest.raises(gx.GaussmixError, match=r"column 1 .*'b' .*'c'.*same columns.*same order"):
        named("a", "b", "c") + named("a", "c", "b")


@pytest.mark.parametrize(
    ("remembered", "message"),
    [
        ({"feature_names": ["a"]}, "feature_names must hold 3 names"),
        ({"feature_names": "abc"}, "feature_names must be None or a sequence of 3 strings"),
        ({"mixture_digest": -1}, "mixture_digest must be an integer >= 0"),
        ({"mixture_digest": "9c"}, "mixture_digest must be an integer >= 0"),
    ],
)
def test_what_is_remembered_is_checked(remembered: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        dataclasses.replace(statistics(), **remembered)
