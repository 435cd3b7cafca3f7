"""random_state becomes one seed: the same one for the same state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gaussmix._random import seed_from


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1, np.int32(5), np.uint64(7)])
def test_an_integer_is_the_seed(seed: Any) -> None:
    assert seed_from(seed) == int(seed)
    assert type(seed_from(seed)) is int


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_is_drawn_from(make: Any) -> None:
    first, second = make(3), make(3)
    seeds = [seed_from(first) for _ in range(100)]
    assert seeds == [seed_from(second) for _ in range(100)]
    assert len(set(seeds)) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)
    # The top bit of 63 is set in about half of them: the whole range is in use.
    assert 20 < sum(seed >= 2**62 for seed in seeds) < 80


def test_none_follows_the_global_generator() -> None:
    state = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(12)  # noqa: NPY002
        first = [seed_from(None), seed_from(None)]
        np.random.seed(12)  # noqa: NPY002
        assert [seed_from(None), seed_from(None)] == first
        assert first[0] != first[1]
    finally:
        np.random.set_state(state)  # noqa: NPY002
