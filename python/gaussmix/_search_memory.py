"""Whether a search over models can be held in memory: what its cells keep, and those in work."""

from __future__ import annotations

from typing import Any

from gaussmix._initial import NO_START
from gaussmix._lattice import next_within
from gaussmix._memory import bytes_of_fit, refuse
from gaussmix._search_starts import kind_for_all, sample_size
from gaussmix._typing import FloatArray
from gaussmix.covariance import CovarianceType

# Of rows that are held out: their weights, and the order in which they are drawn.
_BYTES_PER_ROW = 4 * 8
_REMEDIES = (
    "Search fewer or smaller numbers of components, fewer columns, covariance structures with "
    "fewer parameters ('EEE', 'VVI', 'VII'), or use fewer threads (n_threads)."
)


def check_memory_of_search(
    X: FloatArray,
    weighted: bool,
    structures: tuple[CovarianceType, ...],
    counts: tuple[int, ...],
    settings: dict[str, Any],
    n_threads: int,
    limit: int | None,
    *,
    held_out: bool,
) -> None:
    """Refuse a search that would need more memory than there is or than `limit`.

    Counted are the fits that all cells keep, the sums and labels of the common partitions, and the
    cells that are in work at once, taken for the largest ones. Where rows are held out, there is
    another such search among copies of the other rows. It is an upper bound.

    Raises
    ------
    InsufficientMemoryError
    """
    if not counts:
        return
    plain = {name: value for name, value in settings.items() if name not in {*NO_START, "seed"}}

    def of_fit(structure: str, K: int, threads: int, **changed: Any) -> tuple[float, float]:
        """Return what a fit takes to its end, and what the result of it does."""
        model = {"covariance_type": structure, "n_components": K, "n_threads": threads}
        kept, working, handed_over = bytes_of_fit(X, weighted, plain | model | changed)
        return kept + max(working, handed_over), handed_over

    kept, in_work, for_threads = 0.0, [], 0.0
    for structure in structures:
        n_starts = len(next_within(structure, structures)) + 2  # the partition, and the split
        for K in counts:
            alone, result = of_fit(structure.value, K, 1)
            kept += result
            # Of each start its parameters, a short fit and one that is carried on; halves that are
            # tried; the matrices of all components, in which starts are handed on; and that of
            # the one that is halved, in units of the columns.
            beside = 3 * (n_starts + 1) * result + (3 * K + 2) * 8 * X.shape[1] ** 2
            in_work.append(alone + beside)
            for_threads = max(for_threads, of_fit(structure.value, K, n_threads)[0] - alone)
    cells = sum(sorted(in_work)[-n_threads:]) + for_threads
    # The partitions are made before any cell: the tree, and sums as those of such a start.
    form = "full" if kind_for_all(structures) == "full" else "diag"
    partitions, _ = of_fit(form, counts[-1], n_threads, init_params="hierarchical")
    needed = kept + _of_partitions(X, counts, form) + max(cells, partitions)
    if held_out:
        needed += kept + X.nbytes + _BYTES_PER_ROW * len(X)
    refuse(needed, limit, "the search", _REMEDIES)


def _of_partitions(X: FloatArray, counts: tuple[int, ...], form: str) -> float:
    """Return what is held of the partitions of the rows, and of the rows that are drawn."""
    n_rows, n_features = X.shape
    sums = 8 * (n_features**2 if form == "full" else n_features) * sum(counts)
    drawn = min(n_rows, sample_size(counts[-1], n_features))
    of_rows = 8 * n_rows * (len(counts) + 4)  # labels
    of_drawn = drawn * (n_features * X.itemsize + 16)
    return float(sums + of_rows + of_drawn)
