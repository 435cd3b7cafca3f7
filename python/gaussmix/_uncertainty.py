"""How likely a row is to belong to another component than it is assigned to."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import FloatArray


def uncertainty_of(responsibilities: FloatArray) -> FloatArray:
    """Return the sum of all responsibilities of each row but the largest.

    It is 1 minus the largest, with the digits that the difference loses.

    Examples
    --------
    >>> import numpy as np
    >>> uncertainty_of(np.array([[1.0, 1e-30], [0.25, 0.75]]))
    array([1.0e-30, 2.5e-01])
    """
    own = responsibilities.argmax(axis=1)[:, None]
    others = np.arange(responsibilities.shape[1]) != own
    values: FloatArray = responsibilities.sum(axis=1, where=others)
    return values
