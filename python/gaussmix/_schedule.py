"""Tasks that wait for one another, on a few threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Set
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def run_in_order(
    after: Mapping[K, Set[K]],
    task: Callable[[K, int], None],
    n_threads: int,
    stop: Callable[[], None],
) -> None:
    """Call ``task(key, threads)`` for each key of `after`, once those it names there are done.

    The threads that a call may use are its share of those that are free when it begins. Among
    keys that are ready the earlier ones in `after` begin first. At an error, Ctrl-C included,
    `stop` is called; the error is raised when the tasks that were running have ended. Keys that
    wait for one another in a circle are an error, too.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

    waiting = dict(after)
    done: set[K] = set()
    running: dict[Future[None], K] = {}
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            while waiting or running:
                free = n_threads - len(running)
                ready = [key for key, needed in waiting.items() if needed <= done][:free]
                for i, key in enumerate(ready):
                    share = free // len(ready) + (i < free % len(ready))
                    running[pool.submit(task, key, share)] = key
                    del waiting[key]
                if not running:
                    raise RuntimeError(f"tasks wait for one another: {list(waiting)}")
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    future.result()
                    done.add(running.pop(future))
        except BaseException:
            stop()
            raise
