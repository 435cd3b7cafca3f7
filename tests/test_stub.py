"""The extension is what its stub says, and shows the dynamic linker nothing but its entry point."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from importlib.resources import files

import pytest

from gaussmix import _core


def stub_functions() -> dict[str, list[str]]:
    """Parameter names of each function in the stub that is installed beside the extension."""
    tree = ast.parse(files("gaussmix").joinpath("_core.pyi").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions, "the stub declares no function"
    return {f.name: [a.arg for a in (*f.args.args, *f.args.kwonlyargs)] for f in functions}


def test_stub_and_extension_have_the_same_names():
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert public == set(stub_functions())


@pytest.mark.parametrize(("name", "parameters"), stub_functions().items())
def test_stub_and_extension_have_the_same_parameters(name: str, parameters: list[str]):
    signature = (getattr(_core, name).__doc__ or "").splitlines()[0]
    # pybind11 writes "name(a: type, *, b: type = value) -> type"; overloads would say otherwise.
    assert signature.startswith(f"{name}("), signature
    without_types = re.sub(
        r"\[[^\[\]]*(\[[^\[\]]*(\[[^\[\]]*\])*[^\[\]]*\])*[^\[\]]*\]", "", signature
    )
    assert re.findall(r"[(,] ?(\w+):", without_types) == parameters


def test_extension_exports_only_its_entry_point():
    if shutil.which("nm") is None or sys.platform != "linux":
        pytest.skip("needs nm and an ELF file")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", _core.__file__],
        check=True,
        capture_output=True,
        text=True,
    )
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["PyInit__core"]
