"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import pytest

import gaussmix

MODULES = [
    info.name
    for info in pkgutil.walk_packages(gaussmix.__path__, "gaussmix.")
    if not info.name.endswith(("__main__", "._core"))
]


@pytest.mark.parametrize("name", ["gaussmix", *MODULES])
def test_examples(name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if ".plotting" in name:
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [example for name in MODULES for example in finder.find(importlib.import_module(name))]
    assert sum(bool(one.examples) for one in found) > 10
