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
    "colors": "color",
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
_OF_CONTOURS = {"color": "colors", "linewidth": "linewidths", "linestyle": "linestyles"}
_EDGE = {"edgecolor": "white", "linewidth": 0.4}


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


def usual_name(setting: str) -> str:
    """Return the one name that we use of those that matplotlib has for a setting."""
    return _ALIASES.get(setting, setting)


def styled(style: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Join the caller's settings with ours, and let the caller's win, under any of their names."""
    given = {usual_name(name): value for name, value in style.items()}
    if "color" in given:  # stands for both
        defaults = {n: v for n, v in defaults.items() if n not in ("facecolor", "edgecolor")}
    return defaults | given


def styled_points(style: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Return the settings of ``Axes.scatter``; filled markers have a fine white edge."""
    joined = styled(style, **defaults)
    marker = joined.get("marker")
    filled = marker is None or matplotlib("markers").MarkerStyle(marker).is_filled()
    return styled(style, **defaults, **_EDGE) if filled else joined


def styled_contours(style: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Return the settings of ``Axes.contour``, which calls those of lines by their plurals."""
    return {
        _OF_CONTOURS.get(name, name): value for name, value in styled(style, **defaults).items()
    }
