"""What a picture needs to know of the outcome of a search, and of a tree of merged components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gaussmix._typing import Float64Array
from gaussmix.exceptions import GaussmixTypeError


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
        """Entropy of the clustering with 1, 2, ... clusters, up to one for each component."""


def require(value: Any, name: str, protocol: type, usual: str) -> None:
    """Refuse an argument without the attributes that a picture is made from.

    `usual` says what has them.
    """
    wanted = [key for key, member in vars(protocol).items() if isinstance(member, property)]
    missing = [attribute for attribute in wanted if not hasattr(value, attribute)]
    if missing:
        raise GaussmixTypeError(
            f"{name} must be {usual}, or have the same attributes, got {type(value).__name__}, "
            f"which has no {', '.join(map(repr, missing))}."
        )
