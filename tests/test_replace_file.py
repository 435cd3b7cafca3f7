"""A model file is replaced whole or not at all, whatever stops the writing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gaussmix import Mixture, load
from gaussmix.persistence import save


def one_component(value: float, n_features: int = 2) -> Mixture:
    return Mixture([1.0], np.full((1, n_features), value), np.eye(n_features)[None])


OLD, NEW = one_component(1.0), one_component(2.0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    save(OLD, path)
    return path


def test_saving_replaces_and_keeps_permissions(model: Path) -> None:
    model.chmod(0o640)
    save(NEW, model)
    assert load(model) == NEW
    assert stat.S_IMODE(model.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path, model: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    assert model.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_keeps_pointing_where_it_did(tmp_path: Path, model: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(model)
    save(NEW, link)
    assert link.is_symlink()
    assert load(model) == NEW


def test_a_device_is_written_to_not_replaced() -> None:
    before = os.stat(os.devnull)
    save(NEW, os.devnull)
    after = os.stat(os.devnull)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


def test_no_such_folder(tmp_path: Path) -> None:
    path = tmp_path / "none" / "m"
    with pytest.raises(FileNotFoundError) as caught:
        save(NEW, path)
    assert caught.value.filename == str(path)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        save(NEW, tmp_path)


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["os.fsync", "os.replace", "numpy.lib.format.write_array"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    model: Path, monkeypatch, where: str, failure: BaseException
) -> None:
    def fail(*_, **__):
        raise failure

    before = model.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        with pytest.raises(type(failure)):
            save(NEW, model)
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


def test_the_bytes_are_on_the_disk_before_the_name_is(model: Path, monkeypatch) -> None:
    """Else a power cut could leave the new name with no content."""
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1]
        )
    save(NEW, model)
    assert calls[:2] == ["fsync", "replace"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_full_disk(model: Path) -> None:
    """A real short write: the process may not write files longer than 4 KiB."""
    before = model.read_bytes()
    code = (
        "import resource, signal, sys; import numpy as np; from gaussmix import Mixture\n"
        "m = Mixture([1.0], np.zeros((1, 99)), np.eye(99)[None])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    m.save(sys.argv[1])\n"
        "except OSError as error:\n    sys.exit(7)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, model], check=False, timeout=60)
    assert run.returncode == 7
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


SAVE_IN_A_LOOP = """
import itertools, sys
import numpy as np
from gaussmix import Mixture

def mixture(value):
    return Mixture([1.0], np.full((1, 300), value), np.eye(300)[None] * value)

pair = [mixture(1.0), mixture(2.0)]
pair[0].save(sys.argv[1])
print("ready", flush=True)
for i in itertools.count():
    pair[i % 2].save(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    interrupted_writes = 0
    for attempt in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVE_IN_A_LOOP, path], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.005 * (1 + attempt * 0.7))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        loaded = load(path)
        assert np.unique(loaded.means).tolist() in ([1.0], [2.0])
        np.testing.assert_array_equal(loaded.covariances[0], np.eye(300) * loaded.means[0, 0])
        leftovers = [name for name in os.listdir(tmp_path) if name != path.name]
        interrupted_writes += len(leftovers)
        for name in leftovers:
            os.unlink(tmp_path / name)
    # The kill must have hit some write half-way, or this test has shown nothing.
    assert interrupted_writes > 0
