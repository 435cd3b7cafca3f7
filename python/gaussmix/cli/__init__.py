"""The command line: ``gaussmix`` and ``python -m gaussmix``.

Without arguments it fits bundled data and says what to do next; ``gaussmix fit DATA`` fits a
file; ``gaussmix versions`` tells how this copy was built.

Exit codes: 0 done, 1 an error told in one line, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from gaussmix.cli._main import main

__all__ = ["main"]
