"""Two small classic data sets, read with NumPy alone.

>>> from gaussmix.datasets import load_faithful
>>> load_faithful().data.shape
(272, 2)
"""

from gaussmix.datasets._dataset import Dataset
from gaussmix.datasets._load import load_faithful, load_iris

__all__ = ["Dataset", "load_faithful", "load_iris"]
