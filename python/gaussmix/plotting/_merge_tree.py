"""In which order components were merged into clusters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussmix._typing import AnyArray, Float64Array
from gaussmix._validation import check_choice
from gaussmix.exceptions import GaussmixError
from gaussmix.plotting._canvas import axes_or_current, styled
from gaussmix.plotting._palette import STRONG
from gaussmix.plotting._protocols import Tree, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_DIGIT = 0.64  # width of a digit, in sizes of the text
_GAP = 7.0  # points between entropies and the side of the axes, a tick among them


def merge_tree(tree: Tree, ax: Axes | None = None, height: str = "clusters", **style: Any) -> Axes:
    """Draw how components are merged, from all of them below to one cluster above.

    As Baudry and others (2010) [1]_ merge them, each step joins the two clusters that are hardest
    to tell apart, those whose merger takes away most of the entropy of the clustering.

    Parameters
    ----------
    tree : MergeTree
    ax : matplotlib Axes, optional
        None: the current axes.
    height : str, default "clusters"
        What the vertical axis is. ``clusters``: how many are left, every merge a step, with the
        entropy of the clustering written beside it. ``entropy``: the entropy that is left; steps
        that are hardly one join clusters that hardly overlap, so are clusters better kept apart.
    **style
        Passed on to ``Axes.plot`` for the lines.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GaussmixError
        `height` is none of the two words, or the merges of the tree do not fit together.
    GaussmixTypeError
        `tree` has no merges or no entropy.
    MissingDependencyError
        matplotlib is not installed.

    References
    ----------
    .. [1] J.-P. Baudry, A. E. Raftery, G. Celeux, K. Lo and R. Gottardo, "Combining mixture
       components for clustering", J. Comput. Graph. Statist. 19 (2010), 332-353.

    Examples
    --------
    Anything with these two attributes can be drawn:

    >>> import gaussmix as gx
    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> tree = SimpleNamespace(merges=((0, 2), (0, 1)), entropy=[0.0, 2.0, 35.0])
    >>> ax = gx.plotting.merge_tree(tree, Figure().subplots())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0', '2', '1']
    """
    require(tree, "tree", Tree, "a MergeTree, as gaussmix.merge_components returns it")
    by_entropy = check_choice(height, "height", ("clusters", "entropy")) == "entropy"
    entropy = np.asarray(tree.entropy, dtype=np.float64)[::-1]  # from all components on
    order = _leaves(tree, len(entropy))
    axes = axes_or_current(ax)
    levels = entropy if by_entropy else np.arange(len(entropy), 0, -1.0)
    lines = styled(style, color=STRONG, linewidth=1.6, solid_capstyle="projecting")
    _draw_merges(axes, tree, order, levels, lines)
    axes.set_xlabel("component")
    axes.invert_yaxis()
    axes.set_ylabel("entropy of the clustering" if by_entropy else "clusters")
    room = _points(axes)[0]
    if not by_entropy:
        shown = _with_room(axes, len(levels))
        axes.set_yticks(levels[shown])
        room -= _write_entropies(axes, _in_digits(entropy)[shown], levels[shown])
    _name_leaves(axes, order, room)
    return axes


def _leaves(tree: Tree, n_components: int) -> list[int]:
    """Return the components in an order in which no lines cross."""
    members = {component: [component] for component in range(n_components)}
    for kept, merged in tree.merges:
        if kept == merged or kept not in members or merged not in members:
            raise GaussmixError(
                f"tree.merges must join two of the clusters that are left, {sorted(members)}, but "
                f"joins {(kept, merged)}."
            )
        members[kept] += members.pop(merged)
    if len(members) != 1:
        raise GaussmixError(
            f"tree.merges must hold one pair less than tree.entropy has values ({n_components}), "
            f"got {len(tree.merges)}."
        )
    return next(iter(members.values()))


def _draw_merges(
    axes: Axes, tree: Tree, order: list[int], levels: Float64Array, lines: dict[str, Any]
) -> None:
    tops = {component: (float(place), levels[0]) for place, component in enumerate(order)}
    for (kept, merged), level in zip(tree.merges, levels[1:], strict=True):
        (left, left_foot), (right, right_foot) = tops[kept], tops.pop(merged)
        axes.plot([left, left, right, right], [left_foot, level, level, right_foot], **lines)
        tops[kept] = ((left + right) / 2, level)


def _name_leaves(axes: Axes, order: list[int], width: float) -> None:
    """Write the numbers of the components; upright and smaller where they would overlap."""
    size, names = _label_size(axes.xaxis), [str(component) for component in order]
    room = 0.9 * width / len(order)  # the rest are margins
    smaller: dict[str, Any] = {}
    if room < _DIGIT * size * (1 + max(map(len, names))):  # one digit's width between two
        smaller = {"rotation": 90, "fontsize": min(size, room)}
    axes.set_xticks(range(len(order)), names, **smaller)


def _with_room(axes: Axes, count: int) -> AnyArray:
    """Return the positions of so many levels that their labels do not overlap, with the last."""
    every = math.ceil(1.2 * _label_size(axes.yaxis) * count / _points(axes)[1])
    return np.arange(count - 1, -1, -every)[::-1]


def _points(axes: Axes) -> tuple[float, float]:
    """Return the width and the height of the axes, in the unit of sizes of text."""
    box = axes.get_window_extent()
    dots = axes.figure.dpi / 72
    return box.width / dots, box.height / dots


def _label_size(axis: Axis) -> float:
    return float(axis.get_major_ticks(1)[0].label1.get_fontsize())


def _in_digits(entropy: Float64Array) -> AnyArray:
    """Round to four digits of the largest: what is rounding beside that is 0."""
    largest = entropy.max()
    in_range = 1e-300 < largest < math.inf
    unit = 10.0 ** (math.floor(math.log10(largest)) - 3) if in_range else 1.0
    return np.array([f"{value:.7g}" for value in np.round(entropy / unit) * unit])


def _write_entropies(axes: Axes, entropy: AnyArray, levels: Float64Array) -> float:
    """Write the entropies along the right-hand side, at the heights of the merges.

    They stand within the axes, where no margin of the figure cuts them off, nor the name of their
    axis; the tree makes way. Return how much of the width they take.
    """
    beside, full = axes.secondary_yaxis("right"), _points(axes)[0]
    beside.tick_params(axis="y", direction="in", pad=-_GAP)
    beside.set_yticks(levels, entropy.tolist(), horizontalalignment="right")
    beside.set_ylabel("entropy of the clustering")
    longest = max(map(len, entropy.tolist()))
    taken = min(_DIGIT * _label_size(axes.yaxis) * longest + _GAP, full / 2)
    left, right = axes.get_xlim()
    axes.set_xlim(left, left + (right - left) * full / (full - taken))
    return taken
