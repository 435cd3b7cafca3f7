"""The object that the loaders return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaussmix._record import Record, read_only
from gaussmix._typing import Float64Array, Int64Array


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Record):
    """Observations with their names and their origin; the arrays are read-only.

    Attributes
    ----------
    name : str
        Short name of the data set.
    data : ndarray of shape (n, D), float64
        One observation per row.
    feature_names : tuple of str
        One name per column of ``data``.
    description : str
        What was measured, by whom, and where this copy comes from.
    target : ndarray of shape (n,), int64, or None
        Known group of each row as an index into ``target_names``, where the data has groups.
    target_names : tuple of str or None
        Name of each group.
    """

    name: str
    data: Float64Array
    feature_names: tuple[str, ...]
    description: str
    target: Int64Array | None = None
    target_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", read_only(self.data))
        if self.target is not None:
            target = np.array(self.target, dtype=np.int64)
            target.flags.writeable = False
            object.__setattr__(self, "target", target)

    def __repr__(self) -> str:
        n_rows, n_features = self.data.shape
        groups = "" if self.target_names is None else f", {len(self.target_names)} groups"
        return f"Dataset({self.name!r}, {n_rows} rows x {n_features} columns{groups})"
