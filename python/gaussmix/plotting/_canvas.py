"""Where to draw, and with which settings: the package's own, unless the caller says otherwise."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from gaussmix._optional import optional_module
from gaussmix.exceptions import GaussmixTypeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Short and plural names that matplotlib takes for the same settings.
_ALIASES = {
    "c": "color",
    "lw": "linewidth",
    "linewidths": "linewidth",
    "ls": "linestyle",
    "linestyles": "linestyle",
    "ms": "markersize",
    "ec": "edgecolor",
    "edgecolors": "edgecolor",
    "fc": "facecolor",
    "facecolors": "facecolor",
}


def matplotlib(module: str) -> ModuleType:
    """Import a module of matplotlib, or tell how to install it."""
    return optional_module(f"matplotlib.{module}", extra="plot", purpose="gaussmix.plotting")


def axes_or_current(ax: Axes | None) -> Axes:
    """Return the axes to draw into; pyplot is asked only if none are given."""
    if ax is None:
        current: Axes = matplotlib("pyplot").gca()
        return current
    wanted: type[Axes] = matplotlib("axes").Axes
    if not isinstance(ax, wanted):
        raise GaussmixTypeError(
            f"ax must be None (the current axes) or matplotlib Axes, got {ax!r} of type "
            f"{type(ax).__name__}; plt.subplots(2, 2) returns an array of them: pass one."
        )
    return ax


def styled(style: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Join the caller's settings with ours, and let the caller's win, under any of their names."""
    given = {_ALIASES.get(name, name): value for name, value in style.items()}
    if "color" in given:  # stands for both
        defaults = {n: v for n, v in defaults.items() if n not in ("facecolor", "edgecolor")}
    return defaults | given
