"""What tells components and lines apart: colour, marker and line, each in a cycle of its own.

The colours are those of Okabe and Ito (2008), "Color Universal Design", without yellow, which is
lost on white, and with three made darker or lighter: so neighbours differ in lightness, and are
told apart in grey too. The lengths of the cycles have no common factor: 56 pairs of a colour and
a marker come before the first is repeated, and 35 of a colour and a line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

COLOURS = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#A63A00", "#E0A3C4", "#00573F")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5, 1, 1.5)))

SHADES = "cividis"  # rises in lightness, and looks the same to the colour-blind
AREA = "#DCDCDC"
FAINT = "#B4B4B4"  # what stands behind
BROAD = "#929292"
MIDDLE = "#707070"
STRONG = "#000000"


class Look(NamedTuple):
    """How one component, or one line, is drawn."""

    colour: str
    marker: str
    line: Any


def look(number: int) -> Look:
    """Return how component (or line) `number` is drawn, from 0 on."""
    return Look(
        COLOURS[number % len(COLOURS)],
        MARKERS[number % len(MARKERS)],
        LINES[number % len(LINES)],
    )
