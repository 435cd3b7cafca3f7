"""The colours of components can be told apart in grey and by the colour-blind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from gaussmix.plotting._palette import AREA, BROAD, COLOURS, FAINT, LINES, MARKERS, MIDDLE, look

Float64 = NDArray[np.float64]

# Machado, Oliveira & Fernandes (2009), "A physiologically-based model for simulation of color
# vision deficiency", severity 1.0, for linear RGB.
BLIND = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_XYZ = np.array(  # IEC 61966-2-1, sRGB
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear_rgb(colour: str) -> Float64:
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(linear: Float64) -> Float64:
    """CIE 1976 L*a*b*, in which a distance of about 2.3 is just noticeable."""
    ratio = TO_XYZ @ linear / (TO_XYZ @ np.ones(3))
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / 3 / (6 / 29) ** 2 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lightness(colour: str) -> float:
    return float(lab(linear_rgb(colour))[0])


def test_the_tools_agree_with_known_values() -> None:
    assert lightness("#FFFFFF") == pytest.approx(100)
    assert lightness("#000000") == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(lab(linear_rgb("#FF0000")), [53.24, 80.09, 67.20], atol=0.05)


def test_neighbours_differ_in_lightness() -> None:
    """The last and the first are neighbours too."""
    shades = [lightness(colour) for colour in COLOURS]
    steps = np.abs(np.diff([*shades, shades[0]]))
    assert steps.min() > 12
    assert np.delete(steps, steps.argmin()).min() > 20


@pytest.mark.parametrize("blindness", BLIND)
def test_colours_are_apart_for_the_colour_blind(blindness: str) -> None:
    seen = [np.clip(np.array(BLIND[blindness]) @ linear_rgb(c), 0, 1) for c in COLOURS]
    for a, b in itertools.combinations(seen, 2):
        assert np.linalg.norm(lab(a) - lab(b)) > 15


def test_all_colours_stand_out_from_white() -> None:
    assert max(lightness(colour) for colour in COLOURS) < 80


def test_greys_in_their_order() -> None:
    shades = [lightness(grey) for grey in (MIDDLE, BROAD, FAINT, AREA)]
    assert np.diff(shades).min() > 10


def test_fifty_six_components_look_different() -> None:
    looks = [look(k) for k in range(len(COLOURS) * len(MARKERS))]
    assert len({(one.colour, one.marker) for one in looks}) == 56
    assert len({(one.colour, one.line) for one in looks[:35]}) == 35
    assert len({(one.marker, one.line) for one in looks[:40]}) == 40
    assert (len(COLOURS), len(MARKERS), len(LINES)) == (7, 8, 5)
