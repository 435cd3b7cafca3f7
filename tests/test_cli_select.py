"""``gaussmix select``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import csv
import html
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gaussmix as gx
from gaussmix.cli import main
from gaussmix.cli._arguments import make_parser
from gaussmix.cli._select_arguments import counts, structures
from gaussmix.cli._select_outputs import _command
from gaussmix.datasets import load_faithful

FAITHFUL = str(Path(__file__).parent / "data" / "faithful.csv")
IRIS = str(Path(__file__).parent / "data" / "iris.csv")
FEW = ["--components", "1:4", "--structures", "EEE,VVV"]


@pytest.fixture(scope="module")
def expected() -> gx.SelectionResult:
    pandas = pytest.importorskip("pandas")
    return gx.select(pandas.read_csv(FAITHFUL), [1, 2, 3, 4], ["EEE", "VVV"], random_state=0)


def without_seconds(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("seconds ")]


def fails(capsys, *arguments: str) -> str:
    assert main(["select", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("gaussmix: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


# --- what it prints -----------------------------------------------------------------------------


def test_the_choice_its_rivals_the_table_and_the_best_fit(capsys, expected) -> None:
    assert main(["select", FAITHFUL, *FEW]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    shown = without_seconds(captured.out)
    assert shown[0] == f"{FAITHFUL}: 272 rows, 2 columns (eruptions, waiting)"
    wanted = f"{expected.summary()}\n\n{expected.best.summary()}"
    assert shown[2:] == without_seconds(wanted)


def test_by_default_all_structures_with_up_to_nine_components(capsys) -> None:
    assert main(["select", FAITHFUL]) == 0
    out = capsys.readouterr().out
    assert "Best of 126 models by bic: EEE with 3 components" in out


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1:9", list(range(1, 10))), ("1,2,5", [1, 2, 5]), ("2:3,8", [2, 3, 8]), ("4", [4])],
)
def test_numbers_of_components(text: str, wanted: list[int]) -> None:
    assert counts(text) == wanted


def test_names_of_structures() -> None:
    assert structures("all") is None
    found = structures("full, VVI,tied")
    assert found is not None
    assert [one.code for one in found] == ["VVV", "VVI", "EEE"]


def test_every_option_reaches_the_search(monkeypatch) -> None:
    seen = {}
    real = gx.select

    def select(X, n_components, covariance_types, **options):
        seen.update(options, X=X, counts=n_components, structures=covariance_types)
        return real(X, n_components, covariance_types, **options)

    monkeypatch.setattr("gaussmix.cli._select.select", select)
    options = {
        "--components": "1,3",
        "--structures": "VVI",
        "--criterion": "cv",
        "--folds": "3",
        "--sample-size": "effective",
        "--max-iter": "77",
        "--seed": "5",
        "--threads": "1",
        "--weights": "Petal.Width",
        "--columns": "Petal.Length,Sepal.Length",
    }
    words = [word for pair in options.items() for word in pair]
    assert main(["select", IRIS, *words, "--quiet"]) == 0
    with open(IRIS, newline="") as file:
        rows = list(csv.DictReader(file))
    X, weights = seen.pop("X"), seen.pop("sample_weight")
    assert list(X.columns) == ["Petal.Length", "Sepal.Length"]
    np.testing.assert_array_equal(weights, [float(row["Petal.Width"]) for row in rows])
    assert seen == {
        "counts": [1, 3],
        "structures": [gx.CovarianceType.DIAG],
        "criterion": "cv",
        "n_folds": 3,
        "sample_size": "effective",
        "max_iter": 77,
        "random_state": 5,
        "n_threads": 1,
    }


def test_one_column_has_two_structures(capsys) -> None:
    assert main(["select", FAITHFUL, "--columns", "waiting", "-k", "1:3"]) == 0
    assert "Best of 6 models by bic: E with 2 components" in capsys.readouterr().out


# --- what it writes -----------------------------------------------------------------------------


def test_the_files_are_those_of_the_search(tmp_path: Path, capsys, expected) -> None:
    pytest.importorskip("matplotlib")
    files = {
        "--plot": tmp_path / "c.png",
        "--report": tmp_path / "r.html",
        "--table": tmp_path / "t.csv",
        "--model-out": tmp_path / "m",
    }
    words = [str(word) for pair in files.items() for word in pair]
    assert main(["select", FAITHFUL, *FEW, *words]) == 0
    out = capsys.readouterr().out
    assert all(str(path) in out for path in files.values())
    assert sorted(os.listdir(tmp_path)) == ["c.png", "m", "r.html", "t.csv"]
    assert files["--plot"].read_bytes().startswith(b"\x89PNG")
    assert gx.load(files["--model-out"]) == expected.best.mixture
    with open(files["--table"], newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    for row in rows:
        cell = expected.cell(row["covariance_type"], int(row["n_components"]))
        assert float(row["bic"]) == cell.criterion
        assert float(row["log_likelihood"]) == cell.log_likelihood
        assert row["eligible"] == str(cell.eligible)


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89")]
)
def test_pictures_of_all_kinds_are_the_same_each_time(tmp_path: Path, suffix, start) -> None:
    pytest.importorskip("matplotlib")
    one, other = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for path in (one, other):
        assert main(["select", FAITHFUL, *FEW, "--quiet", "--plot", str(path)]) == 0
    assert one.read_bytes().startswith(start)
    assert one.read_bytes() == other.read_bytes()


def test_the_report_tells_the_command_that_repeats_it(tmp_path: Path, capsys) -> None:
    pytest.importorskip("matplotlib")
    data = tmp_path / "it's <data>.csv"
    data.write_text("a b;c,d;w\n" + "".join(f"{i};{i * i % 17};1\n" for i in range(40)))
    first, second = tmp_path / "1.html", tmp_path / "2.html"
    words = ["-k", "1:2", "--structures", "EII", "--separator", ";", "--columns", '"c,d",a b']
    words += ["--weights", "w", "--seed", "3", "--header", "--sample-size", "effective"]
    assert main(["select", str(data), *words, "--report", str(first)]) == 0
    printed = capsys.readouterr().out
    text = first.read_text()
    assert "<data>" not in text
    command = html.unescape(text[text.index("<pre>") + 5 : text.index("</pre>")])
    name, *arguments = shlex.split(command)
    assert name == "gaussmix"
    assert main([*arguments, "--report", str(second)]) == 0
    again = capsys.readouterr().out
    assert without_seconds(again)[:-1] == without_seconds(printed)[:-1]


def test_the_command_runs_where_names_look_like_options(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i}-{i * i % 17}-1\n" for i in range(40))
    Path("-d.csv").write_text("x-y-z\n" + rows)
    Path("e.csv").write_text("-a,-b,-w\n" + rows.replace("-", ","))
    few = ["-k", "1:2", "--structures", "EII", "--quiet"]
    for words in (
        ["e.csv", "--columns=-b,-a", "--weights=-w"],
        ["./-d.csv", "--separator=-"],
        ["--separator=-", "--", "-d.csv"],
    ):
        options = make_parser().parse_args(["select", *few, *words])
        name, *arguments = shlex.split(_command(options))
        assert name == "gaussmix"
        again = make_parser().parse_args(arguments)
        for option in ("columns", "weights", "separator", "components", "structures"):
            assert getattr(again, option) == getattr(options, option)
        assert main([*arguments, "--quiet"]) == 0


def test_nothing_is_written_when_anything_fails(tmp_path: Path, capsys, monkeypatch) -> None:
    pytest.importorskip("matplotlib")
    old = tmp_path / "t.csv"
    old.write_text("old")

    def full(*_):
        raise OSError(28, os.strerror(28), "m")

    monkeypatch.setattr("gaussmix.cli._select_outputs.write_to", full)  # the last to be written
    outputs = ["--plot", "c.png", "--report", "r.html", "--table", "t.csv", "--model-out", "m"]
    monkeypatch.chdir(tmp_path)
    assert os.strerror(28) in fails(capsys, FAITHFUL, *FEW, *outputs)
    assert os.listdir(tmp_path) == ["t.csv"]
    assert old.read_text() == "old"


def test_quiet_prints_nothing(tmp_path: Path, capsys) -> None:
    table = tmp_path / "t.csv"
    assert main(["select", FAITHFUL, *FEW, "--quiet", "--table", str(table)]) == 0
    assert capsys.readouterr() == ("", "")
    assert table.exists()


# --- how it ends --------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--plot", "--report", "--table", "--model-out"])
def test_outputs_that_cannot_be_written_stop_before_the_work(
    tmp_path: Path, capsys, monkeypatch, option: str
) -> None:
    def never(*_, **__):
        raise AssertionError("the data were read")

    monkeypatch.setattr("gaussmix.cli._select.read_table", never)
    name = {"--plot": "x.png", "--report": "x.html", "--table": "x.csv"}.get(option, "x")
    assert "does not exist" in fails(capsys, FAITHFUL, option, str(tmp_path / "none" / name))
    (tmp_path / name).mkdir()
    assert os.strerror(21) in fails(capsys, FAITHFUL, option, str(tmp_path / name))
    if option != "--model-out":
        assert f"{option} wants a ." in fails(capsys, FAITHFUL, option, str(tmp_path / "x.doc"))
        twice = str(tmp_path / f"y{Path(name).suffix}")
        assert "same file" in fails(capsys, FAITHFUL, option, twice, "--model-out", twice)


@pytest.mark.parametrize("option", [["--plot", "x.png"], ["--report", "x.html"]])
def test_without_matplotlib_the_extra_is_named_before_the_work(
    tmp_path: Path, capsys, monkeypatch, option
) -> None:
    def never(*_, **__):
        raise AssertionError("the data were read")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gaussmix.cli._select.read_table", never)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert 'pip install "gaussmix[plot]"' in fails(capsys, FAITHFUL, *option)


def test_without_pictures_matplotlib_is_not_wanted(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", load_faithful().data)
    code = (
        "import sys\n"
        "for name in ('pandas', 'scipy', 'sklearn', 'matplotlib'):\n    sys.modules[name] = None\n"
        "from gaussmix.cli import main\n"
        "sys.exit(main())"
    )
    words = ["select", str(tmp_path / "d.npy"), *FEW, "--table", str(tmp_path / "t.csv")]
    run = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "Best of 8 models" in run.stdout


def test_a_search_in_vain_shows_its_table_and_fails(tmp_path: Path, capsys) -> None:
    np.save(tmp_path / "d.npy", np.zeros((6, 2)))
    words = ["-k", "1", "--structures", "VVV", "--model-out", str(tmp_path / "m")]
    assert main(["select", str(tmp_path / "d.npy"), *words]) == 1
    captured = capsys.readouterr()
    assert "none of which can be recommended" in captured.out
    assert "no model can be recommended" in captured.err
    assert "VVV with 1 component:" in captured.err
    assert not (tmp_path / "m").exists()


def test_a_criterion_without_a_value_is_told(capsys, tmp_path) -> None:
    """AICc is infinite where rows are no more than parameters and one."""
    np.save(tmp_path / "d.npy", np.random.default_rng(0).normal(size=(6, 2)))
    words = ["--criterion", "aicc", "-k", "1", "--structures", "EEE"]  # 5 parameters
    error = fails(capsys, str(tmp_path / "d.npy"), *words)
    assert "no file was written: aicc has a value for none of them: it needs more rows" in error
    # Nor is it otherwise where the fits were cut short.
    assert fails(capsys, str(tmp_path / "d.npy"), *words, "--max-iter", "1") == error


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [FAITHFUL, "-k", "two"],
        [FAITHFUL, "-k", "3:1"],
        [FAITHFUL, "-k", "1:"],
        [FAITHFUL, "--structures", "VVW"],
        [FAITHFUL, "--structures", ""],
        [FAITHFUL, "--criterion", "best"],
        [FAITHFUL, "--unknown"],
    ],
)
def test_wrong_usage_is_told_with_code_2(capsys, arguments) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["select", *arguments])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: gaussmix" in captured.err


def test_folds_are_refused_where_there_are_none(capsys) -> None:
    for words, criterion in (([], "bic"), (["--criterion", "icl"], "icl")):
        with pytest.raises(SystemExit) as caught:
            main(["select", FAITHFUL, "--folds", "7", *words])
        assert caught.value.code == 2
        text = capsys.readouterr().err
        assert "usage: gaussmix select" in text
        assert f"--folds is for --criterion cv, and the criterion is {criterion}" in text


def test_folds_are_five_unless_said_otherwise(monkeypatch) -> None:
    seen = []
    real = gx.select

    def select(*arguments, **options):
        seen.append(real(*arguments, **options).criterion)
        return real(*arguments, **options)

    monkeypatch.setattr("gaussmix.cli._select.select", select)
    words = ["select", FAITHFUL, "--quiet", "-k", "2", "--structures", "EEE", "--criterion", "cv"]
    assert main(words) == 0
    assert main([*words, "--folds", "5"]) == 0
    assert main([*words, "--folds", "3"]) == 0
    assert seen[0] == seen[1] != seen[2]


def test_an_error_of_the_search_is_one_line(capsys) -> None:
    assert "--components" in fails(capsys, FAITHFUL, "-k", "0")
    assert "--folds" in fails(capsys, FAITHFUL, "--criterion", "cv", "--folds", "1")


def test_help(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["select", "--help"])
    assert caught.value.code == 0
    assert "--structures" in capsys.readouterr().out


def test_ctrl_c_shows_the_models_that_were_done(capsys, monkeypatch, expected, tmp_path) -> None:
    # As a search leaves it: some structures have got farther than others.
    done = [
        cell for cell in expected.cells if (cell.covariance_type, cell.n_components) != ("full", 3)
    ]
    partial = gx.SelectionResult(tuple(done[:-1]), "bic", expected.fingerprint, 1.0)

    def interrupted(*_, **__):
        raise gx.FitInterrupted("stopped", selection=partial)

    monkeypatch.setattr("gaussmix.cli._select.select", interrupted)
    model = tmp_path / "m"
    assert main(["select", FAITHFUL, "--model-out", str(model)]) == 130
    captured = capsys.readouterr()
    assert captured.out == partial.summary() + "\n"
    assert [len(line.split()) for line in captured.out.splitlines()[-3:]] == [4, 5, 3]
    assert captured.err.startswith("gaussmix: interrupted: ")
    assert "no file was written" in captured.err
    assert not model.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_real_interrupt_of_a_long_search(tmp_path: Path) -> None:
    """SIGINT in the middle: no traceback, code 130, and no file."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "d.npy", rng.normal(size=(60_000, 5)))
    code = (
        "import sys; from gaussmix.cli import main, _select\n"
        "real = _select.select\n"
        "def select(*a, **k):\n    print('searching', flush=True)\n    return real(*a, **k)\n"
        "_select.select = select\n"
        "sys.exit(main())"
    )
    words = ["select", str(tmp_path / "d.npy"), "-k", "1:40", "--table", str(tmp_path / "t.csv")]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "searching\n"
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.startswith("gaussmix: interrupted: ")
    assert os.listdir(tmp_path) == ["d.npy"]
