"""What is handed on is complete: licences, and the files that a README points to."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LICENCES = ROOT / "cpp" / "licenses"

if not LICENCES.is_dir():
    pytest.skip("needs the source tree of gaussmix", allow_module_level=True)

README = (ROOT / "README.md").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_licence_of_all_that_is_compiled_in_is_there_named_and_packed() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in LICENCES.iterdir()}
    patterns = PYPROJECT["project"]["license-files"]
    packed = {path.relative_to(ROOT).as_posix() for p in patterns for path in ROOT.glob(p)}
    assert packed == there | {"LICENSE"}
    _, _, said = README.partition("\n## Licences\n")
    named = re.findall(r"`([\w.-]+\.txt)`", said)
    assert sorted(f"cpp/licenses/{name}" for name in named) == sorted(there)


def test_what_the_build_takes_in_has_its_licence() -> None:
    names = {re.split(r"[<>=]", one)[0] for one in PYPROJECT["build-system"]["requires"]}
    compiled_in = names - {"scikit-build-core"}
    assert compiled_in == {"cmeel-eigen", "pybind11"}  # and the OpenMP library of the compiler
    begins = {path.name.partition("-")[0].lower() for path in LICENCES.iterdir()}
    assert begins == {name.removeprefix("cmeel-") for name in compiled_in} | {"libgomp"}


@pytest.mark.parametrize("readme", ["README.md", "cpp/README.md"])
def test_what_a_readme_points_to_goes_into_the_sdist(readme: str) -> None:
    text = (ROOT / readme).read_text()
    linked = [(ROOT / readme).parent / target for target in re.findall(r"\]\(([\w./-]+)\)", text)]
    named = re.findall(r"`((?:\.github|benchmarks|cpp|tests)/[\w./-]+)`", text)
    pointed_to = [path.resolve() for path in (*linked, *(ROOT / name for name in named))]
    assert pointed_to
    excluded = [ROOT / name for name in PYPROJECT["tool"]["scikit-build"]["sdist"]["exclude"]]
    for path in pointed_to:
        # C++ sources may be named without their suffix: a header and what implements it.
        assert path.exists() or [*path.parent.glob(f"{path.name}.*")], path
        assert not {path, *path.parents} & set(excluded), path
