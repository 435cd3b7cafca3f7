"""Ellipses that hold a share of the probability of each component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import Fitted
from gaussmix._marginal import Features
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix.mixture import Mixture
from gaussmix.plotting._canvas import axes_or_current, styled
from gaussmix.plotting._levels import check_levels
from gaussmix.plotting._palette import look
from gaussmix.plotting._view import require_two, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEFAULT_LEVELS = (0.5, 0.95)
_POINTS = 181


def ellipses(
    mixture: Fitted,
    ax: Axes | None = None,
    features: Features | None = None,
    levels: ArrayLike = DEFAULT_LEVELS,
    **style: Any,
) -> Axes:
    r"""Draw each component as ellipses that hold given shares of its probability.

    In two dimensions the squared Mahalanobis distance from the mean is chi-square with two degrees
    of freedom, and a share p of the probability lies within

    .. math:: (x - \mu)^T \Sigma^{-1} (x - \mu) \le -2 \log(1 - p).

    The means are marked; ``axes.legend()`` names the components by these marks.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    ax : matplotlib Axes, optional
        None: the current axes.
    features : pair of int or str, optional
        Positions or names of the two features to show; the ellipses are those of their marginal
        distribution. None: the first two.
    levels : float or sequence of float, default (0.5, 0.95)
        Shares of probability, between 0 and 1. Ellipses are the thinner the more they hold.
    **style
        Passed on to ``Axes.plot``, for example ``color`` or ``linewidth``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        The mixture has one feature, a feature is unknown, or a level is no share.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> mixture = gx.Mixture([0.5, 0.5], [[0, 0], [3, 3]], [1.0, 2.0], "spherical")
    >>> ax = gx.plotting.ellipses(mixture, ax, levels=0.9)
    >>> len(ax.lines)  # an ellipse and a mark for each component
    4
    """
    seen = view(mixture, None, features)
    require_two(seen, "ellipses")
    shares = check_levels(levels)
    axes = axes_or_current(ax)
    draw_ellipses(axes, seen.shown, shares, style)
    _mark_means(axes, seen.shown, style)
    axes.set(xlabel=seen.names[0], ylabel=seen.names[1])
    return axes


def draw_ellipses(axes: Axes, shown: Mixture, shares: Float64Array, style: dict[str, Any]) -> None:
    """Draw the ellipses of a mixture of two features."""
    roots = np.linalg.inv(shown.precisions_cholesky)  # covariance = root^T root
    angle = np.linspace(0, 2 * np.pi, _POINTS)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    for k, (mean, root) in enumerate(zip(shown.means, roots, strict=True)):
        colour, _, line = look(k)
        for place, share in enumerate(shares):
            outline = mean + np.sqrt(-2 * np.log1p(-share)) * circle @ root
            width = 2.0 / (1 + 0.7 * place)
            drawn = styled(style, color=colour, linestyle=line, linewidth=width, zorder=3)
            axes.plot(outline[:, 0], outline[:, 1], **drawn)


def _mark_means(axes: Axes, shown: Mixture, style: dict[str, Any]) -> None:
    for k, mean in enumerate(shown.means):
        colour, marker, _ = look(k)
        axes.plot(
            *mean,
            color=styled(style).get("color", colour),
            marker=marker,
            markersize=8,
            markeredgecolor="white",
            linestyle="none",
            label=f"component {k}",
            zorder=4,
        )
