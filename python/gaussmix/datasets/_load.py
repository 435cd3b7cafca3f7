"""Reading the bundled CSV files.

The standard library's ``csv`` module parses them, so that a bare installation can show a fit
of real data: pandas is not needed here.
"""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np

from gaussmix._typing import Float64Array
from gaussmix.datasets._dataset import Dataset

_FAITHFUL = """\
Eruptions of the Old Faithful geyser in Yellowstone National Park, Wyoming.
eruptions: duration of the eruption in minutes; waiting: minutes until the next one.
The durations fall into two groups, short and long; long eruptions are followed by long waits.

Origin: Haerdle, W. (1991) Smoothing Techniques with Implementation in S, Springer. Azzalini, A.
and Bowman, A. W. (1990) A look at some data on the Old Faithful geyser, Applied Statistics 39,
357-365, use a more complete record.
This copy: the data frame `faithful` of R's package datasets, unchanged."""

_IRIS = """\
Sepal and petal length and width, in centimetres, of 50 flowers of each of three species of iris
from the Gaspe peninsula.

Origin: Anderson, E. (1935) The irises of the Gaspe Peninsula, Bulletin of the American Iris
Society 59, 2-5; used by Fisher, R. A. (1936) The use of multiple measurements in taxonomic
problems, Annals of Eugenics 7, 179-188.
This copy: the data frame `iris` of R's package datasets, unchanged. Rows 35 and 38 (counted from
1) follow Fisher's paper; the copy of the UCI repository differs there."""


def load_faithful() -> Dataset:
    """Load the Old Faithful eruptions: two clear groups in two dimensions.

    Returns
    -------
    Dataset
        272 rows; columns ``eruptions`` and ``waiting``, both in minutes; no target.

    Examples
    --------
    >>> faithful = load_faithful()
    >>> faithful.feature_names
    ('eruptions', 'waiting')
    >>> faithful.data[0].tolist()
    [3.6, 79.0]
    """
    header, rows = _read("faithful.csv")
    return Dataset("faithful", _numbers(rows), tuple(header), _FAITHFUL)


def load_iris() -> Dataset:
    """Load Anderson's irises: three species, two of which overlap.

    Returns
    -------
    Dataset
        150 rows; four lengths and widths in centimetres; ``target`` holds the species.

    Examples
    --------
    >>> iris = load_iris()
    >>> iris.data.shape, iris.target_names
    ((150, 4), ('setosa', 'versicolor', 'virginica'))
    """
    header, rows = _read("iris.csv")
    species = [row[-1] for row in rows]
    names = tuple(dict.fromkeys(species))  # in order of appearance
    target = np.array([names.index(s) for s in species], dtype=np.int64)
    data = _numbers([row[:-1] for row in rows])
    return Dataset("iris", data, tuple(header[:-1]), _IRIS, target, names)


def _read(name: str) -> tuple[list[str], list[list[str]]]:
    """Read the header and the other rows of a bundled CSV file."""
    text = files("gaussmix.datasets").joinpath(name).read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    return header, rows


def _numbers(rows: list[list[str]]) -> Float64Array:
    return np.array(rows, dtype=np.float64)
