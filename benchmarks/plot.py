"""``python -m benchmarks.plot FILE.csv ... --output FOLDER``: time of an iteration as pictures.

Three SVG files, for what of it the result files hold: seconds against columns, against rows and
against threads, with one line per library.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import matplotlib.pyplot as plt

from benchmarks.table import OURS, Row, read_csv

# Apart for the colour-blind; the marker says the same in black and white.
STYLES = {
    OURS: ("#d55e00", "o"),
    "gaussmix-float32": ("#e69f00", "D"),
    "scikit-learn": ("#0072b2", "s"),
    "oneDAL": ("#009e73", "^"),
    "Armadillo": ("#cc79a7", "v"),
    "OpenCV": ("#56b4e9", "P"),
    "PyTorch": ("#000000", "X"),
}
Points = dict[str, list[tuple[float, float]]]


def draw(rows: list[Row], folder: Path) -> list[Path]:
    """Write the pictures that `rows` are enough for."""
    plt.switch_backend("svg")
    plt.rcParams["svg.hashsalt"] = "gaussmix"  # the same bytes every time
    together = [row for row in rows if "x" not in row.threads]
    wide = [r for r in together if r.covariance_type == "full" and r.series in ("", "D")]
    long = [r for r in together if r.series == "n"]
    threaded = [r for r in together if r.series == "threads"]
    first = [row for row in threaded if row.case == threaded[0].case]
    pictures = (
        ("columns", "D", "ns per row and component", _points(wide, _columns, _pair)),
        ("rows", "n", "seconds per iteration", _points(long, _rows, _seconds)),
        ("threads", "threads", "seconds per iteration", _points(first, _threads, _seconds)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _picture(folder / f"iteration-{name}.svg", x, y, points)
        for name, x, y, points in pictures
        if any(len(line) > 1 for line in points.values())
    ]


def _points(rows: Iterable[Row], x: Callable[[Row], float], y: Callable[[Row], float]) -> Points:
    """Sorted (x, y) of each library; of several measurements at one x the last."""
    lines: dict[str, dict[float, float]] = {}
    for row in rows:
        lines.setdefault(row.package, {})[x(row)] = y(row)
    return {package: sorted(line.items()) for package, line in lines.items()}


def _columns(row: Row) -> float:
    return row.n_features


def _rows(row: Row) -> float:
    return row.n_rows


def _threads(row: Row) -> float:
    return float(row.threads)


def _seconds(row: Row) -> float:
    return row.min_seconds


def _pair(row: Row) -> float:
    """Rows are fewer where columns are many: only per row and component does a line compare."""
    return 1e9 * row.min_seconds / (row.n_rows * row.n_components)


def _picture(path: Path, x_label: str, y_label: str, points: Points) -> Path:
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for package, line in points.items():
        colour, marker = STYLES[package]
        axes.plot(
            *zip(*line, strict=True),
            color=colour,
            marker=marker,
            label=package,
            linewidth=2.2 if package == OURS else 1.2,
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({x for line in points.values() for x, _ in line})
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=Path("."), help="folder of the pictures")
    options = parser.parse_args()
    for written in draw([r for f in options.files for r in read_csv(f, Row)], options.output):
        print(written)
