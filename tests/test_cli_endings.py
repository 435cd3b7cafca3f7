"""How a command ends: exit codes, one line per error, Ctrl-C, a closed pipe."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gaussmix
from gaussmix import FitInterrupted
from gaussmix.cli import main
from gaussmix.datasets import load_faithful

DATA = Path(__file__).parent / "data"
FAITHFUL = str(DATA / "faithful.csv")
IRIS = str(DATA / "iris.csv")


def fails(capsys, *arguments: str) -> str:
    """Run a command that must fail with one line on stderr and nothing on stdout; the line."""
    assert main(list(arguments)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("gaussmix: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def misused(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_text_columns_are_named_and_the_others_offered(capsys) -> None:
    line = fails(capsys, "fit", IRIS, "-k", "3")
    assert "'Species'" in line
    assert "--columns Sepal.Length,Sepal.Width,Petal.Length,Petal.Width" in line


def test_unknown_columns_get_the_nearest(capsys) -> None:
    line = fails(capsys, "fit", FAITHFUL, "-k", "2", "--columns", "eruption,waiting")
    assert "no column 'eruption'; nearest: 'eruptions'" in line


def test_missing_files(tmp_path: Path, capsys) -> None:
    for name in ("none.csv", "none.npy", "none.parquet"):
        line = fails(capsys, "fit", str(tmp_path / name), "-k", "2")
        assert name in line
        assert os.strerror(2) in line


def test_a_missing_library_is_named_with_its_extra(capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert 'pip install "gaussmix[io]"' in fails(capsys, "fit", FAITHFUL, "-k", "2")


def test_missing_values(tmp_path: Path, capsys) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,2\n3,\n")
    assert "column 'b', row 2" in fails(capsys, "fit", str(path), "-k", "1")


def test_an_error_of_the_fit_is_one_line(capsys) -> None:
    assert "--components" in fails(capsys, "fit", FAITHFUL, "-k", "0")
    assert "273" in fails(capsys, "fit", FAITHFUL, "-k", "273")
    assert "tol" in fails(capsys, "fit", FAITHFUL, "-k", "2", "--tol", "-1")
    assert "--threads" in fails(capsys, "fit", FAITHFUL, "-k", "2", "--threads", "0")


@pytest.mark.parametrize("how", [["fit", "-k", "150"], ["select", "--components", "1:150"]])
def test_too_little_memory_is_told_in_the_words_of_the_command_line(
    how: list[str], tmp_path: Path, capsys, monkeypatch
) -> None:
    np.save(tmp_path / "wide.npy", np.random.default_rng(0).normal(size=(200, 300)))
    monkeypatch.setattr("gaussmix._memory.available_memory", lambda: 2**20)
    line = fails(capsys, how[0], str(tmp_path / "wide.npy"), *how[1:])
    assert line.startswith("gaussmix: error: not enough memory: beside the data, the ")
    assert "only 1 MiB (1,048,576 bytes) are available. " in line
    assert "(--threads)" in line
    assert not re.search(r"n_init|n_threads|covariance_type", line)


def test_memory_that_runs_out_on_the_way_is_an_error_of_one_line(capsys, monkeypatch) -> None:
    def no_more(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gaussmix.cli._fit.fit", no_more)
    assert fails(capsys, "fit", FAITHFUL, "-k", "2") == "gaussmix: error: not enough memory\n"


@pytest.mark.parametrize("option", ["--labels-out", "--responsibilities-out", "--model-out"])
def test_outputs_that_cannot_be_written_stop_before_the_work(
    tmp_path: Path, capsys, monkeypatch, option: str
) -> None:
    def never(*_, **__):
        raise AssertionError("the data were read")

    monkeypatch.setattr("gaussmix.cli._fit.read_table", never)
    arguments = ["fit", FAITHFUL, "-k", "2", option]
    assert "does not exist" in fails(capsys, *arguments, str(tmp_path / "none" / "x.csv"))
    (tmp_path / "folder.csv").mkdir()
    assert os.strerror(21) in fails(capsys, *arguments, str(tmp_path / "folder.csv"))
    assert "DATA name the same file" in fails(capsys, *arguments, FAITHFUL)
    if option != "--model-out":
        assert "wants a .csv or .npy" in fails(capsys, *arguments, str(tmp_path / "x.parquet"))
        twice = str(tmp_path / "x.csv")
        assert "same file" in fails(capsys, *arguments, twice, "--model-out", twice)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folders_that_may_not_be_written(tmp_path: Path, capsys) -> None:
    tmp_path.chmod(0o500)
    line = fails(capsys, "fit", FAITHFUL, "-k", "2", "--model-out", str(tmp_path / "m"))
    assert os.strerror(13) in line


def test_old_outputs_survive_a_failed_command(tmp_path: Path, capsys) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("old")
    fails(capsys, "fit", FAITHFUL, "-k", "0", "--labels-out", str(labels))
    assert labels.read_text() == "old"


def test_bugs_are_not_hidden(monkeypatch) -> None:
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("gaussmix.cli._fit.read_table", broken)
    with pytest.raises(ZeroDivisionError):
        main(["fit", FAITHFUL, "-k", "2"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit"],
        ["fit", FAITHFUL],
        ["fit", FAITHFUL, "--components", "two"],
        ["fit", FAITHFUL, "-k", "2", "--tol", "small"],
        ["fit", FAITHFUL, "-k", "2", "--init", "best"],
        ["fit", FAITHFUL, "-k", "2", "--columns", ""],
        ["fit", FAITHFUL, "-k", "2", "--unknown"],
        ["fit", FAITHFUL, "-k", "2", "--comp", "3"],
        ["unknown"],
        ["--unknown"],
    ],
)
def test_wrong_usage_is_told_with_code_2(capsys, arguments) -> None:
    assert "usage: gaussmix" in misused(capsys, *arguments)


@pytest.mark.parametrize("command", ["fit", "select"])
@pytest.mark.parametrize("name", ["d.npy", "d.parquet", "D.NPY"])
@pytest.mark.parametrize("option", ["--header", "--no-header", "--separator=;"])
def test_options_of_text_are_refused_for_other_files(
    tmp_path: Path, capsys, command: str, name: str, option: str
) -> None:
    np.save(tmp_path / "d.npy", np.eye(3))
    text = misused(capsys, command, str(tmp_path / name), "-k", "1", option)
    assert f"usage: gaussmix {command}" in text
    flag = option.partition("=")[0]
    assert text.splitlines()[-1] == (
        f"gaussmix {command}: error: {flag} is for delimited text, and {str(tmp_path / name)!r} is "
        "none: leave it out"
    )


def test_an_unknown_covariance_gets_the_nearest(capsys) -> None:
    line = misused(capsys, "fit", FAITHFUL, "-k", "2", "--covariance", "sferical").splitlines()[-1]
    assert "--covariance" in line
    assert "spherical" in line


# --- interrupted --------------------------------------------------------------------------------


def test_ctrl_c_shows_the_best_so_far(capsys, monkeypatch, tmp_path: Path) -> None:
    best = gaussmix.fit(load_faithful().data, 2, random_state=0)

    def interrupted(*_, **__):
        raise FitInterrupted("stopped", best)

    monkeypatch.setattr("gaussmix.cli._fit.fit", interrupted)
    model = tmp_path / "m"
    assert main(["fit", FAITHFUL, "-k", "2", "--model-out", str(model)]) == 130
    captured = capsys.readouterr()
    assert captured.out == best.summary() + "\n"
    assert captured.err.startswith("gaussmix: interrupted: ")
    assert not model.exists()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), FitInterrupted("stopped", None)])
def test_ctrl_c_before_there_is_a_result(capsys, monkeypatch, interruption) -> None:
    def interrupted(*_, **__):
        raise interruption

    monkeypatch.setattr("gaussmix.cli._fit.fit", interrupted)
    assert main(["fit", FAITHFUL, "-k", "2"]) == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("gaussmix: interrupted: ")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_real_interrupt_of_a_long_fit(tmp_path: Path) -> None:
    """SIGINT in the middle of EM: the summary so far, no traceback, code 130."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "d.npy", rng.normal(size=(200_000, 4)))
    options = ["-k", "8", "--n-init", "1000", "--max-iter", "100000", "--tol", "0"]
    code = (
        "import sys; from gaussmix.cli import main, _fit\n"
        "real = _fit.fit\n"
        "def fit(*a, **k):\n    print('fitting', flush=True)\n    return real(*a, **k)\n"
        "_fit.fit = fit\n"
        "sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "fit", str(tmp_path / "d.npy"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "fitting\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.startswith("gaussmix: interrupted: ")
    assert "best fit so far" in err
    assert "log-likelihood" in out


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX pipes")
@pytest.mark.parametrize("arguments", [[], ["fit", FAITHFUL, "-k", "2"], ["fit", "--help"]])
def test_stdout_closed_early_is_no_error_and_loses_no_file(tmp_path: Path, arguments) -> None:
    model = tmp_path / "model"
    if FAITHFUL in arguments:
        arguments = [*arguments, "--model-out", str(model)]
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as closed:
        run = subprocess.run(
            [sys.executable, "-m", "gaussmix", *arguments],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.stderr == ""
    assert run.returncode == 0
    assert model.exists() == (FAITHFUL in arguments)
