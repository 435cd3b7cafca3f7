"""Where statistics come from: the columns that they are of, and the mixture they were made under.

Parts of data add up only where both are the same. Neither can be seen in the sums themselves.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from gaussmix.exceptions import GaussmixError

if TYPE_CHECKING:
    from gaussmix.mixture import Mixture

LARGEST_DIGEST = 2**32 - 1


def digest_of(mixture: Mixture) -> int:
    """Return a number that equal mixtures share, on whichever machine, and others hardly ever.

    Names of columns play no part. CRC-32 is no defence against malice, and takes a few per cent of
    the shortest E-step.
    """
    digest = zlib.crc32(mixture.covariance_type.value.encode())
    # The covariances as they were given or fitted: their factors may differ in the last bit from
    # one machine's LAPACK to another's.
    for array in (mixture.weights, mixture.means, mixture.covariances):
        digest = zlib.crc32(array.data, digest)
    return digest


def common_digest(first: int | None, second: int | None) -> int | None:
    """Return the digest of the one mixture that both are of; None is not known, and fits any."""
    if first is not None and second is not None and first != second:
        raise GaussmixError(
            "statistics that were made under different mixtures do not add up to those of any: run "
            "e_step with the same mixture on every part (a worker may still hold that of an "
            "earlier pass). Where this is meant, as in a stream, statistics.scale(1.0) forgets the "
            "mixture."
        )
    return second if first is None else first


def common_names(
    first: tuple[str, ...] | None, second: tuple[str, ...] | None, whose: str
) -> tuple[str, ...] | None:
    """Return the names of the columns that both have; None is not known, and fits any.

    `whose` says in an error what the two are.
    """
    if first is not None and second is not None and first != second:
        column = next(
            i for i, names in enumerate(zip(first, second, strict=True)) if len({*names}) > 1
        )
        raise GaussmixError(
            f"{whose} are of different columns: column {column} is {first[column]!r} in one and "
            f"{second[column]!r} in the other. Give the same columns in the same order to every "
            "step."
        )
    return second if first is None else first
