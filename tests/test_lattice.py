"""The order of the covariance structures: which contain which."""

from __future__ import annotations

from itertools import product

import pytest

from gaussmix._lattice import contains, depth, next_within
from gaussmix.covariance import CovarianceType, n_parameters, resolve_covariance_type
from nesting import within

CODES = [
    "EII",
    "VII",
    "EEI",
    "VEI",
    "EVI",
    "VVI",
    "EEE",
    "VEE",
    "EVE",
    "VVE",
    "EEV",
    "VEV",
    "EVV",
    "VVV",
]
ALL = tuple(resolve_covariance_type(code) for code in CODES)


def closure(structure: CovarianceType, among: tuple[CovarianceType, ...]) -> set[CovarianceType]:
    """What is reached from a structure by steps of `next_within`."""
    reached = set(next_within(structure, among))
    return reached.union(*(closure(one, among) for one in reached))


def test_containment_is_that_of_the_letters():
    pairs = [(a, b) for a, b in product(ALL, ALL) if contains(b, a)]
    assert {(a.code, b.code) for a, b in pairs} == {
        (a, b) for a, b in product(CODES, CODES) if within(a, b)
    }
    assert len(pairs) == 3 * 25  # 3 pairs of volumes; 7 + 6 + 3 + 4 + 2 + 2 + 1 of the rest


@pytest.mark.parametrize(
    ("larger", "smaller", "expected"),
    [
        ("VVV", "EII", True),
        ("EEE", "EEI", True),
        ("EEE", "VII", False),  # of equal volumes
        ("EEV", "EEE", True),
        ("VVI", "EEE", False),  # correlated
        ("EVV", "VEI", False),
        ("VEI", "VII", True),
        ("EEV", "EVI", False),  # of unequal shapes
    ],
)
def test_containment_by_hand(larger: str, smaller: str, expected: bool):
    assert contains(*(resolve_covariance_type(code) for code in (larger, smaller))) is expected


@pytest.mark.parametrize("among", [ALL, ALL[::-1], ALL[::3], (ALL[13], ALL[1]), ALL[6:]])
def test_steps_reach_everything_within_and_nothing_twice(among: tuple[CovarianceType, ...]):
    for structure in among:
        steps = next_within(structure, among)
        assert closure(structure, among) == {
            one for one in among if one is not structure and contains(structure, one)
        }
        assert not any(contains(a, b) for a, b in product(steps, steps) if a is not b)


def test_larger_structures_are_deeper_and_have_more_parameters():
    for larger, smaller in product(ALL, ALL):
        if larger is not smaller and contains(larger, smaller):
            assert depth(larger) > depth(smaller)
            assert n_parameters(larger, 3, 4) > n_parameters(smaller, 3, 4)


def test_one_column():
    E, V = (resolve_covariance_type(code) for code in "EV")
    assert contains(V, E)
    assert not contains(E, V)
    assert next_within(V, (E, V)) == (E,)
    assert depth(V) > depth(E)


def test_of_twins_the_earlier_one_is_within_the_other():
    E, V, EII, VII = (resolve_covariance_type(code) for code in ("E", "V", "EII", "VII"))
    assert next_within(EII, (E, V, EII, VII)) == (E,)
    assert next_within(E, (E, V, EII, VII)) == ()
    assert next_within(V, (E, V, EII, VII)) == (EII,)  # which contains E
    assert next_within(VII, (E, V, EII, VII)) == (V,)
    assert next_within(E, (VII, EII, E)) == (EII,)
