"""The pictures of a report."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gaussmix import plotting
from gaussmix.plotting._canvas import matplotlib
from gaussmix.reporting._curves import criterion_figure
from gaussmix.reporting._features import Rows, most_separating
from gaussmix.result import FitResult
from gaussmix.selection_result import SelectionResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_ROWS = 5000
_MOST_FEATURES = 4
_DOTS_PER_INCH = 120
_VISIBLE = 1e-3  # nats
_WIDE, _SQUARE = (8.0, 5.0), (6.5, 5.5)


class Picture(NamedTuple):
    """A picture as a PNG file, and what is to be said about it."""

    title: str
    caption: str
    png: bytes


def pictures(selection: SelectionResult, rows: Rows) -> list[Picture]:
    """Draw the search and its best fit."""
    # The page looks the same whatever settings of matplotlib its writer prefers.
    with matplotlib("style").context("default", after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing")  # of a column's name
        return list(_drawn(selection, rows))


def _drawn(selection: SelectionResult, rows: Rows) -> Iterator[Picture]:
    result, shown = selection.best, rows.some(_MOST_ROWS)
    which = _of(len(shown.X), len(rows.X))
    yield Picture(
        f"{selection.criterion_name.upper()} of every model",
        "A line for each covariance structure; lower is better, and the best model is ringed. "
        "Models without a fit are left out; one that is not to be believed may lie lower.",
        _as_png(criterion_figure(selection)),
    )
    yield _components(result, shown, which)
    if result.n_components > 1:
        yield _uncertainty(result, shown, which)
    if np.ptp(result.trace) < _VISIBLE:  # it was carried on from its own maximum
        return
    yield Picture(
        "The last steps to the best fit",
        "Log-likelihood before each pass over the data, from where the fit that was kept was last "
        "started: a search begins with short fits and carries on with the most promising.",
        _png(_WIDE, lambda figure: plotting.traces(result, figure.subplots())),
    )


def _components(result: FitResult, rows: Rows, which: str) -> Picture:
    if result.n_features == 1:
        return Picture(
            "The density",
            f"The mixture, and its components below it, over the histogram of {which}.",
            _png(
                _WIDE,
                lambda figure: plotting.density(
                    result, rows.X, figure.subplots(), sample_weight=rows.weights
                ),
            ),
        )
    marks = "each marked as its most probable component"
    if rows.weights is not None:
        marks += ", with an area in proportion to its weight"
    ellipses = "The ellipses of each component hold 50 % and 95 % of its probability"
    if result.n_features == 2:
        return Picture(
            "The components",
            f"{ellipses}; {which}, {marks}.",
            _png(
                _SQUARE,
                lambda figure: plotting.scatter(
                    result, rows.X, figure.subplots(), sample_weight=rows.weights
                ),
            ),
        )
    chosen = most_separating(result.mixture, _MOST_FEATURES)
    side = 2.4 * len(chosen)
    return Picture(
        "The components",
        f"{ellipses}; {which}, {marks}." + _which_features(len(chosen), result.n_features),
        _png(
            (side, side),
            lambda figure: plotting.pairs(
                result, rows.X, figure, features=chosen, sample_weight=rows.weights
            ),
        ),
    )


def _uncertainty(result: FitResult, rows: Rows, which: str) -> Picture:
    chosen = most_separating(result.mixture, 2)
    return Picture(
        "Rows in doubt",
        f"The larger and darker, the less certain is the component of a row, and the legend "
        f"tells by how much; {which}." + _which_features(len(chosen), result.n_features),
        _png(
            _SQUARE,
            lambda figure: plotting.uncertainty(
                result, rows.X, figure.subplots(), features=chosen, sample_weight=rows.weights
            ),
        ),
    )


def _of(shown: int, total: int) -> str:
    if shown == total:
        return f"all {total} rows are shown"
    return f"{shown} of the {total} rows are shown, drawn at random"


def _which_features(shown: int, total: int) -> str:
    if shown == total:
        return ""
    return (
        f" Of the {total} features, these are the {shown} with the largest share of variance "
        "between the components."
    )


def _png(inches: tuple[float, float], draw: Callable[[Figure], object]) -> bytes:
    figure = matplotlib("figure").Figure(figsize=inches, layout="constrained")
    draw(figure)
    return _as_png(figure)


def _as_png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return file.getvalue()
