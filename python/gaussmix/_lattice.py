"""Which covariance structures contain which: the order in which a search can build on itself."""

from __future__ import annotations

from functools import cache

from gaussmix.covariance import CovarianceType

_RANK = {"I": 0, "E": 1, "V": 2}


def contains(larger: CovarianceType, smaller: CovarianceType) -> bool:
    """Whether every covariance of `smaller` is one of `larger`: volume, shape, orientation each."""
    letters = zip(_letters(larger), _letters(smaller), strict=True)
    return all(_RANK[a] >= _RANK[b] for a, b in letters)


def contained(larger: CovarianceType, among: tuple[CovarianceType, ...]) -> list[CovarianceType]:
    """Return the members of `among` that `larger` contains, itself left out."""
    return [one for one in among if one is not larger and contains(larger, one)]


@cache
def in_order(structures: tuple[CovarianceType, ...]) -> tuple[CovarianceType, ...]:
    """Sort structures so that each comes after all that it contains, in mclust's order else."""
    return tuple(sorted(structures, key=lambda one: (depth(one), tuple(CovarianceType).index(one))))


def depth(structure: CovarianceType) -> int:
    """Return how many letters have been freed, one step at a time, from ``EII`` on."""
    return sum(_RANK[letter] for letter in _letters(structure)) - 1


def _letters(structure: CovarianceType) -> str:
    code = structure.code
    return code if len(code) > 1 else f"{code}II"
