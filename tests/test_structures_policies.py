"""Data that a covariance structure cannot carry: the bound on eigenvalues, within the structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import given, quiet
from strategies import clusters
from structures import (
    BY_COLUMN,
    CODES,
    COMPARING,
    NEW,
    Parts,
    assert_in_structure,
    log_volumes,
    matrices,
    statistics,
)

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("code", CODES)
each_new = pytest.mark.parametrize("code", NEW)
FLOOR = 1e-8
ROUND = ("EII", "VII")


def degenerate(name: str) -> tuple[Float64, int]:
    """Rows, and how many components are asked of them."""
    rng = np.random.default_rng(0)
    X = clusters(1, 60, 3, 2, 3.0)
    if name == "constant column":
        X[:, 1] = 2.5
    elif name == "duplicated column":
        X[:, 2] = X[:, 0]
    elif name == "fewer rows than columns":
        X = rng.standard_normal((4, 6))
    elif name == "all rows equal":
        X = np.tile([1.0, -2.0, 3.0], (10, 1))
    elif name == "a row for itself":
        X = np.concatenate([X, [[500.0, 500.0, 500.0]]])
    elif name == "repeated rows":
        X = np.concatenate([X, np.tile([[9.0, 9.0, 9.0]], (8, 1))])
    return X, 2 if len(X) < 60 else 3


KINDS = (
    *("constant column", "duplicated column", "fewer rows than columns", "all rows equal"),
    *("a row for itself", "repeated rows"),
)
each_kind = pytest.mark.parametrize("kind", KINDS)


def eigenvalue_range(code: str, result: gx.FitResult) -> tuple[float, float]:
    """The least and the largest, in the units that the structure measures eigenvalues in."""
    scale = np.array(result.column_scale)
    if code in ROUND:
        scale[:] = scale.max()
    if code in COMPARING:  # measured in the spread of the narrowest column
        scale[:] = scale.min()
    eigenvalues = np.linalg.eigvalsh(matrices(result.mixture) / np.outer(scale, scale))
    return float(eigenvalues.min()), float(eigenvalues.max())


def in_its_units(code: str, result: gx.FitResult) -> Float64:
    """The covariances in units of the columns, where that is a matter of the structure's own.

    At a condition of 1e8 their eigenvalues then keep five digits and more.
    """
    scale = result.column_scale if code in BY_COLUMN else np.ones(result.n_features)
    return np.asarray(matrices(result.mixture) / np.outer(scale, scale))


@each_structure
@each_kind
@pytest.mark.parametrize("accelerate", [False, True])
def test_it_is_repaired_within_the_structure(code: str, kind: str, accelerate: bool) -> None:
    X, K = degenerate(kind)
    for seed in range(3):
        result = quiet(
            X, K, covariance_type=code, accelerate=accelerate, random_state=seed, max_iter=100
        )
        mixture = result.mixture
        for values in (mixture.weights, mixture.means, mixture.covariances, result.log_likelihood):
            assert np.all(np.isfinite(values))
        for matrix in matrices(mixture):
            ref.cholesky(ref.real(matrix))
        trace = np.append(result.trace, result.log_likelihood)
        assert np.all(np.diff(trace) >= -1e-10 * np.maximum(np.abs(trace[1:]), len(X)))
        smallest, largest = eigenvalue_range(code, result)
        rounding = 16 * np.finfo(float).eps * largest  # of the products that are returned
        assert smallest >= FLOOR * (1 - 1e-6) - rounding
        if smallest <= FLOOR * (1 + 1e-9) and result.n_iter:
            assert result.repairs
            assert result.events
        assert_in_structure(code, in_its_units(code, result), rtol=1e-5)


@each_structure
def test_all_rows_equal_are_repaired_and_counted(code: str) -> None:
    X, K = degenerate("all rows equal")
    result = quiet(X, K, covariance_type=code, random_state=0)
    assert result.repairs.total > 0
    assert {event.action for event in result.events} <= {"floored", "emptied"}
    assert all(event.eigenvalue < FLOOR for event in result.events if event.action == "floored")


@each_new
@each_kind
def test_raise_names_the_structure_s_trouble(code: str, kind: str) -> None:
    X, K = degenerate(kind)
    options: dict[str, Any] = {"covariance_type": code, "random_state": 0}
    repaired = quiet(X, K, **options)
    if repaired.events:
        words = {"floored": "is singular", "emptied": "no row is left"}
        with pytest.raises(gx.DegenerateError, match=words[repaired.events[0].action]):
            quiet(X, K, on_degenerate="raise", **options)
    else:
        assert quiet(X, K, on_degenerate="raise", **options).mixture == repaired.mixture


@each_new
@each_kind
@pytest.mark.parametrize("policy", ["restart", "drop"])
def test_restart_and_drop_leave_a_mixture_of_the_structure(
    code: str, kind: str, policy: str
) -> None:
    X, K = degenerate(kind)
    options: dict[str, Any] = {"covariance_type": code, "random_state": 0}
    repaired = quiet(X, K, **options)
    result = quiet(X, K, on_degenerate=policy, **options)
    assert np.isfinite(result.log_likelihood)
    dropped = sum(event.action == "dropped" for event in result.events)
    assert result.mixture.n_components == K - dropped == len(result.repairs.floored)
    if policy == "restart":
        assert result.log_likelihood >= repaired.log_likelihood - 1e-9 * len(X)
    assert_in_structure(code, in_its_units(code, result), rtol=1e-5)
    expected = float(result.mixture.log_density(X).sum())
    assert result.log_likelihood == pytest.approx(expected, rel=1e-9)


@each_structure
def test_an_idle_component_moves_no_other(code: str) -> None:
    """It keeps its mean and, as far as the structure lets it, its covariance."""
    X = clusters(2, 100, 2, 2)
    plain = quiet(X, 2, covariance_type=code, random_state=0, tol=0.0, max_iter=3).mixture
    both = gx.e_step(X, plain)
    kind = both.scatter_kind
    scatter = (
        both.scatter if kind == "pooled" else np.concatenate([both.scatter, both.scatter[:1] * 0])
    )
    idle = gx.SufficientStatistics(
        np.append(both.weight, 0.0),
        np.concatenate([both.mean, [[50.0, 50.0]]]),
        scatter,
        kind,
        both.log_likelihood,
        both.total_weight,
        both.n_effective,
        both.n_rows,
    )
    with pytest.warns(gx.RepairWarning, match="weightless component 2"):
        found = gx.m_step(idle, covariance_type=code)
    alone = gx.m_step(both, covariance_type=code)
    np.testing.assert_allclose(matrices(found)[:2], matrices(alone), rtol=1e-8, atol=1e-10)
    assert found.weights[2] == 0
    assert_in_structure(code, matrices(found))


@each_structure
@pytest.mark.parametrize("ridge", [0.0, 1e-6, 0.5])
def test_a_ridge_keeps_the_structure(code: str, ridge: float) -> None:
    X = clusters(3, 150, 3, 2)
    options: dict[str, Any] = {"covariance_type": code, "reg_covar": ridge}
    result = quiet(X, 2, random_state=0, **options)
    assert_in_structure(code, matrices(result.mixture))
    again = quiet(X, 2, max_iter=0, **options, **given(result.mixture))
    assert again.log_likelihood == pytest.approx(result.log_likelihood, rel=1e-10)
    # What the ridge adds is what scatters with as much on each variance make likeliest.
    rng = np.random.default_rng(0)
    weight, D = np.array([30.0, 50.0]), 3
    roots = rng.standard_normal((2, D, 9))
    scatter = np.asarray(roots @ np.swapaxes(roots, 1, 2)) * 4
    raised = scatter + ridge * weight[:, None, None] * np.eye(D)
    mean = np.zeros((2, D))
    a = gx.m_step(statistics(code, weight, mean, scatter), covariance_type=code, reg_covar=ridge)
    b = gx.m_step(statistics(code, weight, mean, raised), covariance_type=code)
    np.testing.assert_allclose(matrices(a), matrices(b), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("code", ["EVI", "EVE", "EVV"])
def test_one_volume_bears_a_component_without_extent(code: str) -> None:
    """A scatter of lower rank has volume zero: the bound gives it one, the others keep theirs."""
    weight = np.array([50.0, 50.0])
    scatter = np.array([np.diag([100.0, 50.0]), np.diag([80.0, 0.0])])
    stats = statistics(code, weight, np.zeros((2, 2)), scatter)
    with pytest.warns(gx.RepairWarning):
        covariances = matrices(gx.m_step(stats, covariance_type=code))
    assert_in_structure(code, covariances, rtol=1e-6)
    parts = Parts.of(code, covariances)
    np.testing.assert_allclose(log_volumes(covariances), parts.log_volume, rtol=1e-6)
    ratio = covariances[0, 0, 0] / covariances[0, 1, 1]
    assert ratio == pytest.approx(2.0, rel=1e-6)  # what is not at the bound keeps its shape


def likelihood(scatter: Float64, variances: Float64) -> float:
    """Expected, of components of weight 50 whose axes are those of the coordinates."""
    return -0.5 * float((50 * np.log(variances) + scatter / variances).sum())


@pytest.mark.parametrize("code", ["EVI", "EVE", "EVV"])
def test_one_volume_keeps_such_a_component_within_a_condition(code: str) -> None:
    """Else what is not at the bound would be longer than a matrix can hold: here 1e13 times."""
    weight = np.array([50.0, 50.0])
    scatter = np.array([np.diag([100.0, 50.0, 20.0, 80.0]), np.diag([80.0, 0.0, 0.0, 0.0])])
    stats = statistics(code, weight, np.zeros((2, 4)), scatter)
    with pytest.warns(gx.RepairWarning):
        covariances = matrices(gx.m_step(stats, covariance_type=code))
    columns = np.sqrt(scatter.sum(axis=0).diagonal() / 100)  # in whose units the bound is
    unit = columns if code in BY_COLUMN else np.full(4, columns.min())
    variances = np.diagonal(covariances, axis1=1, axis2=2) / unit**2
    rows = np.diagonal(scatter, axis1=1, axis2=2) / unit**2
    volume = np.log(variances).mean(axis=1)
    assert volume[0] == pytest.approx(volume[1], abs=1e-6)
    condition = variances.max(axis=1) / variances.min(axis=1)
    bound = 1e10 * (1 if code in BY_COLUMN else (columns.max() / columns.min()) ** 2)
    assert condition.max() == pytest.approx(bound, rel=1e-6)
    assert variances.min() >= FLOOR * (1 - 1e-6)
    # Nothing else above the bound and within that condition is likelier: steps that keep the
    # volume, or change it for both.
    best = likelihood(rows, variances)
    rng, same = np.random.default_rng(0), volume.mean()
    for size in np.repeat([1e-4, 1e-2, 1.0], 300):
        logs = np.log(variances) + size * rng.normal(size=variances.shape)
        logs = np.clip(logs, np.log(FLOOR), logs.min(axis=1, keepdims=True) + np.log(bound))
        wanted = same + size * rng.normal() * rng.integers(0, 2)
        logs += wanted - logs.mean(axis=1, keepdims=True)
        if logs.min() >= np.log(FLOOR):
            assert likelihood(rows, np.exp(logs)) <= best + 1e-6


@pytest.mark.parametrize("code", ["EVI", "EVE", "EVV"])
@pytest.mark.parametrize("seed", [3, 11, 716, 79, 232, 345])
@pytest.mark.parametrize("accelerate", [False, True])
def test_tables_of_few_different_numbers(code: str, seed: int, accelerate: bool) -> None:
    """Answers from 1 to 5: some components agree in a column. Fits were lost, or fell by 30."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(15, 80)), int(rng.integers(3, 8))
    K = int(rng.integers(2, 6))
    X = rng.integers(1, 6, size=shape).astype(float)
    options: dict[str, Any] = {"covariance_type": code, "random_state": seed, "max_iter": 300}
    result = quiet(X, K, accelerate=accelerate, **options)
    trace = np.append(result.trace, result.log_likelihood)
    assert np.diff(trace).min() > -1e-6 * abs(trace[-1])
    assert np.linalg.eigvalsh(matrices(result.mixture)).min() > 0
