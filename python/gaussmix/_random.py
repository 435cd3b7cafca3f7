"""One seed for the engine out of whatever a caller gives as ``random_state``."""

from __future__ import annotations

import operator

import numpy as np

from gaussmix._typing import RandomSource
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

_LIMIT = 2**63  # the engine's seed is a non-negative 64-bit integer


def seed_from(random_state: RandomSource) -> int:
    """Return a seed in [0, 2**63).

    Parameters
    ----------
    random_state : None, int, RandomState or Generator
        None draws from NumPy's global generator, so that ``numpy.random.seed`` governs it, as in
        scikit-learn. An integer is the seed itself. A generator is drawn from, and so moves on.

    Raises
    ------
    GaussmixError
        An integer outside the range.
    GaussmixTypeError
        Anything else.
    """
    if type(random_state) is not int:  # NumPy loads its generators on first use
        if random_state is None:
            return int(np.random.randint(_LIMIT, dtype=np.int64))  # noqa: NPY002
        if isinstance(random_state, np.random.RandomState):
            return int(random_state.randint(_LIMIT, dtype=np.int64))
        if isinstance(random_state, np.random.Generator):
            return int(random_state.integers(_LIMIT, dtype=np.int64))
    try:
        if isinstance(random_state, (bool, np.bool_)):
            raise TypeError
        seed = operator.index(random_state)
    except TypeError:
        raise GaussmixTypeError(
            "random_state must be None, an integer, a numpy.random.RandomState or a "
            f"numpy.random.Generator, got {random_state!r} of type {type(random_state).__name__}."
        ) from None
    if not 0 <= seed < _LIMIT:
        raise GaussmixError(f"random_state must be an integer in [0, 2**63), got {seed}.")
    return seed
