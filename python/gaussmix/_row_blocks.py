"""Many rows a few at a time, where what is computed of each takes more than the row itself."""

from __future__ import annotations

from collections.abc import Iterator

ROWS_AT_ONCE = 2**16


def row_blocks(n_rows: int, at_once: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Cut rows 0 ... n_rows - 1 into slices of `at_once`; the last one may be shorter."""
    return (slice(begin, begin + at_once) for begin in range(0, n_rows, at_once))
