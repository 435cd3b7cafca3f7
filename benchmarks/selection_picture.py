"""Draws README's picture of a search: ``python -m benchmarks.selection_picture FILE.svg``."""

from __future__ import annotations

import sys

import matplotlib as mpl

import gaussmix as gx
from gaussmix.datasets import load_faithful


def draw(path: str) -> None:
    """Search over all structures on Old Faithful, and draw the criterion's curves."""
    from matplotlib import pyplot as plt

    # No words about who drew it and when: the file changes only when the picture does.
    with mpl.rc_context({"svg.hashsalt": "gaussmix", "svg.fonttype": "none"}):
        figure, ax = plt.subplots(figsize=(8.0, 4.8), layout="constrained")
        gx.plotting.criterion(gx.select(load_faithful().data), ax=ax, span=110)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    mpl.use("svg")
    draw(sys.argv[1])
