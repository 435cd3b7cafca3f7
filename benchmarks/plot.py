"""``python -m benchmarks.plot FILE.csv ... --output FOLDER``: time of an iteration as pictures.

SVG files with one line per library, for what of it the result files hold: seconds against columns,
rows and threads (suite ``scaling``), and time per row and component against columns (suite
``iterations``, where there are fewer rows the more columns there are).
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
    series = {name: [row for row in together if row.series == name] for name in _VARIES}
    series[""] = [row for row in series[""] if row.covariance_type == "full"]
    series["threads"] = [r for r in series["threads"] if r.case == series["threads"][0].case]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (file, x_label, x) in _VARIES.items():
        points = _points(series[name], x, _seconds if name else _pair)
        if any(len(line) > 1 for line in points.values()):
            y_label = "seconds per iteration" if name else "ns per row and component"
            labels = (f"{x_label}{_fixed(series[name])}", y_label)
            written.append(_picture(folder / f"iteration-{file}.svg", labels, points))
    return written


def _fixed(rows: list[Row]) -> str:
    """The sizes that all rows share, for the label of the axis."""
    sizes = {
        "rows": {row.n_rows for row in rows},
        "columns": {row.n_features for row in rows},
        "components": {row.n_components for row in rows},
    }
    told = [f"{min(values):,} {name}" for name, values in sizes.items() if len(values) == 1]
    return f" ({', '.join(told)})" if told else ""


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
    return 1e9 * row.min_seconds / (row.n_rows * row.n_components)


_VARIES: dict[str, tuple[str, str, Callable[[Row], float]]] = {
    "": ("pairs", "columns", _columns),
    "D": ("columns", "columns", _columns),
    "n": ("rows", "rows", _rows),
    "threads": ("threads", "threads", _threads),
}


def _picture(path: Path, labels: tuple[str, str], points: Points) -> Path:
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
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
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
