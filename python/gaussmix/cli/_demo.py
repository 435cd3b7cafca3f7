"""The first thing a newcomer sees: a fit of bundled data, and what to do next."""

from __future__ import annotations

import argparse
from dataclasses import replace

from gaussmix.datasets import load_faithful
from gaussmix.fitting import fit

_INTRODUCTION = """\
Old Faithful: {n} eruptions of the geyser, each with its duration and the wait
until the next, in minutes. A Gaussian mixture with K = 2 components, one for
short and one for long eruptions (K is given here, not searched for):
"""

SNIPPET = """\
import gaussmix as gx
from gaussmix.datasets import load_faithful

X = load_faithful().data
result = gx.fit(X, 2, random_state=0)
print(result.summary())
labels = result.mixture.assign(X)
"""

_NEXT = """\
Next, the same in Python:

{snippet}
or with your own data, a .npy file or (pip install "gaussmix[io]") CSV, TSV,
Parquet:

    gaussmix fit YOUR.csv --components 3 --labels-out labels.csv
    gaussmix fit --help
"""


def run_demo(_: argparse.Namespace) -> None:
    """Fit Old Faithful with two components and print the summary; needs NumPy only."""
    faithful = load_faithful()
    result = fit(faithful.data, 2, random_state=0)
    named = replace(result.mixture, feature_names=faithful.feature_names)
    print(_INTRODUCTION.format(n=len(faithful.data)))
    print(replace(result, mixture=named).summary())
    print()
    indented = "".join(f"    {line}".rstrip() + "\n" for line in SNIPPET.splitlines())
    print(_NEXT.format(snippet=indented), end="")
