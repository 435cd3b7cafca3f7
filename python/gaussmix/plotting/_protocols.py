"""What a picture needs to know of the outcome of a search, and of a tree of merged components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gaussmix._typing import Float64Array


class Selection(Protocol):
    """A criterion for every structure of the covariances and every number of components."""

    @property
    def criterion(self) -> Mapping[str, Mapping[int, float]]:
        """Code of the structure -> number of components -> value; lower is better, NaN failed."""

    @property
    def criterion_name(self) -> str:
        """For example ``bic``."""

    @property
    def spurious(self) -> Mapping[tuple[str, int], str]:
        """Cells that are not to be believed, and why."""

    @property
    def best_structure(self) -> str:
        """Code of the structure of the best cell."""

    @property
    def best_n_components(self) -> int:
        """Number of components of the best cell."""


class Tree(Protocol):
    """Components merged into clusters, one pair after the other."""

    @property
    def merges(self) -> Sequence[tuple[int, int]]:
        """Pairs (i, j): j is merged into i. Both are named after their smallest component."""

    @property
    def entropy(self) -> Float64Array:
        """Entropy of the clustering after 0, 1, ... merges."""
