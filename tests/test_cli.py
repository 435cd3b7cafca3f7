"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gaussmix
from gaussmix.cli import main
from gaussmix.cli._demo import SNIPPET
from gaussmix.datasets import load_faithful

DATA = Path(__file__).parent / "data"
FAITHFUL = str(DATA / "faithful.csv")
IRIS = str(DATA / "iris.csv")
PYTHON_M = [sys.executable, "-m", "gaussmix"]


def without_seconds(text: str) -> str:
    return re.sub(r"(?m)^seconds .*$", "", text)


# --- without arguments --------------------------------------------------------------------------


def test_the_demo_shows_a_real_fit(capsys) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    result = gaussmix.fit(load_faithful().data, 2, random_state=0)
    assert f"{result.log_likelihood:.10g}" in out
    assert "K = 2" in out
    assert "eruptions" in out
    assert "waiting" in out
    assert "gaussmix fit YOUR.csv" in out
    assert max(map(len, out.splitlines())) < 80


def test_the_demo_finds_the_published_optimum() -> None:
    """mclust's own search, two components with free covariances: a lower bound."""
    published = -1130.264
    assert gaussmix.fit(load_faithful().data, 2, random_state=0).log_likelihood >= published - 0.05


def test_the_python_it_suggests_is_printed_and_runs(capsys) -> None:
    main([])
    shown = capsys.readouterr().out
    assert all(f"    {line}".rstrip() + "\n" in shown for line in SNIPPET.splitlines())
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        exec(SNIPPET, names)
    assert "log-likelihood" in printed.getvalue()
    assert np.shape(names["labels"]) == (272,)


def test_the_demo_needs_numpy_only() -> None:
    code = (
        "import sys\n"
        "for name in ('pandas', 'pyarrow', 'polars', 'scipy', 'sklearn', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "from gaussmix.cli import main\n"
        "sys.exit(main([]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "log-likelihood" in run.stdout
    assert run.stderr == ""


def test_as_a_module_and_as_a_function_it_says_the_same(capsys) -> None:
    assert main([]) == 0
    run = subprocess.run(PYTHON_M, capture_output=True, text=True, check=True)
    assert without_seconds(run.stdout) == without_seconds(capsys.readouterr().out)


# --- what there is to know ----------------------------------------------------------------------


def test_version(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"gaussmix {gaussmix.__version__}\n"


def test_versions(capsys) -> None:
    assert main(["versions"]) == 0
    by_command = capsys.readouterr().out
    gaussmix.show_versions()
    assert by_command == capsys.readouterr().out
    assert gaussmix.__version__ in by_command


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["versions", "--help"]])
def test_help(capsys, arguments) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: gaussmix")


# --- fit ----------------------------------------------------------------------------------------


