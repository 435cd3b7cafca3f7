"""Draws README's picture: ``python -m benchmarks.picture .github/faithful.svg``."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np

import gaussmix as gx
from gaussmix.datasets import load_faithful

SHADES = ("#b35806", "#542788")  # apart in greyscale and for the colour-blind
MARKERS = ("o", "^")


def draw(path: str) -> None:
    plt.switch_backend("svg")
    plt.rcParams["svg.hashsalt"] = "gaussmix"  # the same bytes every time
    faithful = load_faithful()
    mixture = gx.fit(faithful.data, 2, random_state=0).mixture
    labels = mixture.assign(faithful.data)
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for rank, k in enumerate(np.argsort(mixture.means[:, 0])):
        duration, wait = faithful.data[labels == k].T
        axes.scatter(
            duration,
            wait,
            s=14,
            marker=MARKERS[rank],
            color=SHADES[rank],
            alpha=0.6,
            linewidths=0,
            label=f"weight {mixture.weights[k]:.2f}",
        )
        for deviations in (1, 2):
            outline = ellipse(mixture.means[k], mixture.covariances[k], deviations)
            axes.plot(*outline, color=SHADES[rank], linewidth=1.4)
    axes.set_xlabel("duration of the eruption (minutes)")
    axes.set_ylabel("wait for the next (minutes)")
    axes.set_title("Old Faithful: two components, one and two standard deviations", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, metadata={"Date": None})


def ellipse(mean: np.ndarray, covariance: np.ndarray, deviations: float) -> np.ndarray:
    """Points at a Mahalanobis distance of `deviations`, 2 x 200."""
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return np.asarray(mean[:, None] + deviations * np.linalg.cholesky(covariance) @ circle)


if __name__ == "__main__":
    draw(sys.argv[1])
