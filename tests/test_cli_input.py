"""The command line's way to its data: pipes, standard input, separators, and its own words."""

from __future__ import annotations

import argparse
import inspect
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import gaussmix
from gaussmix.cli import main
from gaussmix.cli._arguments import make_parser
from gaussmix.cli._wording import in_options
from gaussmix.datasets import load_faithful

FAITHFUL = Path(__file__).parent / "data" / "faithful.csv"
X = load_faithful().data
NOT_POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX pipes")


def fitted(capsys, *arguments: str) -> str:
    """Fit two components to Old Faithful; the line about what was read."""
    assert main(["fit", *arguments, "-k", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert f"{gaussmix.fit(X, 2, random_state=0).log_likelihood:.10g}" in captured.out
    return captured.out.partition("\n")[0]


def fails(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def separated(separator: str) -> str:
    return FAITHFUL.read_text().replace(",", separator)


# --- pipes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("separator", "options"), [(",", []), (";", ["--separator", ";"])])
def test_standard_input(capsys, monkeypatch, separator: str, options: list[str]) -> None:
    text = io.TextIOWrapper(io.BytesIO(separated(separator).encode()))
    monkeypatch.setattr(sys, "stdin", text)
    line = fitted(capsys, "-", *options)
    assert line == "standard input: 272 rows, 2 columns (eruptions, waiting)"


def test_standard_input_is_named_in_errors(capsys, monkeypatch) -> None:
    for text, message in (("", "no columns"), ("a,b\n1,x\n", "not numeric in standard input")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        line = fails(capsys, "fit", "-", "-k", "1")
        assert "standard input" in line
        assert message.lower() in line.lower()


@NOT_POSIX
@pytest.mark.parametrize("name", ["pipe", "pipe.csv"])
def test_a_pipe_is_read_once(tmp_path: Path, capsys, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(FAITHFUL.read_bytes(),), daemon=True)
    writer.start()
    assert fitted(capsys, str(path)).startswith(f"{path}: 272 rows")
    writer.join(10)


@NOT_POSIX
def test_standard_input_by_its_path() -> None:
    command = [sys.executable, "-m", "gaussmix", "fit", "/dev/stdin", "-k", "2"]
    run = subprocess.run(
        command, input=FAITHFUL.read_text(), capture_output=True, text=True, check=True
    )
    assert "272 rows" in run.stdout


# --- separators ---------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["\t", "\\t", "tab"])
def test_words_for_a_tab(tmp_path: Path, capsys, word: str) -> None:
    path = tmp_path / "d.txt"
    path.write_text(separated("\t"))
    assert "2 columns (eruptions, waiting)" in fitted(capsys, str(path), "--separator", word)


def test_blanks_as_separators(tmp_path: Path, capsys) -> None:
    path = tmp_path / "d.txt"
    path.write_text(separated("   "))
    assert "2 columns (eruptions, waiting)" in fitted(capsys, str(path), "--separator", r"\s+")


@pytest.mark.parametrize("word", ["", "::", "comma", "§"])
def test_a_separator_is_a_character(capsys, word: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fit", str(FAITHFUL), "-k", "2", "--separator", word])
    assert caught.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert "one character is wanted, or tab" in line
    assert repr(word) in line


# --- words --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("default")
def test_quiet_is_quiet_about_warnings(capsys) -> None:
    arguments = ["fit", str(FAITHFUL), "-k", "4", "--max-iter", "1", "--tol", "0"]
    assert main([*arguments, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(arguments) == 0
    assert "warning" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-k", "0"], "--components must be an integer >= 1"),
        (["-k", "273"], "--components=273 is more than"),
        (["-k", "2", "--threads", "0"], "--threads must be"),
        (["-k", "2", "--seed", "-1"], "--seed must be"),
        (["-k", "2", "--covariance", "factor"], "--covariance=factor needs --factors"),
        (["-k", "2", "--factors", "1"], "leave --factors out"),
        (["-k", "2", "--max-seconds", "0"], "--max-seconds must be"),
    ],
)
def test_errors_speak_of_options(capsys, options: list[str], said: str) -> None:
    line = fails(capsys, "fit", str(FAITHFUL), *options)
    assert said in line
    assert "_" not in line.replace(str(FAITHFUL), "")


def test_what_a_search_says_of_weights_names_an_option_that_is_there(
    tmp_path: Path, capsys
) -> None:
    path = tmp_path / "w.csv"
    path.write_text("a,w\n" + "\n".join(f"{i},0.01" for i in range(60)))
    arguments = ["select", str(path), "--weights", "w", "-k", "1:3"]
    line = fails(capsys, *arguments)
    assert "--weights sums to 0.6" in line
    assert "pass --sample-size=effective if" in line
    assert main([*arguments, "--sample-size=effective"]) == 0


def test_every_argument_that_has_an_option_is_put_in_its_words() -> None:
    """All options but those that no function takes, and one whose name is a word."""
    (commands,) = (
        action
        for action in make_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    known = {"columns", "separator", "header", "quiet", "help", "criterion", "plot", "report"}
    known |= {"table", "model_out", "labels_out", "responsibilities_out"}
    for function in (gaussmix.fit, gaussmix.select):
        options = {
            action.dest: action.option_strings[0]
            for action in commands.choices[function.__name__]._actions
            if action.option_strings and action.dest not in known
        }
        named = {in_options(name) for name in inspect.signature(function).parameters}
        assert set(options.values()) <= named


@pytest.mark.filterwarnings("default")
def test_advice_is_for_the_command_line(capsys) -> None:
    arguments = ["fit", str(FAITHFUL), "-k", "6", "--n-init", "5", "--max-iter", "3"]
    assert main([*arguments, "--tol", "0", "--init", "random"]) == 0
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "Raise --max-iter." in text
        assert "result" not in text
        assert "fit(" not in text


def test_columns_keep_their_names(tmp_path: Path, capsys) -> None:
    path = tmp_path / "d.csv"
    path.write_text("tol,max_iter\n" + "\n".join(f"{i},{i * i}" for i in range(9)))
    assert main(["fit", str(path), "-k", "1"]) == 0
    assert "2 columns (tol, max_iter)" in capsys.readouterr().out
    np.save(tmp_path / "n_components.npy", np.eye(2))
    line = fails(capsys, "fit", str(tmp_path / "n_components.npy"), "-k", "1", "--columns", "a")
    assert "n_components.npy" in line
