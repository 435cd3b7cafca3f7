"""The dependency rules of the source tree; skipped where only the installed package is at hand."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "gaussmix"
MAX_LINES = 450

if not CPP.is_dir() or not PACKAGE.is_dir():
    pytest.skip("needs the source tree of gaussmix", allow_module_level=True)

# Lower floors first. A C++ folder may include itself and any lower floor, never its neighbours.
CPP_FLOORS = (
    {"kernels", "base"},
    {"linalg", "statistics"},
    {"covariance"},
    {"mixture"},
    {"em"},
    {"bindings"},
)
# A Python module may import its own floor and any lower one. Private helpers that are not named
# belong to whoever uses them: what they import counts as imported by their user.
PYTHON_FLOORS = (
    {"_core", "_typing", "_runtime", "exceptions", "callback"},
    {"_validation", "covariance"},
    {"mixture", "factor_mixture", "statistics", "persistence", "prior"},
    {"result", "results", "fitting", "many"},
    {"steps"},
    {"bootstrap_result", "likelihood_ratio_result", "merge_tree"},
    {"bootstrapping", "likelihood_ratio", "merging", "separation"},
    {"selection", "selection_result", "plotting"},
    {"estimator", "selector", "reporting"},
    {"_io", "cli", "datasets", "versions", "__main__", "__init__"},
)


def floor_of(name: str, floors: tuple[set[str], ...]) -> int | None:
    return next((i for i, names in enumerate(floors) if name in names), None)


def cpp_files(*folders: str) -> list[Path]:
    roots = [CPP / folder for folder in folders] if folders else [CPP]
    files = [path for root in roots for path in root.rglob("*") if path.suffix in {".cpp", ".hpp"}]
    assert files, f"no C++ sources below {roots}"
    return sorted(files)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- C++ ---

_NOT_CODE = re.compile(
    r"""//[^\n]*                          # comment to the end of the line
      | /\*.*?\*/                         # comment block
      | (?<!\#include\ )"(?:\\.|[^"\\\n])*"   # string, but not the name of an included file
      | (?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])+'   # character, but no digit separator
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def code_of(path: Path) -> str:
    """The file without comments and literals, which may say what code may not."""
    return _NOT_CODE.sub(" ", path.read_text())


def includes(path: Path) -> Iterator[tuple[str, bool]]:
    """(name, whether quoted) of every included file."""
    for quoted, angled in _INCLUDE.findall(code_of(path)):
        yield (quoted or angled), bool(quoted)


def offending_lines(files: list[Path], pattern: str) -> list[str]:
    return [
        f"{relative(path)}: {line.strip()}"
        for path in files
        for line in code_of(path).splitlines()
        if re.search(pattern, line)
    ]


def test_cpp_folders_include_only_lower_floors():
    wrong = []
    for path in cpp_files():
        folder = path.relative_to(CPP).parts[0]
        mine = floor_of(folder, CPP_FLOORS)
        assert mine is not None, f"cpp/{folder} has no floor in this test's table"
        for name, quoted in includes(path):
            if not quoted:
                continue
            theirs = floor_of(name.partition("/")[0], CPP_FLOORS)
            if not (CPP / name).is_file():
                wrong.append(f'{relative(path)}: "{name}" is not a path relative to cpp/')
            elif name.partition("/")[0] != folder and (theirs is None or theirs >= mine):
                wrong.append(f"{relative(path)} may not include {name}")
    assert not wrong


def test_only_bindings_know_python():
    outside = [path for path in cpp_files() if path.parent.name != "bindings"]
    assert not offending_lines(outside, r"\bpybind11\b|\bpy::|\bPy[A-Z_]\w*|\bPython\.h\b")


def test_eigen_does_not_cross_the_bindings_by_itself():
    assert not [path for path in cpp_files() if ("pybind11/eigen.h", False) in includes(path)]


