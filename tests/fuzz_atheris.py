"""The wrong calls of `fuzz_bindings`, chosen by Atheris: ``python fuzz_atheris.py -runs=100000``.

Its bytes stand for the choices of function and of what is spoilt, and it goes on from bytes that
led somewhere new in the Python code, that of the calls included. The extension itself is not
instrumented: GCC has no libFuzzer. A crash leaves its bytes in a file; give the file as an
argument to repeat it.
"""

from __future__ import annotations

import random
import sys
import warnings

import atheris
import numpy as np

with atheris.instrument_imports():
    from fuzz_bindings import limit_memory, run


class FromBytes(random.Random):
    """Choices that are read from bytes; after their end always the same ones."""

    def __new__(cls, _: atheris.FuzzedDataProvider) -> FromBytes:
        return super().__new__(cls)

    def __init__(self, provider: atheris.FuzzedDataProvider) -> None:
        self._provider = provider
        self._after = random.Random(0)
        super().__init__(0)

    def getrandbits(self, k: int) -> int:
        if self._provider.remaining_bytes() == 0:
            return self._after.getrandbits(k)
        return self._provider.ConsumeIntInRange(0, 2**k - 1)

    def random(self) -> float:
        return self.getrandbits(16) / 2**16


def one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    rng = np.random.default_rng(provider.ConsumeIntInRange(0, 2**16 - 1))
    run(FromBytes(provider), rng)


if __name__ == "__main__":
    limit_memory()
    warnings.simplefilter("ignore")
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
