"""The report of a model search: checked, assembled and written."""

from __future__ import annotations

import math
import os

from gaussmix._replace_file import replace_file
from gaussmix._typing import ArrayLike
from gaussmix._validation import check_feature_names, check_X, feature_names_of
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from gaussmix.plotting._canvas import matplotlib
from gaussmix.plotting._view import weighted_rows
from gaussmix.reporting._features import Rows
from gaussmix.reporting._page import page
from gaussmix.reporting._pictures import pictures
from gaussmix.reporting._reproduce import as_python
from gaussmix.selection_result import SelectionResult
from gaussmix.selector import GaussianMixtureSelector

__all__ = ["report", "report_html"]


def report(
    selection: SelectionResult | GaussianMixtureSelector,
    X: ArrayLike,
    path: str | os.PathLike[str],
    *,
    sample_weight: ArrayLike | None = None,
    reproduce: str | None = None,
) -> None:
    """Write what a model search found as one HTML page.

    The page holds the choice and its rivals, the criterion of every model, the best fit and its
    components, pictures of them, what was repaired, which models failed or are not to be believed
    and why, and how to get the same again. It needs no network and no script.

    Parameters
    ----------
    selection : SelectionResult or GaussianMixtureSelector
        What `gaussmix.select` returned, or a fitted estimator that holds it.
    X : array-like or frame of shape (n, D)
        The data of the search. Pictures show up to 5,000 rows, drawn at random; the page holds no
        row otherwise.
    path : str or path-like
        Where to; an existing file is replaced, and only by a whole page.
    sample_weight : array-like of shape (n,), optional
        The weights of the search; see `gaussmix.plotting` for how pictures show them.
    reproduce : str, optional
        A command or program that repeats the search. None: a call of `gaussmix.select`, as far as
        `selection` knows its arguments.

    Raises
    ------
    GaussmixError
        No model of the search can be recommended, or `X` is not its data.
    GaussmixTypeError
        `selection` is none, or `reproduce` is no text.
    NotFittedError
        `selection` is an estimator that has not been fitted.
    MissingDependencyError
        matplotlib is not installed.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import gaussmix as gx
    >>> from gaussmix.datasets import load_faithful
    >>> X = load_faithful().data
    >>> selection = gx.select(X, range(1, 5), ["EEE", "VVV"], random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "report.html")
    ...     gx.report(selection, X, path)
    ...     os.path.getsize(path) > 100_000
    True
    """
    text = report_html(selection, X, sample_weight=sample_weight, reproduce=reproduce)
    with replace_file(path) as file:
        file.write(text.encode())


def report_html(
    selection: SelectionResult | GaussianMixtureSelector,
    X: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    reproduce: str | None = None,
) -> str:
    """Return the page that `report` writes."""
    if isinstance(selection, GaussianMixtureSelector):
        selection = selection.selection_
    if not isinstance(selection, SelectionResult):
        raise GaussmixTypeError(
            "selection must be a SelectionResult, as gaussmix.select returns it, or a fitted "
            f"GaussianMixtureSelector, got an object of type {type(selection).__name__}."
        )
    if not (reproduce is None or isinstance(reproduce, str)):
        raise GaussmixTypeError(
            "reproduce must be None or the text of a command or program, got "
            f"{reproduce!r} of type {type(reproduce).__name__}."
        )
    matplotlib("figure")
    rows = _rows(selection, X, sample_weight)
    code = as_python(selection) if reproduce is None else reproduce
    return page(selection, pictures(selection, rows), code)


def _rows(selection: SelectionResult, X: ArrayLike, sample_weight: ArrayLike | None) -> Rows:
    """Check that these are the rows of the search, and return those of positive weight."""
    best = selection.best
    check_feature_names(feature_names_of(X), best.mixture.feature_names)
    data = check_X(X, n_features=best.n_features, estimator_name="SelectionResult")
    rows = Rows(*weighted_rows(data, sample_weight)[:2])
    if len(rows.X) != best.n_rows:
        raise GaussmixError(
            f"X must be the data of the search, which had {best.n_rows} rows of positive weight, "
            f"but it has {len(rows.X)}. Pass the sample_weight of the search as well, if it had "
            "one."
        )
    score, expected = best.mixture.score(*rows), best.log_likelihood / best.total_weight
    if not math.isclose(score, expected, rel_tol=1e-6, abs_tol=1e-6):
        raise GaussmixError(
            f"X must be the data of the search, whose best fit has a score of {expected:.6f} (mean "
            f"log-density per unit weight), but of these rows it is {score:.6f}. Pass the "
            "sample_weight of the search as well, if it had one."
        )
    return rows
