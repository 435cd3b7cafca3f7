"""What becomes of a component that the data cannot carry: repair, restart, drop, an error."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import image, quiet
from strategies import clusters

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
own_covariances = pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])

SPIKE = np.array([4.0, -3.0])


def with_spike() -> Float64:
    """Two hundred rows about the origin, and five equal ones apart from them."""
    return np.concatenate([clusters(0, 200, 2, 1), np.tile(SPIKE, (5, 1))])


def at_the_spike(covariance_type: str) -> dict[str, Any]:
    """A start whose last component will have nothing but the equal rows."""
    matrices = np.array([np.eye(2), np.eye(2), 0.01 * np.eye(2)])
    values: dict[str, Any] = {
        "full": matrices,
        "tied": np.eye(2),
        "diag": np.diagonal(matrices, axis1=1, axis2=2),
        "spherical": matrices[:, 0, 0],
    }
    return {
        "covariance_type": covariance_type,
        "weights_init": [0.5, 0.45, 0.05],
        "means_init": [[-1.0, 0.0], [1.0, 0.0], SPIKE],
        "covariances_init": values[covariance_type],
    }


def three_groups() -> Float64:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(centre, 1, (100, 2)) for centre in (-10.0, 0.0, 10.0)])


def with_an_idle_component(covariance_type: str) -> dict[str, Any]:
    """A start for `three_groups` with a component so far away that no row is left to it."""
    values: dict[str, Any] = {
        "full": np.array([np.eye(2)] * 3),
        "tied": np.eye(2),
        "diag": np.ones((3, 2)),
        "spherical": np.ones(3),
    }
    return {
        "covariance_type": covariance_type,
        "weights_init": [0.4, 0.2, 0.4],
        "means_init": [[-10.0, -10.0], [1e5, 1e5], [5.0, 5.0]],
        "covariances_init": values[covariance_type],
        "random_state": 5,  # of its reseedings most lead to all three groups, but not every one
    }


def falls(result: gx.FitResult) -> NDArray[np.int64]:
    """The passes whose log-likelihood is below that of the pass before, beyond rounding."""
    trace = np.append(result.trace, result.log_likelihood)
    return np.flatnonzero(np.diff(trace) < -1e-10 * np.abs(trace[1:])) + 1


# --- drop ---


@own_covariances
def test_drop_takes_the_component_out(covariance_type: str) -> None:
    X = with_spike()
    passes: list[int] = []  # of the trace, in which those that a likelihood test rejected are not
    result = quiet(
        X,
        3,
        on_degenerate="drop",
        callback=lambda state: passes.append(state.n_iter),
        **at_the_spike(covariance_type),
    )
    dropped = [event for event in result.events if event.action == "dropped"]
    # Another one may then fall for the same rows.
    assert [event.component for event in dropped] in ([2], [2, 1], [2, 0])
    for event in dropped:
        assert event.n_effective == pytest.approx(5, abs=0.1)
        assert event.eigenvalue <= 1.1e-8
    assert result.mixture.n_components == 3 - len(dropped)
    assert len(result.repairs.floored) == 3 - len(dropped)
    assert any("taken out of the mixture" in reason for reason in result.reasons)
    assert result.log_likelihood == pytest.approx(float(result.mixture.log_density(X).sum()))
    assert {passes[i - 1] for i in falls(result)} <= {event.iteration for event in dropped}


@pytest.mark.parametrize("unit", [0.25, 8.0])
def test_effective_rows_of_an_event_are_rows_whatever_the_unit_of_the_weights(unit: float) -> None:
    X = with_spike()
    weight = np.full(len(X), unit)
    result = quiet(X, 3, on_degenerate="drop", sample_weight=weight, **at_the_spike("full"))
    assert result.events[0].n_effective == pytest.approx(5, abs=0.1)


@own_covariances
def test_what_is_left_is_a_maximum_of_its_own(covariance_type: str) -> None:
    """From where the drop left it, EM of two components arrives at the same place."""
    X = with_spike()
    result = quiet(X, 3, on_degenerate="drop", **at_the_spike(covariance_type))
    again = quiet(
        X,
        result.n_components,
        covariance_type=covariance_type,
        weights_init=result.mixture.weights,
        means_init=result.mixture.means,
        covariances_init=result.mixture.covariances,
    )
    assert again.log_likelihood == pytest.approx(result.log_likelihood, abs=0.1)


@each_structure
def test_drop_takes_out_a_component_without_rows(covariance_type: str) -> None:
    X = three_groups()
    result = quiet(X, 3, on_degenerate="drop", **with_an_idle_component(covariance_type))
    assert result.mixture.n_components == 2
    assert [event.component for event in result.events if event.action == "dropped"] == [1]
    assert falls(result).size == 0  # nobody missed it


@each_structure
def test_columns_are_no_fault_of_a_component(covariance_type: str) -> None:
    """A constant column makes every covariance singular: all are repaired, none is dropped."""
    X = np.column_stack([three_groups(), np.full(300, 2.5)])
    results = [
        quiet(X, 3, covariance_type=covariance_type, on_degenerate=policy, random_state=0)
        for policy in ("repair", "drop", "restart")
    ]
    assert all(result.mixture == results[0].mixture for result in results)
    assert results[1].n_components == 3
    assert {event.action for event in results[1].events} <= {"floored"}


@each_structure
def test_the_last_component_stays(covariance_type: str) -> None:
    X = np.repeat([[1.0, 2.0], [1.0, 2.0]], 10, axis=0)
    result = quiet(X, 4, covariance_type=covariance_type, on_degenerate="drop", random_state=0)
    assert 1 <= result.mixture.n_components <= 4
    assert np.isfinite(result.log_likelihood)


def test_an_interrupt_after_a_drop_leaves_one_mixture() -> None:
    X = with_spike()
    start = at_the_spike("full")
    (drop,) = [
        e for e in quiet(X, 3, on_degenerate="drop", **start).events if e.action == "dropped"
    ]

    def interrupt(state: gx.FitState) -> None:
        if state.n_iter == drop.iteration:
            raise KeyboardInterrupt

    with pytest.raises(gx.FitInterrupted) as caught:
        gx.fit(X, 3, on_degenerate="drop", callback=interrupt, **start)
    result = caught.value.result
    assert result is not None
    assert result.n_components == len(result.repairs.floored) == 2
    assert [event.action for event in result.events if event.action == "dropped"] == ["dropped"]
    assert result.log_likelihood == pytest.approx(float(result.mixture.log_density(X).sum()))
    assert result.summary()


# --- restart ---


@each_structure
def test_restart_finds_work_for_an_idle_component(covariance_type: str) -> None:
    X = three_groups()
    start = with_an_idle_component(covariance_type)
    repaired = quiet(X, 3, on_degenerate="repair", **start)
    result = quiet(X, 3, on_degenerate="restart", **start)
    assert result.log_likelihood > repaired.log_likelihood + 100
    assert sorted(result.mixture.weights.round(2)) == [0.33, 0.33, 0.33]
    restarted = [event for event in result.events if event.action == "restarted"]
    assert [event.component for event in restarted] == [1]
    assert restarted[0].iteration == repaired.n_iter
    assert any("seeded anew" in reason for reason in result.reasons)
    assert len(result.trace) > len(repaired.trace)
    np.testing.assert_array_equal(result.trace[: len(repaired.trace)], repaired.trace)


@own_covariances
def test_restart_never_ends_lower(covariance_type: str) -> None:
    X = with_spike()
    start = at_the_spike(covariance_type)
    repaired = quiet(X, 3, **start)
    result = quiet(X, 3, on_degenerate="restart", random_state=0, **start)
    assert result.log_likelihood >= repaired.log_likelihood
    actions = [event.action for event in result.events]
    assert "restarted" in actions or "restart_rejected" in actions
    if "restarted" not in actions:
        assert result.mixture == repaired.mixture
        assert result.n_iter > repaired.n_iter  # the passes in vain count
        assert any("in vain" in reason for reason in result.reasons)


def test_restart_keeps_to_max_iter() -> None:
    X = three_groups()
    start = with_an_idle_component("full")
    result = quiet(X, 3, on_degenerate="restart", max_iter=12, **start)
    assert result.n_iter <= 12


@each_structure
def test_restart_counts_integer_weights_as_rows(covariance_type: str) -> None:
    """The row that takes the idle component is drawn: never one without weight, however far out."""
    X = np.concatenate([three_groups(), np.tile([300.0, -300.0], (60, 1))])
    counts = np.append(np.random.default_rng(2).integers(0, 4, 300), np.zeros(60, int))
    options = with_an_idle_component(covariance_type) | {"on_degenerate": "restart"}
    options |= {"tol": 1e-6, "accelerate": False}  # which ends both in the same pass
    weighted = quiet(X, 3, sample_weight=counts, **options)
    repeated = quiet(np.repeat(X, counts, axis=0), 3, **options)
    assert "restarted" in {event.action for event in weighted.events}
    assert [event.iteration for event in weighted.events] == [
        event.iteration for event in repeated.events
    ]
    np.testing.assert_allclose(weighted.trace, repeated.trace, rtol=1e-9)
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, rtol=1e-6)


@each_structure
@pytest.mark.parametrize("ridge", [None, 1.0])
def test_restart_seeds_a_component_at_a_row(covariance_type: str, ridge: float | None) -> None:
    """With the average covariance of the others, which bears its ridge, and an equal share."""
    X = three_groups()
    options = with_an_idle_component(covariance_type) | {"reg_covar": ridge}
    before = quiet(X, 3, on_degenerate="repair", **options)
    after = quiet(X, 3, on_degenerate="restart", **options)
    assert "restarted" in {event.action for event in after.events}
    weights, covariances = before.mixture.weights, before.mixture.covariances.copy()
    if covariance_type != "tied":
        covariances[1] = np.average(covariances, axis=0, weights=weights)
    weights = np.where(np.arange(3) == 1, 1 / 3, weights * (2 / 3))
    reached = []
    for row in X:
        means = before.mixture.means.copy()
        means[1] = row
        seeded = gx.Mixture(weights, means, covariances, covariance_type=covariance_type)
        reached.append(seeded.log_density(X).sum())
    # One of them, and by chance no other comes so near.
    distance = np.abs(np.array(reached) - after.trace[len(before.trace)])
    assert distance.min() < 1e-9 * len(X)


# --- raise, and the record ---


def test_an_error_names_what_happened_and_what_to_do() -> None:
    with pytest.raises(gx.DegenerateError) as caught:
        gx.fit(with_spike(), 3, on_degenerate="raise", **at_the_spike("full"))
    for words in ("iteration ", "component 2", "smallest eigenvalue"):
        assert words in str(caught.value)
    weight = re.search(r"([0-9.]+) effective rows", str(caught.value))
    assert weight is not None
    assert float(weight[1]) == pytest.approx(5, abs=0.1)
    for remedy in ("fewer components", "covariance_type", "prior", "on_degenerate"):
        assert remedy in str(caught.value)


@each_structure
def test_a_component_without_rows_is_an_error(covariance_type: str) -> None:
    start = with_an_idle_component(covariance_type)
    with pytest.raises(gx.DegenerateError) as caught:
        gx.fit(three_groups(), 3, on_degenerate="raise", **start)
    for words in ("iteration 1", "no row is left to component 1", "0 effective rows"):
        assert words in str(caught.value)
    for remedy in ("fewer components", "on_degenerate"):
        assert remedy in str(caught.value)


@own_covariances
def test_events_tell_what_the_counts_count(covariance_type: str) -> None:
    result = quiet(with_spike(), 3, **at_the_spike(covariance_type))
    for k, count in enumerate(result.repairs.floored):
        events = [event for event in result.events if event.component == k]
        assert {event.action for event in events} <= {"floored"}
        assert sum(event.last_iteration - event.iteration + 1 for event in events) == count
        assert all(event.start == 0 and event.eigenvalue < 1e-8 for event in events)
    assert result.repairs.floored[2] > 0


def test_a_common_covariance_is_nobody_s() -> None:
    X = np.column_stack([three_groups(), np.full(300, 2.5)])
    result = quiet(X, 2, covariance_type="tied", random_state=0)
    assert result.events
    assert all(event.component is None for event in result.events)


def test_the_failure_of_a_start_is_its_own() -> None:
    X = with_spike()
    options: dict[str, Any] = {"n_init": 8, "race": False, "init_params": "random_from_data"}
    for seed in range(20):
        strict = quiet(X, 3, on_degenerate="repair", random_state=seed, **options)
        clean = [i for i, start in enumerate(strict.starts) if not start.events]
        if 0 < len(clean) < 8:
            break
    else:
        pytest.fail("no seed has both kinds of starts")
    raised = quiet(X, 3, on_degenerate="raise", random_state=seed, **options)
    failed = [i for i, start in enumerate(raised.starts) if start.status == "degenerate"]
    assert sorted(clean + failed) == list(range(8))
    for i in clean:
        np.testing.assert_array_equal(raised.starts[i].trace, strict.starts[i].trace)


@pytest.mark.parametrize("policy", ["restart", "drop"])
def test_policies_do_not_depend_on_threads_or_company(policy: str) -> None:
    X = with_spike()
    options: dict[str, Any] = {"on_degenerate": policy, "init_params": "random_from_data"}
    alone = [quiet(X, 4, n_threads=n, random_state=7, **options) for n in (1, 2, 3)]
    assert len({image(result) for result in alone}) == 1
    assert alone[0].events == alone[1].events
    many = gx.fit_many([X, X[:150]], 4, random_state=7, **options)
    assert image(many[0]) == image(alone[0])
    assert many[0].events == alone[0].events
    assert pickle.loads(pickle.dumps(alone[0])) == alone[0]


def test_the_estimator_takes_what_is_left() -> None:
    X = with_spike()
    start = at_the_spike("full")
    model = gx.GaussianMixture(3, on_degenerate="drop", **start).fit(X)
    assert model.weights_.shape == (2,)
    assert model.predict_proba(X).shape == (205, 2)


def test_a_handful_of_rows_in_a_thin_slice_is_called_spurious() -> None:
    """Four rows almost on a line, in two dimensions: more rows than features, yet no cluster."""
    line = np.array([[6.0, 6.0], [6.5, 6.5001], [7.0, 7.0], [7.5, 7.5001]])
    X = np.concatenate([clusters(0, 300, 2, 1), line])
    result = quiet(
        X,
        2,
        weights_init=[0.98, 0.02],
        means_init=[[0.0, 0.0], [6.75, 6.75]],
        covariances_init=[np.eye(2), 0.5 * np.eye(2)],
    )
    assert result.mixture.weights[1] * 304 == pytest.approx(4, abs=0.2)
    assert any("spurious" in reason and "component 1" in reason for reason in result.reasons)
    assert "n_init" not in " ".join(result.reasons)  # there is but one such start
    assert "other parameters" in " ".join(result.reasons)


@pytest.mark.parametrize(
    "start",
    [
        {"means_init": [[0.0, 0.0], [1e6, 1e6]]},
        {"responsibilities_init": np.eye(2)[np.zeros(300, np.int64)]},
        {"start": quiet(three_groups(), 2, means_init=[[0.0, 0.0], [1e6, 1e6]])},
    ],
)
def test_more_starts_are_no_remedy_where_the_start_is_given(start: dict[str, Any]) -> None:
    (reason,) = quiet(three_groups(), 2, n_init=3, **start).reasons
    assert reason.startswith("No row was left to component 1")
    assert "other parameters" in reason
    assert "n_init" not in reason
