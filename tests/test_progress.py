"""The progress bar: on long fits, when asked, and beside all else that tells of a fit."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

import pytest

import gaussmix as gx
from fits import image
from strategies import clusters

X = clusters(3, 400, 2, 3, 1.0)


def slow_start(state: gx.FitState) -> None:
    if state.n_iter == 1:
        time.sleep(0.7)


def shown(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    """Standard output, and what was drawn over one another on standard error."""
    out, err = capsys.readouterr()
    return out, [text.strip() for text in re.split(r"[\r\n]", err) if text.strip()]


def test_a_long_fit_shows_its_passes(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    result = gx.fit(X, 3, random_state=0, progress=True, callback=slow_start)
    out, drawn = shown(capsys)
    assert out == ""
    assert f"start 1: {result.n_iter} passes" in drawn[-1]
    assert f"log-likelihood {result.trace[-1]:.10g}, gain " in drawn[-1]
    assert f"gain {result.trace[-1] - result.trace[-2]:.3g}" in drawn[-1]


def test_passes_of_all_starts_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    result = gx.fit(X, 3, random_state=0, n_init=6, progress=True, callback=slow_start)
    _, drawn = shown(capsys)
    assert f" {sum(start.n_iter for start in result.starts)} passes" in drawn[-1]


def test_a_short_fit_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    result = gx.fit(X, 3, random_state=0, progress=True)
    assert capsys.readouterr() == ("", "")
    assert image(result) == image(gx.fit(X, 3, random_state=0))


def test_a_long_search_shows_its_models(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tqdm")
    quick = gx.select(X, range(1, 4), ["EII", "VVV"], random_state=0, progress=True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("gaussmix._progress._DELAY", 0.0)
    longer = gx.select(X, range(1, 5), ["EII", "VVV"], progress=True, resume=quick)
    out, drawn = shown(capsys)
    assert out == ""
    assert "8/8" in drawn[-1]
    assert longer.best == quick.best
    # Those of each fold are fitted, too.
    gx.select(X, range(1, 5), ["EII", "VVV"], progress=True, resume=longer, criterion="cv")
    assert "40/40" in shown(capsys)[1][-1]


def test_beside_verbose_and_a_callback(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    gx.fit(
        X, 3, tol=0.0, random_state=0, progress=True, verbose=1, verbose_interval=2,
        callback=lambda state: slow_start(state) or state.n_iter == 5,
    )  # fmt: skip
    out, drawn = shown(capsys)
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        "start 1, pass 2",
        "start 1, pass 4",
        "start 1",
    ]
    assert "5 passes" in drawn[-1]


def test_the_bar_ends_with_the_fit_however_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tqdm = pytest.importorskip("tqdm.auto")
    closed = []

    class Watched(tqdm.tqdm):  # type: ignore[misc]
        def close(self) -> None:
            if not self.disable:
                closed.append(self.n)
            super().close()

    monkeypatch.setattr(tqdm, "tqdm", Watched)

    def failing(state: gx.FitState) -> None:
        if state.n_iter == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        gx.fit(X, 3, random_state=0, progress=True, callback=failing)
    assert closed == [3]


def test_passes_that_were_rejected_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    result = gx.fit(
        clusters(1, 400, 2, 3, 0.3), 4, n_init=4, random_state=1, progress=True, callback=slow_start
    )
    assert sum(start.rejected for start in result.starts) > 0
    _, drawn = shown(capsys)
    assert f" {sum(start.n_iter for start in result.starts)} passes" in drawn[-1]


@pytest.mark.parametrize(
    "make", [gx.fit, gx.select, lambda *a, **o: gx.GaussianMixture(3, **o).fit(a[0])]
)
def test_without_tqdm_it_is_an_error_that_names_the_extra(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(gx.MissingDependencyError, match=r'"gaussmix\[progress\]"'):
        make(X, progress=True, random_state=0)
    assert gx.fit(X, 3, random_state=0).converged
