"""README's Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.S) if README.exists() else []


@pytest.mark.skipif(not README.exists(), reason="runs where the source tree is")
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})


@pytest.mark.skipif(not README.exists(), reason="runs where the source tree is")
def test_the_first_two_commands_are_the_documented_ones() -> None:
    commands = re.findall(r"```\n(pip install .*?)\n```", README.read_text())
    assert commands[:2] == [
        "pip install . && python -m gaussmix",
        "pip install nox && nox -s tests",
    ]