def test_only_parallel_knows_openmp():
    others = [path for path in cpp_files() if path.parent.name != "base" or path.stem != "parallel"]
    assert not offending_lines(others, r"\bomp\b|\bomp_\w+|\b_OPENMP\b")


def test_nothing_prints_or_aborts():
    prints = r"\bstd::(cout|cerr|clog)\b|<iostream>|\b(v?f?printf|f?puts|putchar|perror)\s*\("
    aborts = r"(?<!static_)\bassert\s*\(|\b(abort|_?exit|_Exit|quick_exit|terminate)\s*\("
    assert not offending_lines(cpp_files(), f"{prints}|{aborts}")


def test_kernels_use_no_library_with_inline_functions():
    """One copy of an inline function serves all levels: it may hold instructions a CPU lacks."""
    compiled_once = {"dispatch.hpp": {"string_view"}, "dispatch.cpp": {"cpuid.h", "string_view"}}
    harmless = re.compile(
        r"c(stdint|stddef|math|string)|type_traits|concepts|bit|limits|\w+intrin\.h"
    )
    wrong = [
        f"{relative(path)}: <{name}>"
        for path in cpp_files("kernels")
        for name, quoted in includes(path)
        if not quoted
        and not harmless.fullmatch(name)
        and name not in compiled_once.get(path.name, set())
    ]
    assert not wrong


def test_kernels_have_no_exceptions_and_no_containers():
    exceptions = r"\b(throw|try|catch)\b"
    containers = (
        r"\bEigen\b|\bstd::(vector|string|array|span|map|unordered_map|set|deque|list|function"
        r"|unique_ptr|shared_ptr|optional|variant|tuple|pair)\b"
    )
    assert not offending_lines(cpp_files("kernels"), f"{exceptions}|{containers}")


def test_build_files_do_not_trade_correctness_or_portability_for_speed():
    files = [ROOT / "CMakeLists.txt", ROOT / "pyproject.toml", *CPP.rglob("*.cmake")]
    unsafe = re.compile(r"-ffast-math|-Ofast|-funsafe-math|-ffinite-math|-m(arch|tune|cpu)=native")
    wrong = [
        f"{relative(path)}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if unsafe.search(line.partition("#")[0])
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("int a;  // std::cerr", "int a;   "),
        ("/* throw\n */ f();", "  f();"),
        ('g("std::cout \\" abort()");', "g( );"),
        ("char c = '\"'; abort();", "char c =  ; abort();"),
        ("long n = 1'000'000; exit(1);", "long n = 1'000'000; exit(1);"),
        ('#include "em/fit.hpp"  // why', '#include "em/fit.hpp"   '),
    ],
)
def test_comments_and_literals_are_not_code(tmp_path: Path, source: str, left: str):
    path = tmp_path / "sample.cpp"
    path.write_text(source)
    assert code_of(path) == left


# --- Compiled kernels ---


def kernel_objects() -> list[Path]:
    """Objects of the per-level sources; without a named build tree only up-to-date ones count."""
    named = os.environ.get("GAUSSMIX_BUILD_DIR")
    objects = sorted(Path(named or ROOT / "build").rglob("level_*.cpp.o*"))
    if named:
        assert objects, f"GAUSSMIX_BUILD_DIR={named} holds no kernel objects (level_*.cpp.o)"
        return objects
    newest = max(path.stat().st_mtime for path in cpp_files("kernels"))
    return [path for path in objects if path.stat().st_mtime >= newest]


def test_kernel_objects_share_no_code_between_levels():
    """Each level defines one table and nothing else that a linker could mix with another's."""
    if shutil.which("nm") is None or sys.platform != "linux":
        pytest.skip("needs nm and ELF objects")
    objects = kernel_objects()
    if not objects:
        pytest.skip("needs a build tree: set GAUSSMIX_BUILD_DIR, or run nox -s tests")
    for path in objects:
        listed = subprocess.run(
            ["nm", "-C", "--format=posix", path], check=True, capture_output=True, text=True
        )
        # "name with spaces kind value size"; undefined symbols have no value.
        symbols = re.findall(r"^(.+?) ([A-Za-z])(?: [0-9a-f]+)*\s*$", listed.stdout, re.MULTILINE)
        weak = [name for name, kind in symbols if kind in "wWvVuC"]
        assert not weak, f"{path.name} has weak symbols, which the linker merges: {weak}"
        defined = [name for name, kind in symbols if kind.isupper() and kind != "U"]
        level = path.name.partition(".")[0]
        assert defined == [f"gaussmix::kernels::{level}"]


