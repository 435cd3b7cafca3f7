"""What a result says of a fit: criteria by their formulas, troubles in words, tables."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import quiet
from gaussmix.result import Repairs, StartOutcome

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)

generator = np.random.default_rng(2)
X = np.concatenate([generator.normal(size=(60, 2)), generator.normal(2.0, 1.0, size=(80, 2))])
W = generator.uniform(0.5, 2.0, size=len(X))
W[:5] = 0.0

MIXTURE = gx.Mixture([0.4, 0.6], [[0.0, 0.0], [4.0, 4.0]], [np.eye(2), 4 * np.eye(2)])


def start(**changes: Any) -> StartOutcome:
    values: dict[str, Any] = {
        "status": "converged",
        "n_iter": 12,
        "log_likelihood": -500.0,
        "trace": np.linspace(-600, -500.01, 12),
        "predicted_gain": 0.001,
        "repairs": Repairs((0, 0), (0, 0)),
    }
    return StartOutcome(**(values | changes))


def result(*starts: StartOutcome, **changes: Any) -> gx.FitResult:
    values: dict[str, Any] = {
        "mixture": MIXTURE,
        "log_likelihood": -500.0,
        "starts": starts or (start(),),
        "best_start": 0,
        "n_rows": 140,
        "total_weight": 140.0,
        "n_effective": 140.0,
        "seconds_init": 0.25,
        "seconds_em": 1.5,
        "icl": 1234.5,
        "column_scale": np.ones(2),
        "history": np.empty(0),
    }
    return gx.FitResult(**(values | changes))


# --- criteria ------------------------------------------------------------------------------------


@each_structure
@pytest.mark.parametrize("weight", [None, W], ids=["unweighted", "weighted"])
def test_criteria_by_their_formulas(covariance_type: str, weight: Float64 | None) -> None:
    fitted = quiet(
        X, 2, covariance_type=covariance_type, sample_weight=weight, random_state=0, max_iter=20
    )
    w = np.ones(len(X)) if weight is None else weight
    p, n = fitted.n_parameters, w.sum()
    likelihood = w @ fitted.mixture.log_density(X)
    certainty = w @ np.log(fitted.mixture.responsibilities(X).max(axis=1))
    assert certainty < -1
    assert fitted.log_likelihood == pytest.approx(likelihood, rel=1e-12)
    assert fitted.aic == pytest.approx(-2 * likelihood + 2 * p, rel=1e-12)
    assert fitted.bic == pytest.approx(-2 * likelihood + p * math.log(n), rel=1e-12)
    assert fitted.icl == pytest.approx(fitted.bic - 2 * certainty, rel=1e-12)
    assert fitted.total_weight == pytest.approx(n, rel=1e-14)
    assert fitted.n_effective == pytest.approx(n**2 / (w**2).sum(), rel=1e-14)
    assert fitted.n_rows == np.count_nonzero(w)


def test_one_component_leaves_no_doubt() -> None:
    fitted = gx.fit(X)
    assert fitted.icl == fitted.bic


# --- reasons -------------------------------------------------------------------------------------


def test_a_clean_fit_has_none() -> None:
    assert result().reasons == ()
    assert result().converged


def repaired(**counts: tuple[int, ...]) -> Repairs:
    return Repairs(**({"floored": (0, 0), "emptied": (0, 0)} | counts))


def tied() -> gx.Mixture:
    return gx.Mixture([0.4, 0.6], MIXTURE.means, np.eye(2), "tied")


SPURIOUS = gx.Mixture([0.01, 0.99], MIXTURE.means, MIXTURE.covariances)
REASONS = [
    (
        result(start(status="max_iter", predicted_gain=3.25)),
        [
            "Not converged: the 12 passes that max_iter",
            "gain of 3.25 or more",
            "Raise max_iter",
            "start=result",
        ],
    ),
    (
        result(start(status="max_iter", predicted_gain=math.nan)),
        ["Not converged: the 12 passes that max_iter allows were used up. Raise"],
    ),
    (
        result(start(status="max_iter", n_iter=0, trace=[], predicted_gain=math.nan)),
        ["max_iter=0: this is the start itself"],
    ),
    (result(start(status="stopped")), ["stopped by the callback after 12 passes", "start=result"]),
    (result(start(status="interrupted")), ["stopped from the keyboard after 12 passes"]),
    (result(start(predicted_gain=7.0)), ["further gain of about 7", "Lower tol"]),
    (
        result(start(repairs=repaired(floored=(0, 3)))),
        ["eigenvalue floor acted on component 1 in 3 M-steps", "constant", "fewer components"],
    ),
    (
        result(start(repairs=repaired(floored=(2, 3)))),
        ["component 0 in 2 M-steps and component 1 in 3 M-steps"],
    ),
    (
        result(start(repairs=repaired(floored=(4, 4))), mixture=tied()),
        ["eigenvalue floor acted on the common covariance in 4 M-steps"],
    ),
    (
        result(start(repairs=repaired(emptied=(1, 0)))),
        ["No row was left to component 0 in 1 M-step,", "use fewer", "n_init"],
    ),
    (
        result(mixture=SPURIOUS),
        [
            "no more than the 2 features",
            "in component 0 (1.4)",
            "spurious maximum",
            "fewer components",
        ],
    ),
    (
        result(start(), start(status="degenerate", log_likelihood=math.nan, message="flat.")),
        ["1 of 2 starts met a singular covariance", "may not be repaired", "flat."],
    ),
    (
        result(start(), start(log_likelihood=-512.5), start(log_likelihood=-500.002)),
        ["starts disagree: 2 of 3 reached", "the worst is 12.5 below", "raise n_init"],
    ),
]


@pytest.mark.parametrize(("troubled", "fragments"), REASONS)
def test_each_trouble_is_one_reason(troubled: gx.FitResult, fragments: list[str]) -> None:
    (reason,) = troubled.reasons
    for fragment in fragments:
        assert fragment in reason
    assert reason.endswith(".")
    assert reason in troubled.summary()


def test_components_that_start_the_same_are_told_of() -> None:
    """EM never parts them: it ends at the maximum for one component fewer, a saddle point."""
    covariance = np.cov(X.T)
    start = {
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": [[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]],
        "covariances_init": [covariance] * 3,
    }
    fitted = gx.fit(X, 3, **start)
    (reason,) = fitted.reasons
    assert fitted.converged
    assert reason.startswith("Components 0 and 1 have the same mean and covariance")
    assert "fewer components" in reason
    start["means_init"] = [[0.0, 0.0], [0.01, 0.0], [3.0, 0.0]]
    assert gx.fit(X, 3, **start).reasons == ()


def factors(*loadings: list[list[float]]) -> gx.FactorMixture:
    return gx.FactorMixture([0.5] * 2, np.zeros((2, 3)), np.array(loadings), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("mixture", "groups"),
    [
        (gx.Mixture([0.5] * 2, [[1.0], [1.0]], [2.0, 2.0], "spherical"), ["s 0 and 1 have"]),
        (gx.Mixture([0.5] * 2, [[1.0], [1.0]], [2.0, 2.0001], "spherical"), []),
        (gx.Mixture([0.5] * 2, [[1.0], [1.0001]], [2.0, 2.0], "spherical"), []),
        # A spread of 1e-6 in one column is no rounding where the other is so narrow too.
        (gx.Mixture([0.5] * 2, [[1.0, 0.0], [1.0, 1e-6]], [[1.0, 1e-8]] * 2, "diag"), []),
        (gx.Mixture([0.5] * 2, [[0.0, 0.0]] * 2, [[[1, r], [r, 1]] for r in (0.5, -0.5)]), []),
        (gx.Mixture([0.5] * 2, [[0.0, 0.0]] * 2, [[[1, 0.5], [0.5, 1]]] * 2), ["s 0 and 1 have"]),
        (gx.Mixture([0.25] * 4, [[0.0], [1.0], [0.0], [0.0]], [[1.0]], "tied"), ["s 0, 2 and 3"]),
        (
            gx.Mixture([0.2] * 5, [[0.0], [1.0], [0.0], [1.0], [9.0]], [[1.0]], "tied"),
            ["Components 0 and 2; and components 1 and 3 have"],
        ),
        (gx.Mixture([0.0, 0.5, 0.5], [[0.0], [0.0], [1.0]], [[1.0]], "tied"), []),
        (gx.Mixture([0.5] * 2, [[-1e308], [1e308]], [[1.0]], "tied"), []),
        (factors([[1.0], [1.0], [0.0]], [[1.0], [-1.0], [0.0]]), []),
        (factors([[1.0], [-1.0], [0.0]], [[-1.0], [1.0], [0.0]]), ["s 0 and 1 have"]),
    ],
)
def test_only_the_same_components_coincide(mixture: gx.Mixture, groups: list[str]) -> None:
    none = (0,) * mixture.n_components
    scale = np.ones(mixture.n_features)
    found = result(start(repairs=Repairs(none, none)), mixture=mixture, column_scale=scale)
    reasons = found.reasons
    assert len(reasons) == len(groups)
    for reason, said in zip(reasons, groups, strict=True):
        assert said in reason


def test_repaired_components_in_one_place_are_no_saddle_point() -> None:
    """The floor has spoken of them."""
    fitted = quiet(np.zeros((6, 2)), 2, random_state=0)
    assert not any("same mean" in reason for reason in fitted.reasons)


def one(**changes: Any) -> gx.FitResult:
    return result(start(n_iter=1, **changes))


@pytest.mark.parametrize(
    ("troubled", "said"),
    [
        (one(status="max_iter"), "the 1 pass that max_iter allows was used up."),
        (one(status="max_seconds"), "was used up after 1 pass. "),
        (one(status="stopped"), "stopped by the callback after 1 pass. "),
        (
            result(start(), start(status="stopped"), start(status="stopped")),
            "when 2 of the 3 starts begun were still running",
        ),
        (result(start(), start(status="stopped")), "1 of the 2 starts begun was still running"),
        (
            result(start(repairs=repaired(floored=(1, 1))), mixture=tied()),
            "acted on the common covariance in 1 M-step:",
        ),
        (
            result(start(), start(status="degenerate", log_likelihood=math.nan, message="flat.")),
            "may not be repaired, and was dropped;",
        ),
        (
            result(start(), *[start(status="degenerate", log_likelihood=math.nan)] * 2),
            "may not be repaired, and were dropped;",
        ),
    ],
)
def test_one_of_a_kind_is_no_plural(troubled: gx.FitResult, said: str) -> None:
    (reason,) = troubled.reasons
    assert said in reason


def test_reprs_and_notes_of_one_are_no_plurals() -> None:
    assert "1 repair)" in repr(start(repairs=Repairs((1, 0), (0, 0))))
    assert "0 repairs)" in repr(start())
    wide = gx.Mixture([1.0], np.zeros((1, 6)), [1.0], "spherical")
    text = result(start(repairs=Repairs((0,), (0,))), mixture=wide).summary()
    assert "... and 1 more feature; see result.mixture" in text


def test_a_component_of_few_rows_is_not_spurious_with_a_covariance_of_all() -> None:
    small = gx.Mixture([0.01, 0.99], MIXTURE.means, np.eye(2), "tied")
    assert result(mixture=small).reasons == ()


def test_troubles_are_judged_by_shares_of_the_weight() -> None:
    """Multiplying all sample weights changes no reason."""
    starts = (start(), start(log_likelihood=-500.9, predicted_gain=0.35))
    assert result(*starts).reasons == ()
    for scale in (1e-6, 1e6):
        scaled = tuple(
            dataclasses.replace(
                one,
                log_likelihood=one.log_likelihood * scale,
                predicted_gain=one.predicted_gain * scale,
            )
            for one in starts
        )
        assert result(*scaled, total_weight=140 * scale).reasons == ()


def test_many_components_are_counted_not_listed() -> None:
    weights = np.full(10, 0.1)
    many = gx.Mixture(weights, np.zeros((10, 2)), np.ones(10), "spherical")
    counts = Repairs(tuple(range(10)), (0,) * 10)
    (reason,) = result(start(repairs=counts), mixture=many).reasons
    assert "component 1 in 1" in reason
    assert "component 6 in 6" in reason
    assert "and 3 more" in reason
    assert "component 7" not in reason


def test_real_troubles_are_reported() -> None:
    line = np.outer(np.arange(20.0), [1.0, 2.0])
    fitted = quiet(line, 2, random_state=0)
    assert fitted.repairs
    assert fitted.repairs.total == sum(fitted.repairs.floored) + sum(fitted.repairs.emptied)
    assert any("eigenvalue floor" in reason for reason in fitted.reasons)
    fitted = quiet(X, 2, max_iter=2, tol=0.0, random_state=0)
    assert (fitted.status, fitted.converged, fitted.n_iter) == ("max_iter", False, 2)
    assert "the 2 passes that max_iter allows were used up" in fitted.reasons[0]
    fitted = quiet(X, 2, max_iter=0, random_state=0)
    assert "max_iter=0" in fitted.reasons[0]


# --- tables --------------------------------------------------------------------------------------


def test_summary_of_a_known_result() -> None:
    lines = result().summary().splitlines()
    facts = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines[2:16])
    assert facts == {
        "rows": "140 (effective 140)",
        "total weight": "140",
        "features": "2",
        "covariances": "full (VVV)",
        "components": "2",
        "free parameters": "11",
        "log-likelihood": "-500 (-3.57143 per unit weight)",
        "AIC": "1022 (lower is better)",
        "BIC": "1054.358067 (lower is better)",
        "ICL": "1234.5 (lower is better)",
        "status": "converged after 12 passes",
        "starts": "1 (best: number 1)",
        "repairs": "0",
        "seconds": "0.25 initialisation, 1.5 EM",
    }
    assert 2 * 500 + 11 * math.log(140) == pytest.approx(1054.358067)
    starts_of_values = {re.match(r"(.*?)\s{2,}", line).end() for line in lines[2:16]}  # type: ignore[union-attr]
    assert len(starts_of_values) == 1
    header, *rows = lines[17:20]
    assert header.split()[:3] == ["component", "weight", "n_k"]
    assert [row.split() for row in rows] == [
        ["0", "0.400000", "56", "0", "(1)", "0", "(1)"],
        ["1", "0.600000", "84", "4", "(2)", "4", "(2)"],
    ]
    assert len({len(line) for line in (header, *rows)}) == 1
    assert all(line == line.rstrip() for line in lines)


def test_standard_deviations_of_every_structure() -> None:
    covariances = {"tied": np.diag([4.0, 9.0]), "diag": [[4.0, 9.0]] * 2, "spherical": [4.0, 9.0]}
    cells = {"tied": ["(2)", "(3)"], "diag": ["(2)", "(3)"], "spherical": ["(2)", "(2)"]}
    for covariance_type, values in covariances.items():
        mixture = gx.Mixture([0.4, 0.6], MIXTURE.means, values, covariance_type)
        row = result(mixture=mixture).summary().splitlines()[18].split()
        assert row[4::2] == cells[covariance_type]


def test_wide_data_and_many_components_are_cut_short() -> None:
    K, D = 40, 30
    names = [f"column number {j} of a table with long names" for j in range(D)]
    weights = np.full(K, 1 / K)
    means = np.repeat(np.arange(K)[:, None], D, axis=1)
    wide = gx.Mixture(weights, means, np.ones(K), "spherical", names)
    repairs = Repairs((0,) * K, (0,) * K)
    text = result(start(repairs=repairs), mixture=wide, n_effective=1e6).summary()
    assert max(map(len, text.splitlines())) < 250
    assert "... and 10 more components" in text
    assert "... and 25 more features" in text
    assert "column number 0 of a ..." in text


def test_names_of_columns_cannot_break_the_tables() -> None:
    names = ["<script>alert(1)</script>", "a\nb"]
    named = gx.Mixture(MIXTURE.weights, MIXTURE.means, MIXTURE.covariances, "full", names)
    shown = result(mixture=named)
    assert len(shown.summary().splitlines()) == len(result().summary().splitlines())
    html = shown._repr_html_()
    assert "<script" not in html
    assert "&lt;script" in html


def test_html_holds_what_the_text_holds() -> None:
    troubled = result(start(status="max_iter", predicted_gain=3.25))
    html = troubled._repr_html_()
    for cell in ("full (VVV)", "not converged after 12 passes", "0.400000", "4 (2)"):
        assert cell in html
        assert cell in troubled.summary()
    assert "Raise max_iter" in html
    for tag in ("table", "tr", "th", "td", "p", "div"):
        assert len(re.findall(f"<{tag}[ >]", html)) == html.count(f"</{tag}>") > 0


def test_reprs_are_short() -> None:
    assert repr(result()) == (
        "FitResult(converged after 12 passes, log-likelihood -500, "
        "Mixture(full (VVV), 2 components, 2 features))"
    )
    one = start(status="degenerate", n_iter=1, log_likelihood=math.nan)
    assert repr(one) == "StartOutcome(degenerate after 1 pass, log-likelihood nan, 0 repairs)"


# --- records -------------------------------------------------------------------------------------


def test_copies_are_equal_and_read_only() -> None:
    fitted = quiet(X, 2, random_state=0, n_init=2, max_iter=5)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert twin == fitted
        assert twin.summary() == fitted.summary()
        for array in (twin.trace, twin.column_scale, twin.history, twin.mixture.means):
            with pytest.raises(ValueError, match=r"read-only|assignment"):
                array[...] = 0.0


def test_nan_equals_nan_and_every_field_counts() -> None:
    unknown = start(status="degenerate", log_likelihood=math.nan, predicted_gain=math.nan)
    assert unknown == pickle.loads(pickle.dumps(unknown))
    assert result(icl=math.nan) == result(icl=math.nan)
    changes: dict[str, Any] = {
        "log_likelihood": -501.0,
        "best_start": 1,
        "icl": math.nan,
        "column_scale": np.full(2, 2.0),
        "mixture": SPURIOUS,
        "starts": (start(n_iter=13),),
    }
    for name, value in changes.items():
        assert dataclasses.replace(result(), **{name: value}) != result()
    assert dataclasses.replace(result(), seconds_init=9.0, seconds_em=9.0) == result()
    assert result() != "result"
    with pytest.raises(TypeError, match="unhashable"):
        hash(result())


def test_the_best_start_speaks_for_the_result() -> None:
    poor = start(log_likelihood=-700.0, n_iter=3, trace=[-900.0, -800.0, -750.0])
    best = start(repairs=repaired(floored=(1, 0)), predicted_gain=0.5)
    both = result(poor, best, best_start=1)
    assert both.trace is best.trace
    assert (both.n_iter, both.predicted_gain, both.repairs) == (12, 0.5, best.repairs)
    assert (both.n_components, both.n_features, both.covariance_type) == (2, 2, "full")
    assert not poor.repairs
    assert both.repairs
