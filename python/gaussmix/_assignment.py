"""Assigning rows to columns, one to one, at the least total cost."""

from __future__ import annotations

import numpy as np

from gaussmix._typing import Float64Array, Int64Array


def least_cost_assignment(cost: Float64Array) -> Int64Array:
    """Return the column of each row such that all columns are taken and the sum is least.

    The Hungarian method [1]_ by shortest augmenting paths [2]_: rows whose least entries are in
    different columns are assigned at once, and each other row takes O(K^2).

    Parameters
    ----------
    cost : ndarray of shape (K, K)
        Finite.

    Returns
    -------
    ndarray of shape (K,), int64

    References
    ----------
    .. [1] H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics
       Quarterly 2 (1955), 83-97.
    .. [2] R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and sparse
       linear assignment problems", Computing 38 (1987), 325-340.

    Examples
    --------
    >>> import numpy as np
    >>> least_cost_assignment(np.array([[1.0, 2.0], [1.0, 9.0]]))
    array([1, 0])
    """
    prices = _Prices(cost)
    for row in prices.assign_least():
        prices.augment(row)
    return prices.column_of


class _Prices:
    """A partial assignment and dual prices: cost >= row + column, and equal where assigned."""

    def __init__(self, cost: Float64Array) -> None:
        self.cost = cost
        self.of_row = cost.min(axis=1)
        self.of_column = np.zeros(len(cost))
        self.column_of = np.full(len(cost), -1, dtype=np.int64)
        self.row_of = np.full(len(cost), -1, dtype=np.int64)

    def assign_least(self) -> list[int]:
        """Give each row its least column where that is free; return the rows left over."""
        left = []
        for row, column in enumerate(self.cost.argmin(axis=1)):
            if self.row_of[column] < 0:
                self.column_of[row], self.row_of[column] = column, row
            else:
                left.append(row)
        return left

    def augment(self, start: int) -> None:
        """Assign one more row, at the least rise of the total (Dijkstra over the columns)."""
        size = len(self.cost)
        distance = np.full(size, np.inf)
        before = np.full(size, -1, dtype=np.int64)  # the row from which a column is reached
        done = np.zeros(size, dtype=bool)
        row, least = start, 0.0
        while True:
            reached = least + self.cost[row] - self.of_row[row] - self.of_column
            nearer = ~done & (reached < distance)
            distance[nearer], before[nearer] = reached[nearer], row
            column = int(np.where(done, np.inf, distance).argmin())
            least, done[column] = distance[column], True
            if self.row_of[column] < 0:
                break
            row = self.row_of[column]
        self._raise_prices(start, least, distance, done)
        while True:
            row = int(before[column])
            self.row_of[column] = row
            self.column_of[row], column = column, int(self.column_of[row])
            if row == start:
                return

    def _raise_prices(self, start: int, least: float, distance: Float64Array, done: object) -> None:
        assigned = np.flatnonzero(np.asarray(done) & (self.row_of >= 0))
        self.of_row[start] += least
        self.of_row[self.row_of[assigned]] += least - distance[assigned]
        self.of_column[assigned] -= least - distance[assigned]
