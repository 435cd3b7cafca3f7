"""Docstrings are what `help` and numpydoc can read."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
from collections.abc import Iterator

import pytest

MODULES = ("gaussmix", "gaussmix.plotting", "gaussmix.datasets")


def public_objects(module_name: str) -> Iterator[tuple[str, object]]:
    """All that the module offers, and the members of its classes."""
    module = importlib.import_module(module_name)
    for name in module.__all__:
        found = getattr(module, name)
        yield f"{module_name}.{name}", found
        if inspect.isclass(found):
            for member, value in inspect.getmembers(found):
                if not member.startswith("_"):
                    yield f"{module_name}.{name}.{member}", value


def faults(text: str) -> Iterator[str]:
    """A section counts where its title begins its line; a raw docstring cannot break a line."""
    lines = text.splitlines()
    for title, below in itertools.pairwise(lines):
        if re.fullmatch(r"\s*-{3,}\s*", below) and (title + below).startswith(" "):
            yield f"indented section {title.strip()!r}"
    yield from (f"ends in a backslash: {line}" for line in lines if line.endswith("\\"))
    yield from (f"has a gap: {line}" for line in lines if re.search(r"\w,  ", line))


@pytest.mark.parametrize("module_name", MODULES)
def test_sections_are_found(module_name: str) -> None:
    if module_name.endswith("plotting"):
        pytest.importorskip("matplotlib")
    wrong = {
        name: found
        for name, value in public_objects(module_name)
        if (found := [*faults(inspect.getdoc(value) or "")])
    }
    assert wrong == {}


def test_faults_are_seen() -> None:
    raw = inspect.cleandoc(r"""One line.

        Parameters
        ----------
        a, \
b : int
        """)
    assert [fault.partition(":")[0] for fault in faults(raw)] == [
        "indented section 'Parameters'",
        "ends in a backslash",
    ]
