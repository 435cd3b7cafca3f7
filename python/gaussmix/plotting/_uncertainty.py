"""Which rows are in doubt between components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import Fitted
from gaussmix._marginal import Features
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix._uncertainty import uncertainty_of
from gaussmix._validation import check_switch
from gaussmix.plotting._canvas import axes_or_current
from gaussmix.plotting._levels import as_percent, check_levels
from gaussmix.plotting._row_style import RowStyle
from gaussmix.plotting._view import view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DEFAULT_QUANTILES = (0.75, 0.95)
_SMALLEST, _LARGEST = 12.0, 64.0  # areas
_LIGHTEST = 0.72  # grey
_ROUNDING = 1e-12  # of a sum of weights


def uncertainty(
    mixture: Fitted,
    X: ArrayLike,
    ax: Axes | None = None,
    features: Features | None = None,
    quantiles: ArrayLike = _DEFAULT_QUANTILES,
    legend: bool = True,
    *,
    sample_weight: ArrayLike | None = None,
    **style: Any,
) -> Axes:
    r"""Draw the rows the larger and darker, the less certain their component is.

    The uncertainty of row i is :math:`1 - \max_k r_{ik}`, r being the responsibilities. The rows
    are divided into classes by quantiles of the uncertainty, as Fraley and Raftery (2002) [1]_ do.
    With one feature the uncertainty itself is the vertical axis.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D)
        All features of the mixture: the uncertainty comes from them all.
    ax : matplotlib Axes, optional
        None: the current axes.
    features : int, str or pair of them, optional
        Positions or names of the features to show. None: the first two, or the only one.
    quantiles : float or sequence of float, default (0.75, 0.95)
        Where the classes end: the first holds the three quarters of the rows that are surest, or
        the fewest that have three quarters of the weight.
    legend : bool, default True
        Whether to add a legend of the classes.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows, for the quantiles; rows of weight zero are left out.
    **style
        Passed on to ``Axes.scatter``, as in `scatter`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, `sample_weight` does not fit it, a feature is unknown,
        or a quantile is none.
    MissingDependencyError
        matplotlib is not installed.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Model-based clustering, discriminant analysis, and density
       estimation", J. Amer. Statist. Assoc. 97 (2002), 611-631.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> from gaussmix.datasets import load_faithful
    >>> X = load_faithful().data
    >>> ax = gx.plotting.uncertainty(gx.fit(X, 2, random_state=0), X, ax)
    >>> [len(rows.get_offsets()) for rows in ax.collections]  # 75, 20 and 5 percent
    [204, 55, 13]
    """
    seen = view(mixture, X, features, sample_weight)
    shares = check_levels(quantiles, "quantiles")
    with_legend = check_switch(legend, "legend")
    looks = RowStyle(style, seen)
    axes = axes_or_current(ax)
    doubt = uncertainty_of(seen.responsibilities).astype(np.float64)
    plane = len(seen.columns) == 2
    across, up = seen.rows[:, 0], seen.rows[:, 1] if plane else doubt
    limits = _quantiles(doubt, seen.weights, shares)
    classes = np.searchsorted(limits, doubt, side="left")
    for number in range(len(limits) + 1):
        here = classes == number
        depth = number / len(limits)
        points = looks.of(
            here,
            s=_SMALLEST + (_LARGEST - _SMALLEST) * depth**1.5,
            facecolor=str(_LIGHTEST * (1 - depth)),
            label=_name(number, shares, limits),
            zorder=2 + 0.1 * depth,
        )
        axes.scatter(across[here], up[here], **points)
    axes.set(xlabel=seen.names[0], ylabel=seen.names[1] if plane else "uncertainty")
    if with_legend:
        axes.legend(title="uncertainty (quantiles)", fontsize="small", title_fontsize="small")
    return axes


def _quantiles(
    values: Float64Array, weights: Float64Array | None, shares: Float64Array
) -> Float64Array:
    """Return the smallest values that a share of the rows, or of their weight, does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    wanted = shares * (1 - _ROUNDING)
    return values[order[np.searchsorted(reached / reached[-1], wanted)]]


def _name(number: int, shares: Float64Array, limits: Float64Array) -> str:
    if number < len(limits):
        return f"to {limits[number]:.2g} ({as_percent(shares[number])})"
    return "above"
