"""Which covariance structures contain which: the order in which a search can build on itself."""

from __future__ import annotations

from functools import cache

from gaussmix.covariance import CovarianceType

_RANK = {"I": 0, "E": 1, "V": 2}


def contains(larger: CovarianceType, smaller: CovarianceType) -> bool:
    """Whether every covariance of `smaller` is one of `larger`: volume, shape, orientation each."""
    letters = zip(_letters(larger), _letters(smaller), strict=True)
    return all(_RANK[a] >= _RANK[b] for a, b in letters)


@cache
def next_within(
    larger: CovarianceType, among: tuple[CovarianceType, ...]
) -> tuple[CovarianceType, ...]:
    """Return the members of `among` within `larger` that are within no other of them.

    Of two that are the same, as E and EII are, the earlier one counts as within the other.
    """

    def is_within(one: CovarianceType, other: CovarianceType) -> bool:
        if one is other or not contains(other, one):
            return False
        return not contains(one, other) or among.index(one) < among.index(other)

    inside = [one for one in among if is_within(one, larger)]
    return tuple(one for one in inside if not any(is_within(one, other) for other in inside))


def depth(structure: CovarianceType) -> int:
    """Return how many letters have been freed, one step at a time, from ``EII`` on."""
    return sum(_RANK[letter] for letter in _letters(structure)) - 1


def _letters(structure: CovarianceType) -> str:
    code = structure.code
    return code if len(code) > 1 else f"{code}II"
