"""``memory_limit``: what it refuses, what counts, and how a size may be said."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
import reference as ref
from fits import image, memory_needed_by
from gaussmix import _memory
from gaussmix.exceptions import InsufficientMemoryError
from strategies import clusters

MIB = 2**20


@pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)
def test_a_limit_refuses_or_changes_nothing(covariance_type: str) -> None:
    X = clusters(0, 500, 4, 3)
    options: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    needed = memory_needed_by(X, 3, **options)
    assert MIB <= needed < 12 * MIB
    with pytest.raises(MemoryError, match=f"{needed:,} bytes"):
        gx.fit(X, 3, memory_limit=needed - 1, **options)
    allowed = gx.fit(X, 3, memory_limit=needed, **options)
    assert image(allowed) == image(gx.fit(X, 3, **options))


def test_responsibilities_to_start_from_count() -> None:
    X = clusters(0, 50_000, 2, 3)
    labels = np.arange(len(X)) % 20
    needed = memory_needed_by(X, 20)
    with pytest.raises(InsufficientMemoryError):
        gx.fit(X, 20, memory_limit=needed + 8 * 20 * len(X), responsibilities_init=labels)
    limit = needed + 20 * 20 * len(X)
    assert gx.fit(X, 20, memory_limit=limit, responsibilities_init=labels, tol=1.0).converged


def test_a_refused_fit_has_done_nothing() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    model = gx.GaussianMixture(2, memory_limit="2 kB", random_state=rng)
    with pytest.raises(gx.GaussmixError, match=r"1\.95 KiB \(2,000 bytes\)"):
        model.fit(clusters(0, 50, 2, 2))
    assert rng.bit_generator.state == before
    assert not hasattr(model, "result_")


def test_more_threads_and_more_starts_need_more() -> None:
    X = clusters(0, 40_000, 40, 4)
    needs = [
        memory_needed_by(X, 4, n_threads=n_threads, n_init=n_init)
        for n_threads, n_init in ((1, 1), (2, 1), (2, 20))
    ]
    assert needs == sorted(set(needs))


def test_the_outcomes_of_many_fits_count() -> None:
    sets = [clusters(i, 60, 12, 2) for i in range(400)]
    options: dict[str, Any] = {"max_iter": 2, "random_state": 0, "n_threads": 2}
    one = memory_needed_by(sets[0], 2, max_iter=2, n_threads=1)
    with pytest.raises(InsufficientMemoryError, match="memory_limit"):
        gx.fit_many(sets, 2, memory_limit=2 * one, on_error="keep", **options)
    with pytest.warns(gx.ConvergenceWarning):
        results = gx.fit_many(sets, 2, memory_limit="200 MB", **options)
    assert results.ok.all()
    with pytest.raises(gx.GaussmixError, match="such as '500 MB'"):
        gx.fit_many(sets, 2, memory_limit="lots")


def test_who_fits_takes_a_limit() -> None:
    for function in (
        gx.fit, gx.fit_many, gx.select, gx.GaussianMixture, gx.GaussianMixtureSelector
    ):  # fmt: skip
        assert inspect.signature(function).parameters["memory_limit"].default is None


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (None, None),
        (1, 1),
        (np.int64(4096), 4096),
        (2e9, 2 * 10**9),
        (np.float32(4096), 4096),
        ("123", 123),
        ("123 B", 123),
        ("2 GiB", 2**31),
        ("2GiB", 2**31),
        (" 1.5 kb ", 1500),
        (".5 MiB", 2**19),
        ("3 tb", 3 * 10**12),
        ("1e9", 10**9),
        ("1.5E+3 MB", 1500 * 10**6),
        ("9" * 400, 2**62),
    ],
)
def test_ways_to_say_a_size(given: Any, size: int | None) -> None:
    assert _memory.check_memory_limit(given) == size
