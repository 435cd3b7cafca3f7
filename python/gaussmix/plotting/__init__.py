"""Pictures of mixtures and fits, with matplotlib: ``pip install "gaussmix[plot]"``.

Every function draws into the axes that it is given, or into the current ones, and returns them;
none shows a window or changes a setting of matplotlib. Keywords that a function does not know go
to the artist that it is about; functions that show rows take their `sample_weight`. Components
keep their colour, marker and line from picture to picture, and differ in all three: pictures can
be read in grey and by the colour-blind.

>>> import gaussmix as gx
>>> from gaussmix.datasets import load_faithful
>>> X = load_faithful().data
>>> result = gx.fit(X, 2, random_state=0)
>>> from matplotlib.figure import Figure
>>> figure = Figure()
>>> ax = gx.plotting.scatter(result, X, ax=figure.subplots())
>>> figure.savefig("faithful.png")
"""

from gaussmix.plotting._criterion import criterion
from gaussmix.plotting._density import density
from gaussmix.plotting._ellipses import ellipses
from gaussmix.plotting._merge_tree import merge_tree
from gaussmix.plotting._pairs import pairs
from gaussmix.plotting._responsibilities import responsibilities
from gaussmix.plotting._scatter import scatter
from gaussmix.plotting._traces import traces
from gaussmix.plotting._uncertainty import uncertainty

__all__ = [
    "criterion",
    "density",
    "ellipses",
    "merge_tree",
    "pairs",
    "responsibilities",
    "scatter",
    "traces",
    "uncertainty",
]
