"""What is said about a file that cannot be read: which one, and what might help."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gaussmix._io import read_table
from gaussmix.exceptions import GaussmixError


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_damaged_compressed_text_is_named(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"d.csv.{suffix}"
    pd.DataFrame(np.random.default_rng(0).normal(size=(5000, 2))).to_csv(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))] or b"hello" * 20)
    with pytest.raises(GaussmixError, match=rf"d\.csv\.{suffix}' cannot be read as a table"):
        read_table(str(path))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize(
    ("row", "options"),
    [("1{0}2", {}), ("1,5{0}2,5", {}), ("1{0}2", {"columns": ["a"]}), ("1{0}2", {"header": False})],
)
def test_another_separator_is_suggested(tmp_path: Path, separator: str, row: str, options) -> None:
    path = tmp_path / "d.csv"
    path.write_text(f"a{separator}b\n" + f"{row.format(separator)}\n" * 3)
    said = "--separator " + ("tab" if separator == "\t" else f"'{separator}'")
    with pytest.raises(GaussmixError, match=re.escape(said)):
        read_table(str(path), **options)


def test_a_name_may_hold_what_separates_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text('"a;b"\n1\n2\n')
    assert read_table(str(path)).names == ("a;b",)
