"""Errors and warnings are the classes that a caller would catch, with and without scikit-learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import pytest

import gaussmix as gx
from gaussmix import exceptions


@pytest.mark.parametrize(
    ("error", "built_in"),
    [
        (gx.GaussmixError, ValueError),
        (gx.GaussmixTypeError, TypeError),
        (gx.DegenerateError, ValueError),
        (gx.InsufficientMemoryError, MemoryError),
        (gx.ModelFileError, ValueError),
        (gx.MissingDependencyError, ImportError),
        (gx.NotFittedError, AttributeError),
    ],
)
def test_errors_have_one_root_and_a_built_in(
    error: type[Exception], built_in: type[Exception]
) -> None:
    assert issubclass(error, gx.GaussmixError)
    assert issubclass(error, built_in)
    back = pickle.loads(pickle.dumps(error("why")))
    assert (type(back), str(back)) == (error, "why")


def test_an_interrupt_is_a_keyboard_interrupt_and_no_error() -> None:
    assert issubclass(gx.FitInterrupted, KeyboardInterrupt)
    assert not issubclass(gx.FitInterrupted, Exception)
    assert gx.FitInterrupted("why").result is None


def test_an_interrupt_pickles_with_its_result() -> None:
    result = gx.fit([[0.0], [1.0], [3.0]])
    back = pickle.loads(pickle.dumps(gx.FitInterrupted("why", result)))
    assert (type(back), str(back), back.result) == (gx.FitInterrupted, "why", result)


def test_with_scikit_learn_they_are_its_classes_too() -> None:
    theirs = pytest.importorskip("sklearn.exceptions")
    error = exceptions.not_fitted_error("fit first")
    assert isinstance(error, theirs.NotFittedError)
    assert isinstance(error, gx.NotFittedError)
    assert str(error) == "fit first"
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (type(error), "fit first")
    with pytest.warns(theirs.ConvergenceWarning, match="slow"):
        exceptions.warn_not_converged("slow")
    with pytest.warns(gx.ConvergenceWarning, match="slow"):
        exceptions.warn_not_converged("slow")


def test_an_error_crosses_to_a_process_without_scikit_learn() -> None:
    pytest.importorskip("sklearn.exceptions")
    code = (
        "import pickle, sys; error = pickle.load(sys.stdin.buffer); import gaussmix; "
        "assert type(error) is gaussmix.NotFittedError and str(error) == 'fit first'; "
        "assert 'sklearn' not in sys.modules"
    )
    sent = pickle.dumps(exceptions.not_fitted_error("fit first"))
    subprocess.run([sys.executable, "-c", code], input=sent, check=True)


def test_a_warning_points_at_the_line_of_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gx.fit([[0.0], [1.0], [3.0], [7.0]], 2, max_iter=1, tol=0.0, random_state=0)
    assert [warning.filename for warning in caught] == [__file__]
    assert issubclass(caught[0].category, gx.ConvergenceWarning)