def test_fit_prints_the_summary_of_the_same_fit(capsys) -> None:
    assert main(["fit", FAITHFUL, "--components", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    expected = gaussmix.fit(load_faithful().data, 2, random_state=0)
    assert f"{expected.log_likelihood:.10g}" in captured.out
    assert "272 rows, 2 columns (eruptions, waiting)" in captured.out


def test_every_option_reaches_the_fit(tmp_path, monkeypatch) -> None:
    seen = {}

    def fit(X, n_components, **options):
        seen.update(options, n_components=n_components, X=X)
        return real(X, n_components, **options)

    real = gaussmix.fit
    monkeypatch.setattr("gaussmix.cli._fit.fit", fit)
    options = {
        "--components": "2",
        "--covariance": "VVI",
        "--reg-covar": "1e-5",
        "--n-init": "2",
        "--init": "random_from_data",
        "--tol": "1e-4",
        "--max-iter": "77",
        "--max-seconds": "60",
        "--seed": "5",
        "--threads": "1",
        "--weights": "Petal.Width",
        "--columns": "Petal.Length,Sepal.Length",
    }
    arguments = [word for pair in options.items() for word in pair]
    assert main(["fit", IRIS, *arguments, "--quiet"]) == 0
    X, weights = seen.pop("X"), seen.pop("sample_weight")
    with open(IRIS, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(X.columns) == ["Petal.Length", "Sepal.Length"]
    expected = [[float(row["Petal.Length"]), float(row["Sepal.Length"])] for row in rows]
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(weights, [float(row["Petal.Width"]) for row in rows])
    assert seen == {
        "n_components": 2,
        "covariance_type": "diag",
        "n_factors": None,
        "reg_covar": 1e-5,
        "n_init": 2,
        "init_params": "random_from_data",
        "tol": 1e-4,
        "max_iter": 77,
        "max_seconds": 60.0,
        "random_state": 5,
        "n_threads": 1,
    }


def test_factors_reach_the_fit(tmp_path: Path) -> None:
    model = tmp_path / "model"
    arguments = ["--components", "2", "--covariance", "factor", "--factors", "1", "--quiet"]
    columns = "Sepal.Length,Sepal.Width,Petal.Length,Petal.Width"
    found = ["fit", IRIS, *arguments, "--columns", columns, "--model-out", str(model)]
    assert main(found) == 0
    mixture = gaussmix.load(model)
    assert isinstance(mixture, gaussmix.FactorMixture)
    assert mixture.loadings.shape == (2, 4, 1)


@pytest.mark.parametrize("suffix", ["csv", "npy"])
def test_outputs_are_those_of_the_fit(tmp_path: Path, capsys, suffix: str) -> None:
    labels, shares = tmp_path / f"labels.{suffix}", tmp_path / f"shares.{suffix}"
    model = tmp_path / "model"
    arguments = ["fit", FAITHFUL, "--components", "3", "--covariance", "tied"]
    outputs = ["--labels-out", labels, "--responsibilities-out", shares, "--model-out", model]
    assert main([*arguments, *map(str, outputs)]) == 0
    X = load_faithful().data
    expected = gaussmix.fit(X, 3, covariance_type="tied", random_state=0).mixture
    mixture = gaussmix.load(model)
    assert mixture.feature_names == ("eruptions", "waiting")
    for name in ("weights", "means", "covariances"):
        assert getattr(mixture, name).tobytes() == getattr(expected, name).tobytes()
    if suffix == "npy":
        written_labels, written_shares = np.load(labels), np.load(shares)
        assert written_labels.shape == (272,)
    else:
        assert labels.read_text().startswith("label\n")
        assert shares.read_text().startswith("component_0,component_1,component_2\n")
        written_labels = np.loadtxt(labels, skiprows=1, dtype=np.int64)
        written_shares = np.loadtxt(shares, skiprows=1, delimiter=",")
    np.testing.assert_array_equal(written_labels, expected.assign(X))
    np.testing.assert_array_equal(written_shares, expected.responsibilities(X))
    out = capsys.readouterr().out
    assert all(str(path) in out for path in (labels, shares, model))
    assert len(os.listdir(tmp_path)) == 3


def test_the_same_command_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        arguments = ["--components", "3", "--init", "random", "--model-out", str(tmp_path / name)]
        assert main(["fit", FAITHFUL, *arguments, "--quiet"]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_quiet_prints_nothing(tmp_path: Path, capsys) -> None:
    model = tmp_path / "m"
    assert main(["fit", FAITHFUL, "-k", "2", "--quiet", "--model-out", str(model)]) == 0
    assert capsys.readouterr() == ("", "")
    assert model.exists()


def test_columns_with_commas_and_spaces(tmp_path: Path, capsys) -> None:
    path = tmp_path / "d.csv"
    path.write_text('"a, b",c d,e\n1,2,x\n3,4,y\n5,7,z\n')
    assert main(["fit", str(path), "-k", "1", "--columns", '"a, b", c d']) == 0
    assert "3 rows, 2 columns (a, b, c d)" in capsys.readouterr().out


def test_files_without_names(tmp_path: Path, capsys) -> None:
    X = load_faithful().data
    np.save(tmp_path / "d.npy", X)
    np.savetxt(tmp_path / "d.csv", X, delimiter=",", fmt="%.17g")
    assert main(["fit", str(tmp_path / "d.npy"), "-k", "2"]) == 0
    from_npy = capsys.readouterr().out
    assert main(["fit", str(tmp_path / "d.csv"), "-k", "2", "--no-header"]) == 0
    from_csv = capsys.readouterr().out
    assert (
        without_seconds(from_npy).partition("\n")[2] == without_seconds(from_csv).partition("\n")[2]
    )
    assert "2 columns (x0, x1)" in from_npy
    assert re.search(r"x0: mean \(sd\) +x1: mean \(sd\)", from_npy)


def test_some_columns_of_a_file_without_names(tmp_path: Path, capsys) -> None:
    X = np.random.default_rng(0).normal([0.0, 100.0, 200.0], size=(9, 3))
    np.save(tmp_path / "d.npy", X)
    for chosen in ("2,0", "x2,x0"):
        assert main(["fit", str(tmp_path / "d.npy"), "-k", "1", "--columns", chosen]) == 0
        text = capsys.readouterr().out
        assert "2 columns (x0 = x2 of the file, x1 = x0 of the file)" in text
        assert re.search(r"x0: mean \(sd\).*\n +0 +1\.0+ +9 +(199|200)", text)
    assert main(["fit", str(tmp_path / "d.npy"), "-k", "1", "--weights", "1"]) == 0
    assert "2 columns (x0, x1 = x2 of the file)" in capsys.readouterr().out


def test_labels_to_a_pipe() -> None:
    command = [*PYTHON_M, "fit", FAITHFUL, "-k", "2", "--quiet", "--labels-out", "/dev/stdout"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert lines[0] == "label"
    assert len(lines) == 273


@pytest.mark.filterwarnings("default")
def test_warnings_are_one_line_on_stderr(capsys) -> None:
    arguments = ["fit", FAITHFUL, "-k", "4", "--max-iter", "1", "--tol", "0"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("gaussmix: warning: ")
    assert captured.err.count("\n") == 1
    assert ".py" not in captured.err
    assert "log-likelihood" in captured.out