# --- Python ---


def modules() -> dict[str, list[Path]]:
    """Files by module; a subpackage counts as one module."""
    found: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found.setdefault(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), []).append(path)
    assert found, f"no modules in {PACKAGE}"
    return found


def imports(path: Path, *, deferred: bool) -> Iterator[str]:
    """Absolute dotted names imported when the file runs; with `deferred`, inside functions too."""
    package = ["gaussmix", *path.relative_to(PACKAGE).parts[:-1]]
    todo: list[ast.AST] = [ast.parse(path.read_text(), path.name)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse
        elif deferred or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)


def own_imports(name: str, *, deferred: bool) -> set[str]:
    """Modules of gaussmix that `name` imports."""
    found = set()
    for path in modules()[name]:
        for dotted in imports(path, deferred=deferred):
            head, _, rest = dotted.partition(".")
            if head == "gaussmix" and rest != "__version__":
                first = rest.partition(".")[0]
                found.add(first if first in modules() or first == "_core" else "__init__")
    return found - {name}


def reached(name: str) -> set[str]:
    """Modules with a floor that `name` uses, itself or through helpers without one."""
    found: set[str] = set()
    seen, todo = {name}, [name]
    while todo:
        for used in own_imports(todo.pop(), deferred=True) - seen:
            seen.add(used)
            if floor_of(used, PYTHON_FLOORS) is None:
                todo.append(used)
            else:
                found.add(used)
    return found


def test_public_python_modules_have_a_floor():
    public = [name for name in modules() if not name.startswith("_")]
    assert [name for name in public if floor_of(name, PYTHON_FLOORS) is None] == []


def test_floors_hold_modules_that_there_are():
    there = modules().keys() | {"_core"}  # which is compiled
    assert [name for names in PYTHON_FLOORS for name in sorted(names - there)] == []


def test_python_modules_import_only_lower_floors():
    wrong = []
    for name in modules():
        mine = floor_of(name, PYTHON_FLOORS)
        if mine is None:
            continue
        for used in sorted(reached(name)):
            theirs = floor_of(used, PYTHON_FLOORS)
            if theirs is not None and theirs > mine:
                wrong.append(f"{name} (floor {mine}) may not use {used} (floor {theirs})")
    assert not wrong


def test_python_modules_do_not_import_each_other_in_circles():
    edges = {name: own_imports(name, deferred=False) & modules().keys() for name in modules()}
    while free := [name for name, used in edges.items() if not used & edges.keys()]:
        for name in free:
            del edges[name]
    assert not edges, f"these import each other: {edges}"


def test_importing_gaussmix_needs_numpy_alone():
    allowed = sys.stdlib_module_names | {"numpy", "gaussmix"}
    wrong = [
        f"{relative(path)} imports {dotted} when it is imported"
        for paths in modules().values()
        for path in paths
        for dotted in imports(path, deferred=False)
        if dotted.partition(".")[0] not in allowed
    ]
    assert not wrong


# --- All ---


def test_no_file_grows_beyond_reading():
    folders = ["cpp", "python", "tests", "benchmarks"]
    kinds = {".cpp", ".hpp", ".py", ".pyi", ".cmake"}
    files = [p for f in folders for p in (ROOT / f).rglob("*") if p.suffix in kinds]
    files += [ROOT / "CMakeLists.txt", *ROOT.glob("*.py")]
    sizes = {relative(path): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in sizes.items() if lines > MAX_LINES} == {}
