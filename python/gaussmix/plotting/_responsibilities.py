"""The responsibilities of all rows at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._fitted import Fitted
from gaussmix._typing import ArrayLike
from gaussmix._validation import check_switch
from gaussmix.plotting._canvas import axes_or_current, styled
from gaussmix.plotting._palette import SHADES
from gaussmix.plotting._view import view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_TICKS = 20
_FEW_ROWS = 400  # each of them wider than a pixel: its edges stay sharp


def responsibilities(
    mixture: Fitted,
    X: ArrayLike,
    ax: Axes | None = None,
    colorbar: bool = True,
    *,
    sample_weight: ArrayLike | None = None,
    **style: Any,
) -> Axes:
    """Draw the responsibilities as a heat map: a column for each row of `X`.

    They are in order of their most probable component, and for each component from the surest to
    the least sure. Sharp blocks are components well apart; shaded ends are rows in doubt, and where
    the shade comes back tells between which components.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D)
    ax : matplotlib Axes, optional
        None: the current axes.
    colorbar : bool, default True
        Whether to put a scale beside the axes.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows: those of weight zero are left out. All columns are of the
        same width.
    **style
        Passed on to ``Axes.imshow``, for example ``cmap``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        `X` is no finite table of D columns, or `sample_weight` does not fit it.
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> from gaussmix.datasets import load_iris
    >>> X = load_iris().data
    >>> ax = gx.plotting.responsibilities(gx.fit(X, 3, random_state=0), X, ax)
    >>> ax.images[0].get_array().shape
    (3, 150)
    """
    seen = view(mixture, X, None, sample_weight)
    with_scale = check_switch(colorbar, "colorbar")
    axes = axes_or_current(ax)
    shares = seen.responsibilities
    order = np.lexsort((-shares.max(axis=1), seen.labels))
    heat = styled(style, cmap=SHADES, vmin=0.0, vmax=1.0, aspect="auto")
    if len(order) < _FEW_ROWS:
        heat.setdefault("interpolation", "nearest")
    image = axes.imshow(shares[order].T, **heat)
    axes.set(xlabel="rows by component, the surest first", ylabel="component")
    if seen.mixture.n_components <= _MOST_TICKS:
        axes.set_yticks(range(seen.mixture.n_components))
    ends = np.cumsum(np.bincount(seen.labels, minlength=seen.mixture.n_components))[:-1]
    for end in ends[(ends > 0) & (ends < len(order))]:
        axes.axvline(end - 0.5, color="white", linewidth=0.8)
    if with_scale:
        axes.figure.colorbar(image, ax=axes, label="responsibility")
    return axes
