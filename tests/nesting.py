"""Which models contain which, by itself: the letters of a code, and a component more."""

from __future__ import annotations

import math
from itertools import product

import gaussmix as gx

_FREEDOM = {"I": 0, "E": 1, "V": 2}
RELATIVE = 1e-6


def within(smaller: str, larger: str) -> bool:
    """Whether `larger` can be `smaller`: a structure of one letter is that of one column."""
    return all(
        _FREEDOM[a] <= _FREEDOM[b]
        for a, b in zip(smaller.ljust(3, "I"), larger.ljust(3, "I"), strict=True)
    )


def violations(found: gx.SelectionResult) -> list[str]:
    """Every pair of models of which the larger is the less likely one, or has no fit."""
    table = {
        (cell.covariance_type.code, cell.n_components): cell.log_likelihood for cell in found.cells
    }
    said = []
    for (smaller, few), (larger, many) in product(table, table):
        if (smaller, few) == (larger, many) or few > many or not within(smaller, larger):
            continue
        if (larger, many) in found.failures and "fewer than the" in found.failures[larger, many]:
            continue
        least = table[smaller, few] - RELATIVE * abs(table[smaller, few])
        if not (table[larger, many] >= least or math.isnan(table[smaller, few])):
            said.append(
                f"{larger} {many} ({table[larger, many]:.9g}) below "
                f"{smaller} {few} ({table[smaller, few]:.9g})"
            )
    return said
