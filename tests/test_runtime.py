"""What importing the package does to the process, and what it says is running."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import typing

import numpy as np
import pytest

import gaussmix as gx
from gaussmix import _core
from gaussmix.versions import versions


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that knows nothing of the caller's OpenMP settings."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def spin_count(**environment: str) -> str | None:
    """What GNU's OpenMP says of itself; None where the runtime is another."""
    shown = run("import gaussmix", OMP_DISPLAY_ENV="VERBOSE", **environment).stderr
    found = [line for line in shown.splitlines() if "GOMP_SPINCOUNT" in line]
    return found[0].split("=")[1].strip(" '") if found else None


def test_idle_threads_sleep_unless_the_user_says_otherwise() -> None:
    if spin_count(GOMP_SPINCOUNT="77") is None:
        pytest.skip("the OpenMP runtime is not GNU's")
    assert spin_count() == "0"
    assert spin_count(GOMP_SPINCOUNT="77") == "77"
    assert spin_count(OMP_WAIT_POLICY="ACTIVE") != "0"


@pytest.mark.parametrize(
    "setting", [{}, {"GOMP_SPINCOUNT": "77"}, {"OMP_WAIT_POLICY": "PASSIVE"}], ids=str
)
def test_the_environment_is_left_as_it_was(setting: dict[str, str]) -> None:
    code = (
        "import os; before = dict(os.environ); import gaussmix; "
        "assert dict(os.environ) == before, set(os.environ) ^ set(before)"
    )
    run(code, **setting)


def test_importing_needs_numpy_and_nothing_else() -> None:
    heavy = "('sklearn', 'scipy', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'joblib')"
    run(f"import gaussmix, sys; assert not [m for m in {heavy} if m in sys.modules]")


def test_importing_loads_nothing_that_only_some_calls_need() -> None:
    """Each of these takes milliseconds; whatever NumPy itself has loaded is no cost of ours."""
    late = [
        "numpy.ma",
        "numpy.random",
        "numpy.typing",
        "numpy.testing",
        "argparse",
        "csv",
        "difflib",
        "hashlib",
        "html",
        "importlib.metadata",
        "importlib.resources",
        "json",
        "logging",
        "multiprocessing",
        "platform",
        "secrets",
        "shutil",
        "subprocess",
        "tempfile",
        "unittest",
        "zipfile",
    ]
    code = (
        "import sys, numpy; before = set(sys.modules); import gaussmix; "
        f"late = set({late}) & (set(sys.modules) - before); "
        # What finds an editable installation calls the build tool.
        "editable = any('editable' in type(finder).__module__ for finder in sys.meta_path); "
        "late -= {'subprocess'} if editable else set(); assert not late, late"
    )
    run(code)
    # A name that no module has would pass the test above for ever.
    run(f"import importlib; [importlib.import_module(name) for name in {late}]")


def test_importing_prints_nothing() -> None:
    finished = run("import gaussmix")
    assert (finished.stdout, finished.stderr) == ("", "")


def test_the_engine_raises_our_error_for_degenerate_covariances() -> None:
    with pytest.raises(gx.DegenerateError):
        gx.fit(np.ones((5, 2)), on_degenerate="raise")


def test_versions_say_what_is_built_and_running() -> None:
    table = versions()
    build = _core.build_info()
    assert table["gaussmix"] == gx.__version__ == build["version"]
    assert table["python"].startswith(platform.python_version())
    assert table["numpy"] == np.__version__
    assert table["compiler"] == build["compiler"] != ""
    assert table["Eigen"].split(".")[0].isdigit()
    assert table["OpenMP"] != ""
    assert table["SIMD level running"] in table["SIMD levels built"].split(", ")
    assert int(table["available threads"]) == _core.available_threads() >= 1
    assert {"flags", "platform", "build type"} <= set(table)


def test_show_versions_prints_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert gx.show_versions() is None  # type: ignore[func-returns-value]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == list(versions())
    for line, value in zip(lines, versions().values(), strict=True):
        assert line.endswith(value)


def test_annotations_can_be_looked_up_at_run_time() -> None:
    hints = [typing.get_type_hints(f) for f in (gx.fit, gx.fit_many, gx.e_step, gx.Mixture.sample)]
    assert hints[0]["return"] is gx.FitResult
    assert {np.random.Generator, np.random.RandomState, int} < set(
        typing.get_args(hints[0]["random_state"])
    )


def test_all_public_names_exist() -> None:
    assert len(set(gx.__all__)) == len(gx.__all__)
    for name in gx.__all__:
        assert getattr(gx, name) is not None
