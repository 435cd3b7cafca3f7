"""What is installed and what is running, for bug reports."""

from __future__ import annotations

import platform
import sys

import numpy as np

from gaussmix._runtime import core

__all__ = ["show_versions", "versions"]


def versions() -> dict[str, str]:
    """Return versions, compiler and hardware level, by name.

    Returns
    -------
    dict of str to str
        ``gaussmix``, ``python``, ``numpy``, ``platform``, ``compiler``, ``flags``, ``build type``,
        ``Eigen``, ``OpenMP``, ``SIMD levels built``, ``SIMD level running``,
        ``available threads``.

    Examples
    --------
    >>> import gaussmix
    >>> gaussmix.versions.versions()["gaussmix"] == gaussmix.__version__
    True
    """
    build = core.build_info()
    return {
        "gaussmix": str(build["version"]),
        "python": sys.version.replace("\n", " "),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "compiler": str(build["compiler"]),
        "flags": str(build["flags"]),
        "build type": str(build["build_type"]),
        "Eigen": str(build["eigen"]),
        "OpenMP": str(build["openmp"]),
        "SIMD levels built": ", ".join(build["simd_levels"]),
        "SIMD level running": str(build["simd_level"]),
        "available threads": str(core.available_threads()),
    }


def show_versions() -> None:
    """Print what `versions` says, one line each; paste it into a bug report."""
    table = versions()
    width = max(len(name) for name in table)
    for name, value in table.items():
        print(f"{name:<{width}}  {value}")
