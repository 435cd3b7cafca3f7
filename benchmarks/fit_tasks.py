"""What the suite of whole fits measures of one library, in a process of its own.

``python -m benchmarks.fit_tasks TASK LIBRARY THREADS REPEATS N D K`` prints the measurements of a
task as JSON. The data come from the same seeds for every library.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.adapters import ADAPTERS
from benchmarks.adapters.base import RIDGE
from benchmarks.memory import PeakCounter
from benchmarks.problems import Array, draw, make_problem, random_mixture
from benchmarks.shapes import precisions
from benchmarks.table import OURS

Size = tuple[int, int, int]
Found = dict[str, Any]
MANY = 1000
SMALL = {"max_iter": 20, "tol": 0.0, "random_state": 0}


def model(library: str, n_components: int, threads: int, **settings: Any) -> Any:
    """An estimator; gaussmix's takes scikit-learn's arguments and the number of threads."""
    if library == OURS:
        import gaussmix

        return gaussmix.GaussianMixture(n_components, n_threads=threads, **settings)
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(n_components, **settings)


def whole(library: str, threads: int, repeats: int, size: Size) -> list[Found]:
    """Default fits with seeds 0, 1, ...; of ours also where the time went, and the trace."""
    X = make_problem(*size).X
    model(library, 2, threads).fit(X[:1000])  # imports and threads are not the fit's
    return [_whole(library, threads, X, size[2], seed) for seed in range(repeats)]


def _whole(library: str, threads: int, X: Array, n_components: int, seed: int) -> Found:
    estimator = model(library, n_components, threads, random_state=seed)
    found: Found = {"seconds": _seconds(lambda: estimator.fit(X)), "n_iter": estimator.n_iter_}
    if library != OURS:
        return found | {"log_likelihood": len(X) * estimator.score(X)}
    result = estimator.result_
    return found | {
        "log_likelihood": result.log_likelihood,
        "init": result.seconds_init,
        "em": result.seconds_em,
        "rejected": result.starts[result.best_start].rejected,
        "trace": result.trace.tolist(),
    }


def scoring(library: str, threads: int, repeats: int, size: Size) -> list[Found]:
    """Seconds, peak memory above data and output, and a check sum of two methods."""
    problem = make_problem(*size)
    X, truth = problem.X, problem.truth
    settings: Found = {"weights_init": truth.weights, "means_init": truth.means}
    settings["precisions_init"] = precisions(truth.covariances, "full")
    estimator = model(library, size[2], threads, **settings, max_iter=1, reg_covar=RIDGE)
    estimator.fit(X[:20_000])
    found = []
    for name in ("score_samples", "predict_proba"):
        method = getattr(estimator, name)
        method(X[:1000])
        counter = PeakCounter()
        output = method(X)
        # Memory that the process had freed and kept may take the output: nothing is added then.
        peak = max(0.0, counter.mib() - output.nbytes / 2**20)
        check = float(np.square(output).mean())
        del output
        seconds = [_seconds(partial(method, X)) for _ in range(repeats)]
        found.append({"quantity": name, "seconds": seconds, "peak_mib": peak, "check": check})
    return found


def small(library: str, threads: int, repeats: int, size: Size) -> list[Found]:
    """Short calls: a fit of a few hundred rows, 20 iterations, and the label of one row."""
    X = small_sets(1, size)[0]
    whole_call, engine, em = [], [], []
    for _ in range(max(10, 40 * repeats)):
        estimator = model(library, size[2], threads, **SMALL)
        whole_call.append(_seconds(partial(estimator.fit, X)))
        if library == OURS:
            import gaussmix

            keywords: Found = SMALL | {"n_threads": threads}
            begin = perf_counter()
            result = gaussmix.fit(X, size[2], **keywords)
            whole_call[-1] = perf_counter() - begin
            engine.append(result.seconds_init + result.seconds_em)
            em.append(result.seconds_em)
    found = [{"quantity": "whole call of the fit", "seconds": whole_call}]
    if engine:
        found.append({"quantity": "engine: start and EM", "seconds": engine})
        found.append({"quantity": "engine: EM alone", "seconds": em})
    row = X[:1]
    calls = [_seconds(lambda: estimator.predict(row)) for _ in range(1000)]
    return [*found, {"quantity": "predict of one row", "seconds": calls}]


def many(library: str, threads: int, repeats: int, size: Size) -> list[Found]:
    """The same small fit of a thousand data sets, in a loop; of ours also by one call."""
    sets = small_sets(MANY, size)

    def loop() -> None:
        for X in sets:
            model(library, size[2], threads, **SMALL).fit(X)

    rounds = repeats if library == OURS else 1
    found = [{"quantity": "a loop of fits", "seconds": [_seconds(loop) for _ in range(rounds)]}]
    if library == OURS:
        import gaussmix

        fit_many = getattr(gaussmix, "fit_many", None)
        if fit_many is not None:

            def at_once() -> object:
                return fit_many(sets, size[2], **SMALL, n_threads=threads)

            at_once()
            seconds = [_seconds(at_once) for _ in range(repeats)]
            found.append({"quantity": "fit_many", "seconds": seconds})
    return found


def small_sets(how_many: int, size: Size) -> list[Array]:
    """Data sets of the same size, each from a mixture of its own."""
    n, D, K = size
    rng = np.random.default_rng(0)
    return [draw(rng, random_mixture(rng, K, D, separation=3.0), n) for _ in range(how_many)]


def _seconds(call: Callable[[], object]) -> float:
    begin = perf_counter()
    call()
    return perf_counter() - begin


def _limited(library: str, threads: int) -> AbstractContextManager[object]:
    if library == OURS:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(threads)
    return limits


TASKS = {"whole": whole, "scoring": scoring, "small": small, "many": many}


def _main(task: str, library: str, threads: str, repeats: str, *size: str) -> None:
    n, D, K = map(int, size)
    version = ADAPTERS[library].version()
    with warnings.catch_warnings(), _limited(library, int(threads)):
        warnings.simplefilter("ignore")  # of fits that were told to stop early
        found = TASKS[task](library, int(threads), int(repeats), (n, D, K))
    print(json.dumps({"version": version, "found": found}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
