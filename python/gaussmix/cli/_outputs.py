"""The files that ``gaussmix fit`` writes."""

from __future__ import annotations

import argparse
import os
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gaussmix._replace_file import replace_file
from gaussmix._row_blocks import row_blocks
from gaussmix.mixture import Mixture

_TABLE_SUFFIXES = (".csv", ".npy")
FIT_OUTPUTS = {
    "labels_out": _TABLE_SUFFIXES,
    "responsibilities_out": _TABLE_SUFFIXES,
    "model_out": (),
}


def write_outputs(mixture: Mixture, X: Any, options: argparse.Namespace) -> list[str]:
    """Write the files that were asked for; return a sentence about each."""
    written = []
    if options.labels_out is not None:
        labels = mixture.assign(X, n_threads=options.threads)
        _write_table(options.labels_out, labels[:, np.newaxis], ["label"], flat=True)
        written.append(f"labels written to {options.labels_out}")
    if options.responsibilities_out is not None:
        values = mixture.responsibilities(X, n_threads=options.threads)
        names = [f"component_{k}" for k in range(mixture.n_components)]
        _write_table(options.responsibilities_out, values, names)
        written.append(f"responsibilities written to {options.responsibilities_out}")
    if options.model_out is not None:
        mixture.save(options.model_out)
        written.append(model_written(options.model_out))
    return written


def model_written(path: str) -> str:
    """Say where the model is, and how to get it back."""
    return f"model written to {path}; in Python: gaussmix.load({os.fspath(path)!r})"


def _write_table(path: str, values: NDArray[Any], names: list[str], *, flat: bool = False) -> None:
    """Write rows of values; `flat` makes a single column one-dimensional in a .npy file."""
    with replace_file(path) as file:
        if PurePath(path).suffix.lower() == ".npy":
            _write_npy(file, values[:, 0] if flat else values)
        else:  # a pipe gets text, whatever its name
            _write_csv(file, values, names)


def _write_npy(file: BinaryIO, values: NDArray[Any]) -> None:
    np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)


def _write_csv(file: BinaryIO, values: NDArray[Any], names: list[str]) -> None:
    """Write in chunks; a float's repr reads back to the same bits."""
    file.write((",".join(names) + "\n").encode())
    for rows in row_blocks(len(values)):
        lines = (",".join(map(repr, row)) + "\n" for row in values[rows].tolist())
        file.write("".join(lines).encode())
