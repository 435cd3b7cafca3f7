"""A search says what keeps models out of its choice, or makes it doubtful, and what to do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def X() -> Array:  # noqa: N802
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal([0, 0], [1, 3], (60, 2)), rng.normal([6, 2], 1, (60, 2))])


def search(X: Any, structures: list[str] | None = None, **options: Any) -> gx.SelectionResult:
    return gx.select(X, [1, 2], structures, random_state=0, **options)


def test_data_of_full_rank_give_no_reason(X: Array):
    assert search(X).reasons == ()


def test_a_constant_column_is_named_with_what_it_costs(X: Array):
    model = gx.GaussianMixtureSelector([1, 2], random_state=0).fit(np.c_[X, np.ones(120)])
    found = model.selection_
    (reason,) = found.reasons
    assert reason.startswith("Column 2 is constant")
    assert "no model of 12 of 14 structures can be chosen" in reason
    assert reason.endswith("Leave out that column, and search again.")
    assert f"! {reason}" in found.summary().splitlines()
    assert f"<p>! {reason}</p>" in found._repr_html_()
    assert {cell.covariance_type.code for cell in found.ranking} == {"EII", "VII"}


def test_columns_have_their_names(X: Array):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.c_[X, np.ones(120), np.zeros(120)], columns=["a", "b", "c", "d"])
    (reason,) = search(frame, ["EII", "VVI"]).reasons
    assert reason.startswith("Columns 'c' and 'd' are constant")
    assert "no model of 1 of 2 structures" in reason


def test_rows_of_no_weight_do_not_make_a_column_vary(X: Array):
    column, weight = np.ones(120), np.ones(120)
    column[::10], weight[::10] = 7.0, 0.0
    assert search(np.c_[X, column], ["EII", "VVI"]).reasons == ()
    (reason,) = search(np.c_[X, column], ["EII", "VVI"], sample_weight=weight).reasons
    assert reason.startswith("Column 2 is constant")


def test_columns_that_are_combinations_of_others_are_named(X: Array):
    """Of five columns the second is alone; the others lie in two dimensions."""
    alone = np.random.default_rng(1).normal(size=120)
    a, b = X.T
    (reason,) = search(np.c_[a, alone, 1e3 * b, a - 2 * b, a + b], ["EII", "VVI", "VVV"]).reasons
    assert reason.startswith("Columns 0, 2, 3 and 4 are combinations of one another")
    assert "no model of 1 of 3 structures" in reason
    assert "Leave out 2 of them" in reason


def test_combinations_are_no_matter_where_no_structure_minds_them(X: Array):
    assert search(np.c_[X, X[:, 0] - X[:, 1]], ["EII", "VVI"]).reasons == ()


def test_few_rows_are_a_combination_of_columns():
    (reason,) = search(np.random.default_rng(0).normal(size=(8, 12)), ["EII", "EEE"]).reasons
    assert "and 6 more are combinations of one another" in reason
    assert "Leave out 5 of them" in reason  # eight rows about their mean span seven dimensions


def test_where_nothing_is_left_the_error_says_why(X: Array):
    found = search(np.c_[X, np.ones(120)], ["VVI"])
    with pytest.raises(gx.GaussmixError, match=r"can be recommended.*Column 2 is constant"):
        _ = found.best


def test_reasons_belong_to_the_result(X: Array):
    data = np.c_[X, np.ones(120)]
    found = search(data, ["EII", "VVI"])
    assert search(data, ["EII", "VVI"], criterion="aic", resume=found).reasons == found.reasons


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_reasons_do_not_depend_on_the_size_of_weights(factor: float, X: Array):
    options: dict[str, Any] = {"sample_weight": np.full(120, factor), "sample_size": "effective"}
    (reason,) = search(np.c_[X, X[:, 0] - X[:, 1]], ["EII", "EEE"], **options).reasons
    assert reason.startswith("Columns 0, 1 and 2 are combinations")


def test_models_that_max_iter_ended_are_counted(X: Array):
    """Even with one component, two passes are too few to see that nothing is gained."""
    found = gx.select(X, [1, 2], ["VVI", "EEE", "VVV"], max_iter=2, random_state=0)
    assert found.best_n_components == 2
    (reason,) = found.reasons
    assert reason.startswith("max_iter=2 ended the fits of 6 of 6 models before they converged")
    assert "that of the best among them" in reason
    assert "Raise max_iter" in reason
    assert found.summary().splitlines()[0].endswith("max_iter ended it before it converged)")
    assert all(cell.cut_short for cell in found.cells)


def test_a_best_model_that_converged_is_not_doubted():
    rows = np.random.default_rng(5).normal(size=(300, 2))
    found = gx.select(rows, [1, 2], ["VVV"], max_iter=5, random_state=0)
    assert found.best_n_components == 1
    (reason,) = found.reasons
    assert reason.startswith("max_iter=5 ended the fit of 1 of 2 models before it converged")
    assert "the best" not in reason
    assert found.summary().splitlines()[0].endswith("lower is better)")


def test_a_fit_that_is_given_up_at_the_bound_is_no_matter_of_max_iter(X: Array):
    """The bound takes EM hundreds of passes to end on, for a likelihood that is none."""
    rows = np.random.default_rng(2).normal(size=(20, 4))
    found = gx.select(rows, range(1, 6), ["EVE"], random_state=0)
    result = found.cell("EVE", 5).result
    assert result is not None
    assert not result.converged
    assert result.n_iter < 2000
    assert not any(cell.cut_short for cell in found.cells)
    assert found.reasons == ()


# --- where nothing can be recommended -------------------------------------------------------------


def twelve_rows() -> Array:
    """Too few for AICc with two free covariances, of 11 parameters: it needs more than 12."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 1, (6, 2)), rng.normal(1.5, 1, (6, 2))])


@pytest.mark.parametrize("max_iter", [2, 2000])
def test_a_criterion_without_a_value_is_told_as_such(max_iter: int):
    """Whether or not the fits came to their ends, which would change nothing."""
    found = gx.select(twelve_rows(), [2], ["full"], criterion="aicc", max_iter=max_iter)
    assert found.cell("VVV", 2).criterion == math.inf
    assert (found.failures, found.spurious, found.reasons) == ({}, {}, ())
    with pytest.raises(gx.GaussmixError) as caught:
        _ = found.best
    assert str(caught.value) == (
        "no model of this search (n_samples=12) can be recommended: aicc has a value for none of "
        "them: it needs more rows than parameters and one. Choose another criterion, or use fewer "
        "components or simpler structures."
    )
    note = "- no value of aicc: it needs more rows than parameters and one"
    assert note in found.summary().splitlines()
    assert f"<p>{note}</p>" in found._repr_html_()


def test_models_in_vain_and_models_without_a_value_are_told_apart(X: Array):
    """A constant column holds VVI at the bound; 24 rows are too few for the rest."""
    rows = np.c_[X[:12], np.ones(12)]
    found = gx.select(rows, [3], ["VII", "VVI"], criterion="aicc", random_state=0)
    assert set(found.spurious) == {("VVI", 3)}
    with pytest.raises(
        gx.GaussmixError, match="1 of 2 failed or is spurious, and aicc has no value"
    ):
        _ = found.best


def test_a_spurious_model_without_a_value_has_its_star():
    """Of one column, whose 3 parameters two rows are too few for, where the two are the same."""
    found = gx.select(np.ones((2, 1)), [1], ["E"], criterion="aicc")
    assert set(found.spurious) == {("E", 1)}
    lines = found.summary().splitlines()
    assert lines[-4].split() == ["E", "-*"]
