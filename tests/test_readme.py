"""README's Python runs as it stands, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gaussmix as gx

README = Path(__file__).parent.parent / "README.md"
if not README.exists():
    pytest.skip("needs the source tree of gaussmix", allow_module_level=True)

EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
OUTPUT = re.compile(r"print\(.*\)  # ([\w ]+ [\d.]+)$", re.M)  # all else after # is explanation
NUMBER = re.compile(r"(\d+\.\d+(?:e-?\d+)?)")


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(
    example: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    for said in OUTPUT.findall(example):
        assert said in printed


def test_an_output_is_compared() -> None:
    assert OUTPUT.findall("\n".join(EXAMPLES)) == ["EEE 3 2314.3"]


def test_the_first_command_prints_what_is_shown() -> None:
    """But for times, and the last digits of sums, which are those of the machine's kernels."""
    text = README.read_text()
    first, shown = re.findall(
        r"```\n(pip install \. .*?)\n```.*?prints:\n\n```\n(.*?)```", text, re.S
    )[0]
    assert first == "pip install . && python -m gaussmix"
    command = [sys.executable, "-m", "gaussmix"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in shown.splitlines() if not line.startswith("seconds ")]
    there = [line for line in printed.splitlines() if not line.startswith("seconds ")]
    for said, line in zip(lines, there[: len(lines)], strict=True):
        assert NUMBER.sub("#", said) == NUMBER.sub("#", line)
        ours, theirs = ([*map(float, NUMBER.findall(one))] for one in (said, line))
        assert ours == pytest.approx(theirs, rel=1e-6)


def test_the_second_command_runs_a_session_that_there_is() -> None:
    second = re.findall(r"```\npip install nox && nox -s (\w+)\n```", README.read_text())
    sessions = re.findall(
        r"^@nox\.session.*\ndef (\w+)", (README.parent / "noxfile.py").read_text(), re.M
    )
    assert second == ["tests"]
    named = re.findall(r"^nox -s (\w+)", README.read_text(), re.M)
    assert set(second + named) <= set(sessions)


def test_what_factor_analysers_lack_is_what_refuses_them() -> None:
    sentence = re.findall(r"([^.]*) are not available for it\.", README.read_text())[0]
    X = np.random.default_rng(0).normal(size=(60, 6))
    options = {"covariance_type": "factor", "n_factors": 1, "random_state": 0}
    result = gx.fit(X, 2, **options)
    matrices = np.array([np.eye(6)] * 2)
    calls = {
        "prior": lambda: gx.fit(X, 2, prior=gx.Prior(), **options),
        "max_eigenvalue_ratio": lambda: gx.fit(X, 2, max_eigenvalue_ratio=10.0, **options),
        "covariances_init": lambda: gx.fit(X, 2, covariances_init=matrices, **options),
        "precisions_init": lambda: gx.fit(X, 2, precisions_init=matrices, **options),
        "e_step": lambda: gx.e_step(X, result.mixture),
        "m_step": lambda: gx.m_step(gx.e_step(X, gx.fit(X, 2).mixture), covariance_type="factor"),
        "select": lambda: gx.select(X, 2, ["factor"]),
        "bootstrap": lambda: gx.bootstrap(X, result),
        "bootstrap_lrt": lambda: gx.bootstrap_lrt(X, covariance_type="factor"),
    }
    assert set(re.findall(r"`(\w+)`", sentence)) == set(calls)
    for call in calls.values():
        with pytest.raises(gx.GaussmixError, match="covariance_type='factor'"):
            call()
