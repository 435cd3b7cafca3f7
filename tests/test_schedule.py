"""Tasks that wait for one another."""

from __future__ import annotations

import pytest

from gaussmix._schedule import run_in_order


def test_a_circle_is_an_error_and_no_endless_loop() -> None:
    done: list[str] = []
    after = {"first": set(), "a": {"b"}, "b": {"a", "first"}}
    with pytest.raises(RuntimeError, match=r"wait for one another: \['a', 'b'\]"):
        run_in_order(after, lambda key, _: done.append(key), 2, lambda: None)
    assert done == ["first"]
