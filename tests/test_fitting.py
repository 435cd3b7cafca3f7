"""The function fit: how it starts, carries on, reports and is interrupted."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import given, quiet
from gaussmix import _core, fitting

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)

generator = np.random.default_rng(9)
X = np.concatenate(
    [
        generator.normal(size=(80, 2)),
        generator.normal([3.0, 0.0], 1.0, size=(90, 2)),
        generator.normal([0.0, 3.0], 0.7, size=(70, 2)),
    ]
)


# --- starts --------------------------------------------------------------------------------------


@each_structure
def test_given_parameters_are_the_start(covariance_type: str) -> None:
    some = quiet(X, 3, covariance_type=covariance_type, random_state=1, max_iter=3)
    again = gx.fit(X, 3, covariance_type=covariance_type, max_iter=0, **given(some.mixture))
    assert again.mixture == some.mixture
    assert again.log_likelihood == some.log_likelihood
    assert (again.n_iter, len(again.trace), again.status) == (0, 0, "max_iter")


@each_structure
def test_precisions_are_inverse_covariances(covariance_type: str) -> None:
    mixture = quiet(X, 3, covariance_type=covariance_type, random_state=1, max_iter=3).mixture
    start = given(mixture)
    del start["covariances_init"]
    again = gx.fit(
        X,
        3,
        covariance_type=covariance_type,
        max_iter=0,
        precisions_init=mixture.precisions,
        **start,
    )
    np.testing.assert_allclose(
        again.mixture.covariances, mixture.covariances, rtol=1e-12, atol=1e-13
    )


def test_parts_of_a_start_replace_those_of_the_initialisation() -> None:
    free = gx.fit(X, 3, random_state=4, max_iter=0).mixture
    means = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]
    partly = gx.fit(X, 3, random_state=4, max_iter=0, means_init=means).mixture
    np.testing.assert_array_equal(partly.means, means)
    # The rest belongs to the rows nearest to these means, in units of the columns' spread.
    distance = np.linalg.norm((X[:, None] - np.array(means)) / X.std(axis=0), axis=2)
    groups = [X[distance.argmin(axis=1) == k] for k in range(3)]
    np.testing.assert_allclose(partly.weights, [len(group) / len(X) for group in groups])
    covariances = [np.cov(group.T, bias=True) for group in groups]
    np.testing.assert_allclose(partly.covariances, covariances, rtol=1e-10)
    weights = gx.fit(X, 3, random_state=4, max_iter=0, weights_init=[0.5, 0.25, 0.25]).mixture
    np.testing.assert_array_equal(weights.weights, [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(weights.means, free.means)


@each_structure
def test_given_responsibilities_make_the_first_m_step(covariance_type: str) -> None:
    labels = np.repeat([0, 1, 2], [80, 90, 70])
    start = gx.fit(
        X,
        3,
        covariance_type=covariance_type,
        responsibilities_init=np.eye(3)[labels].tolist(),
        max_iter=0,
    ).mixture
    groups = [X[labels == k] for k in range(3)]
    np.testing.assert_allclose(start.weights, [len(group) / len(X) for group in groups], rtol=1e-14)
    np.testing.assert_allclose(start.means, [group.mean(axis=0) for group in groups], rtol=1e-12)
    scatter = [len(group) * np.cov(group.T, bias=True) for group in groups]
    expected = {
        "full": [s / len(group) for s, group in zip(scatter, groups, strict=True)],
        "tied": sum(scatter) / len(X),
        "diag": [np.diag(s) / len(g) for s, g in zip(scatter, groups, strict=True)],
        "spherical": [np.trace(s) / 2 / len(g) for s, g in zip(scatter, groups, strict=True)],
    }[covariance_type]
    np.testing.assert_allclose(start.covariances, expected, rtol=1e-11)


def test_labels_are_responsibilities_of_one_component_each() -> None:
    labels = np.repeat([2, 0, 1], [80, 90, 70])
    options = {"max_iter": 0, "n_init": 3}
    given = gx.fit(X, 3, responsibilities_init=np.eye(3)[labels], **options)
    for same in (labels, labels.tolist(), labels.astype(np.float32)):
        start = gx.fit(X, 3, responsibilities_init=same, **options)
        assert start.mixture == given.mixture
        assert len(start.starts) == 1
    model = gx.GaussianMixture(3, responsibilities_init=labels, random_state=0).fit(X)
    expected = gx.fit(X, 3, responsibilities_init=np.eye(3)[labels], random_state=0)
    assert model.result_.mixture == expected.mixture


MEANS = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]
SHARES = np.eye(3)[np.repeat([0, 1, 2], [80, 90, 70])]


@pytest.mark.parametrize(
    "start",
    [
        {"means_init": MEANS},
        {"means_init": MEANS, "init_params": "hierarchical"},
        {"means_init": MEANS, "covariances_init": [np.eye(2)] * 3},
        {"responsibilities_init": SHARES},
        {"responsibilities_init": SHARES, "init_params": "random"},
        {"responsibilities_init": SHARES, "weights_init": [0.5, 0.25, 0.25]},
    ],
)
def test_a_start_that_leaves_nothing_to_chance_is_run_once(start: dict[str, Any]) -> None:
    many = gx.fit(X, 3, n_init=4, race=False, random_state=1, **start)
    once = gx.fit(X, 3, random_state=2, **start)
    assert len(many.starts) == 1
    assert many.mixture == once.mixture


@pytest.mark.parametrize(
    "start",
    [
        {"weights_init": [0.5, 0.25, 0.25], "init_params": "random_from_data"},
        {"covariances_init": [np.eye(2)] * 3, "init_params": "random_from_data"},
        {"means_init": MEANS, "init_params": "random"},
        {"means_init": MEANS, "weights_init": [0.5, 0.25, 0.25], "init_params": "random"},
    ],
)
def test_a_start_that_is_drawn_in_part_is_drawn_every_time(start: dict[str, Any]) -> None:
    starts = quiet(X, 3, n_init=3, race=False, max_iter=0, random_state=1, **start).starts
    assert len({one.log_likelihood for one in starts}) == 3


@pytest.mark.parametrize(
    "start",
    [
        {"weights_init": [0.5, 0.25, 0.25], "covariances_init": [np.eye(2)] * 3},
        {"responsibilities_init": SHARES},
        {"init_params": "random"},
    ],
)
def test_equal_means_may_be_given_where_no_row_goes_to_the_nearest(start: dict[str, Any]) -> None:
    means = [MEANS[0], MEANS[0], MEANS[2]]
    result = quiet(X, 3, means_init=means, max_iter=0, random_state=0, **start)
    np.testing.assert_array_equal(result.mixture.means, means)
    assert not result.repairs


def test_the_axes_of_factors_are_drawn_for_given_means_too() -> None:
    wide = np.random.default_rng(0).normal(size=(300, 12)) * np.arange(1, 13)
    settings: dict[str, Any] = {"covariance_type": "factor", "n_factors": 3, "max_iter": 0}
    shares = np.eye(2)[np.arange(300) % 2]
    for start in ({"means_init": wide[:2]}, {"responsibilities_init": shares}):
        starts = quiet(wide, 2, n_init=3, race=False, random_state=0, **settings, **start).starts
        assert len({one.log_likelihood for one in starts}) == 3


@pytest.mark.parametrize("init_params", fitting.INIT_PARAMS)
def test_every_initialisation_fits_and_repeats(init_params: str) -> None:
    options: dict[str, Any] = {"init_params": init_params, "random_state": 3, "n_init": 2}
    first = gx.fit(X, 3, **options)
    assert first.converged
    assert len(first.starts) == 2
    assert first.log_likelihood == max(one.log_likelihood for one in first.starts)
    assert first.starts[first.best_start].log_likelihood == first.log_likelihood
    assert gx.fit(X, 3, **options).mixture == first.mixture


def test_aliases_are_the_same_structure() -> None:
    for word, code in (("full", "VVV"), ("tied", "eee"), ("diag", "VVI"), ("spherical", "vii")):
        by_code = gx.fit(X, 2, covariance_type=code, random_state=0)
        by_word = gx.fit(X, 2, covariance_type=word, random_state=0)
        assert by_code.mixture == by_word.mixture


# --- carrying on ---------------------------------------------------------------------------------


def one_more(state: gx.FitState) -> bool:
    return True


def interrupt_the_second(state: gx.FitState) -> None:
    if state.n_iter == 2:
        raise KeyboardInterrupt


CUTS: dict[str, dict[str, Any]] = {
    "max_iter": {"max_iter": 1},
    "stopped": {"callback": one_more},
    "max_seconds": {"max_seconds": 1e-9},
    "interrupted": {"callback": interrupt_the_second},
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("tol", [None, 1e-5])
def test_a_fit_in_pieces_is_the_fit_in_one(tol: float | None, cut: str) -> None:
    options: dict[str, Any] = {"tol": tol, "accelerate": False, "random_state": 5}
    whole = gx.fit(X, 3, **options)
    assert whole.n_iter > 5
    piece, trace = None, []
    while (piece is None or not piece.converged) and len(trace) <= whole.n_iter:
        try:
            piece = quiet(X, 3, start=piece, **CUTS[cut], **options)
        except gx.FitInterrupted as error:
            piece = error.result
        assert piece is not None
        assert piece.status in (cut, "converged")
        # What was interrupted in its second pass goes on at that pass.
        trace += list(piece.trace[:-1] if piece.status == "interrupted" else piece.trace)
    assert piece.converged
    assert trace == list(whole.trace)
    assert piece.mixture == whole.mixture


@pytest.mark.parametrize("cut_after", [1, 3, 7, 20])
@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_carrying_on_an_accelerated_fit_ends_at_the_same_optimum(
    covariance_type: str, cut_after: int
) -> None:
    """Where in a cycle of extrapolation it was is lost, so the way there may differ."""
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 5}
    whole = gx.fit(X, 3, **options)
    cut = quiet(X, 3, max_iter=cut_after, **options)
    rest = cut if cut.converged else gx.fit(X, 3, start=cut, **options)
    assert rest.converged
    assert rest.log_likelihood == pytest.approx(whole.log_likelihood, abs=0.2)


def test_carrying_on_ignores_other_starts_and_runs_once() -> None:
    earlier = quiet(X, 3, random_state=5, max_iter=2)
    later = quiet(X, 3, n_init=4, start=earlier, means_init=np.zeros((3, 2)), max_iter=0)
    assert later.mixture == earlier.mixture
    assert len(later.starts) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_components": 2}, "start has n_components 3, but this fit asks for 2"),
        ({"covariance_type": "tied"}, "start has covariance_type 'full', but .* 'tied'"),
        ({"X": X[:, :1]}, "start has number of features 2, but this fit asks for 1"),
    ],
)
def test_a_start_must_be_of_the_same_model(changes: dict[str, Any], message: str) -> None:
    earlier = quiet(X, 3, random_state=5, max_iter=2)
    arguments: dict[str, Any] = {"X": X, "n_components": 3, "start": earlier}
    with pytest.raises(gx.GaussmixError, match=message):
        gx.fit(**(arguments | changes))


# --- reports -------------------------------------------------------------------------------------


def test_not_converged_is_warned_of_with_a_remedy() -> None:
    with pytest.warns(gx.ConvergenceWarning, match=r"3 passes .* Raise max_iter"):
        gx.fit(X, 3, max_iter=3, tol=0.0, random_state=0)
    gx.fit(X, 3, max_iter=0, random_state=0)  # warnings are errors here: asked for, so no warning


def test_silence_by_default(capfd: pytest.CaptureFixture[str]) -> None:
    gx.fit(X, 3, random_state=0)
    gx.fit(X, 3, random_state=0, verbose=False)
    assert capfd.readouterr() == ("", "")


def test_verbose_prints_at_the_interval_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    result = quiet(
        X, 3, random_state=0, tol=0.0, max_iter=12, verbose=1, verbose_interval=5, n_init=2
    )
    lines = capsys.readouterr().out.splitlines()
    passes = [line.partition(":")[0] for line in lines if ", pass " in line]
    assert passes == [f"start {s}, pass {p}" for s in (1, 2) for p in (5, 10)]
    assert sum("(+" in line for line in lines) == 2
    ends = [line for line in lines if "not converged after 12 passes" in line]
    assert len(ends) == 2
    assert f"{result.log_likelihood:.10g}" in ends[result.best_start]


def test_frames_give_their_names_to_the_mixture() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["height", "width"])
    result = gx.fit(frame, 3, random_state=0)
    assert result.mixture.feature_names == ("height", "width")
    assert "height" in result.summary()
    plain = gx.fit(X, 3, random_state=0)
    assert plain.mixture.feature_names is None
    np.testing.assert_array_equal(plain.mixture.means, result.mixture.means)


def test_degenerate_starts() -> None:
    line = np.outer(np.arange(20.0), [1.0, 2.0])
    with pytest.raises(gx.DegenerateError, match="component"):
        gx.fit(line, 2, on_degenerate="raise", random_state=0)


def test_what_the_engine_refuses_is_our_error() -> None:
    """Squares of such numbers leave the range of float64, so there are no covariances."""
    huge = np.array([[1e200], [-1e200], [3e200]])
    with pytest.raises(gx.GaussmixError, match=r"beyond 1e140.*rescale"):
        gx.fit(huge, covariance_type="tied")
    with pytest.raises(gx.GaussmixError, match=r"beyond 1e-140.*rescale"):
        gx.fit(huge * 1e-200 * 1e-150)


# --- interrupts ----------------------------------------------------------------------------------


def interrupted(monkeypatch: pytest.MonkeyPatch) -> gx.FitInterrupted:
    """What fit raises when the engine says that its last start was interrupted."""
    engine = _core.fit

    def fit(*arguments: Any, **settings: Any) -> dict[str, Any]:
        outcome = engine(*arguments, **settings)
        outcome["starts"][-1]["status"] = "interrupted"
        outcome["certainty"] = np.nan
        return outcome

    monkeypatch.setattr(_core, "fit", fit)
    with pytest.raises(gx.FitInterrupted) as caught:
        gx.fit(X, 3, max_iter=2, n_init=2, random_state=0)
    monkeypatch.undo()
    return caught.value


def test_an_interrupt_hands_over_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    error = interrupted(monkeypatch)
    assert "interrupted in start 2 after 2 passes" in str(error)
    result = error.result
    assert result is not None
    assert np.isnan(result.icl)
    assert pickle.loads(pickle.dumps(error)).result == result
    assert "start=error.result" in str(error)
    assert gx.fit(X, 3, start=result).log_likelihood > result.log_likelihood


def test_an_interrupt_before_the_first_pass_has_nothing_to_hand_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fit(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_core, "fit", fit)
    with pytest.raises(gx.FitInterrupted, match="before its first pass") as caught:
        gx.fit(X, 3, random_state=0)
    assert caught.value.result is None
