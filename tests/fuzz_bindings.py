"""Calls the extension as nobody should: ``python fuzz_bindings.py FIRST COUNT``.

Case i is a function of i alone: valid arguments of one function, up to three of them spoilt. What
is wrong is refused with TypeError, ValueError or MemoryError, or does no harm. Before each case its
number goes to standard error, so that the last one names what ended the process.
"""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from environment import SANITIZED
from gaussmix import _core
from gaussmix._settings import INIT_PARAMS

SPACE = 8 * 2**30
REFUSALS = (TypeError, ValueError, MemoryError)
STRUCTURES = tuple(structure[0] for structure in _core.structures())
SCATTERS = {structure[0]: structure[3] for structure in _core.structures()} | {"factor": "diag"}
Arguments = dict[str, Any]


# --- valid arguments ----------------------------------------------------------------------------


def covariances_of(kind: str, K: int, D: int) -> np.ndarray:
    matrix = np.eye(D) + 0.2
    if kind not in ("full", "tied", "diag", "spherical", "factor"):
        return np.stack([np.eye(D)] * K)
    return {
        "factor": np.ones((K, D, 2)),
        "full": np.stack([matrix] * K),
        "tied": matrix,
        "diag": np.ones((K, D)),
        "spherical": np.ones(K),
    }[kind]


def parameters(rng: np.random.Generator, kind: str, K: int, D: int) -> Arguments:
    factors = covariances_of(kind, K, D)
    if kind != "factor":
        factors = _core.factorise(kind, factors, K, D)[0]
    return {
        "covariance_type": kind,
        "weights": np.full(K, 1 / K),
        "means": rng.normal(size=(K, D)),
        "precisions_cholesky": factors,
    }


def statistics_of(rng: np.random.Generator, kind: str, K: int, D: int) -> Arguments:
    X = rng.normal(size=(50, D))
    return _core.e_step(
        X=X, sample_weight=None, **parameters(rng, kind, K, D), scatter_kind=SCATTERS[kind],
        n_threads=1,
    )  # fmt: skip


def prior(rng: np.random.Generator, D: int) -> Arguments:
    return {
        "shrinkage": 0.01,
        "mean": None if rng.integers(2) else rng.normal(size=D),
        "dof": None if rng.integers(2) else D + 2.0,
        "scale": None if rng.integers(2) else np.eye(D),
    }


def settings(rng: np.random.Generator, kind: str, K: int, D: int) -> Arguments:
    return {
        "n_components": K,
        "covariance_type": kind,
        "n_factors": int(kind == "factor"),
        "tol": rng.choice([None, 0.0, 1e-3]),
        "reg_covar": rng.choice([None, 1e-6]),
        "max_iter": int(rng.integers(0, 5)),
        "max_seconds": rng.choice([None, 5.0]),
        "n_init": int(rng.integers(1, 4)),
        "race": bool(rng.integers(2)),
        "init_params": str(rng.choice(INIT_PARAMS)),
        "accelerate": str(rng.choice(["auto", "by rate", "always", "never"])),
        "on_degenerate": str(rng.choice(["repair", "restart", "drop", "raise"])),
        "max_eigenvalue_ratio": rng.choice([None, 1.0, 50.0]),
        "one_unit": bool(rng.integers(2)),
        "gain_left": [None, 0.1, 1e-3][rng.integers(3)],
        "prior": None if rng.integers(2) else prior(rng, D),
        "n_threads": int(rng.integers(1, 3)),
    }


def density(rng: np.random.Generator, kind: str, K: int, D: int) -> Any:
    return _core.prepare(**parameters(rng, kind, K, D))


def outcomes(X: np.ndarray, rng: np.random.Generator) -> Any:
    given = dict.fromkeys(["weights_init", "means_init", "covariances_init"])
    asked = settings(rng, "diag", 1, X.shape[1])
    return _core.fit_many([X], [None], [0], **asked, **given)["outcomes"]


def valid_arguments(name: str, rng: np.random.Generator) -> Arguments:
    kind = STRUCTURES[rng.integers(len(STRUCTURES))]
    K, D, n = (int(rng.integers(1, most)) for most in (5, 6, 40))
    X = rng.normal(size=(n + K, D)).astype(rng.choice(["f4", "f8"]))
    weight = None if rng.integers(2) else rng.gamma(1.0, size=len(X))
    rows = {"X": X, "n_threads": int(rng.integers(1, 3))}
    weighted = rows | {"sample_weight": weight}
    scatter = {"scatter_kind": SCATTERS[kind]}
    mixture = parameters(rng, kind, K, D)
    given = {
        "weights_init": mixture["weights"],
        "means_init": mixture["means"],
        "covariances_init": covariances_of(kind, K, D),
        "precisions_cholesky_init": mixture["precisions_cholesky"],
        "responsibilities_init": rng.dirichlet(np.ones(K), size=len(X)),
        "history": np.array([-3.0, -2.0, -1.5]),
    }
    part = {key: None if rng.integers(2) else value for key, value in given.items()}
    makers: dict[str, Callable[[], Arguments]] = {
        "n_covariance_parameters": lambda: {
            "covariance_type": kind, "n_components": K, "n_features": D,
            "n_factors": int(kind == "factor"),
        },
        "memory_needed": lambda: settings(rng, kind, K, D) | {
            "n_rows": n, "n_features": D, "single_precision": bool(n % 2),
            "weighted": weight is not None,
        },
        "find_nonfinite": lambda: rows,
        "factorise": lambda: {
            "covariance_type": kind, "covariances": covariances_of(kind, K, D),
            "n_components": K, "n_features": D,
        },
        "prepare": lambda: mixture,
        "evaluate": lambda: rows | {
            "density": density(rng, kind, K, D), "log_density": True, "responsibilities": True,
            "labels": True, "joint_log_density": True,
        },
        "e_step": lambda: weighted | mixture | scatter,
        "likelihood": lambda: weighted | mixture,
        "statistics_from_responsibilities": lambda: weighted | scatter | {
            "responsibilities": given["responsibilities_init"],
        },
        "merge_statistics": lambda: {
            "a": statistics_of(rng, kind, K, D), "b": statistics_of(rng, kind, K, D), **scatter,
        },
        "m_step": lambda: scatter | {
            "statistics": statistics_of(rng, kind, K, D), "covariance_type": kind,
            "reg_covar": None, "on_degenerate": "repair",
            "previous": None if rng.integers(2) else {
                "weights": mixture["weights"], "means": mixture["means"],
                "covariances": covariances_of(kind, K, D),
                "precisions_cholesky": mixture["precisions_cholesky"],
            },
        },
        "sample": lambda: mixture | {"n_samples": n, "seed": 3},
        "fit": lambda: settings(rng, kind, K, D) | weighted | part | {
            "seed": 3, "on_iteration": None if rng.integers(2) else (lambda *_: True),
        },
        "fit_many": lambda: settings(rng, kind, K, D) | {
            "X": [X, X], "sample_weight": [weight, None], "seeds": [0, 1],
        } | {
            name: None if n % 2 else given[name][None]
            for name in ("weights_init", "means_init", "covariances_init")
        },
        "hierarchical_labels": lambda: weighted | {"n_components": [K, 1], "seed": 3},
        "outcome_at": lambda: {"outcomes": outcomes(X, rng), "index": 0},
        "parameters_of": lambda: {"outcomes": outcomes(X, rng)},
    }  # fmt: skip
    return makers[name]()


FUNCTIONS = (
    *("n_covariance_parameters", "memory_needed", "find_nonfinite", "factorise", "prepare"),
    *(
        "evaluate",
        "e_step",
        "likelihood",
        "statistics_from_responsibilities",
        "merge_statistics",
        "m_step",
        "sample",
    ),
    *("fit", "fit", "fit", "fit_many", "outcome_at", "hierarchical_labels", "parameters_of"),
)


# --- spoiling them ------------------------------------------------------------------------------


def unaligned(array: np.ndarray) -> np.ndarray:
    raw = np.zeros(array.nbytes + 1, dtype=np.uint8)[1:]
    view = raw.view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def filled(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def fill(array: np.ndarray) -> np.ndarray:
        copy = array.copy()
        copy[...] = value
        return copy

    return fill


def with_one(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def put(array: np.ndarray) -> np.ndarray:
        copy = array.copy()
        copy.flat[copy.size // 2] = value
        return copy

    return put


SPOILT_ARRAYS: tuple[Callable[[np.ndarray], Any], ...] = (
    lambda array: array.astype("f4"),
    lambda array: array.astype("i8"),
    lambda array: array.astype("c16"),
    lambda array: array.astype(object),
    lambda array: array.astype(">f8"),
    lambda array: np.asfortranarray(np.stack([array, array], axis=-1)),
    lambda array: array[::2],
    lambda array: array[::-1],
    lambda array: array[:0],
    lambda array: array[..., :0],
    lambda array: array[:-1],
    lambda array: array[None],
    lambda array: array.ravel(),
    lambda array: array.reshape(array.shape[::-1]),
    lambda array: np.concatenate([array, array]),
    lambda array: np.float64(1.5),
    lambda array: np.array(1.5),
    lambda array: array.tolist(),
    lambda array: np.broadcast_to(array.flat[0], array.shape),
    lambda array: np.zeros((2**40, 0)),
    lambda array: "text",
    lambda array: None,
    unaligned,
    filled(np.nan),
    filled(np.inf),
    filled(0.0),
    filled(-1.0),
    filled(1e300),
    filled(5e-324),
    with_one(np.nan),
    with_one(-np.inf),
    with_one(0.0),
)
SPOILT_INTEGERS = (-1, 0, 2, 7, 2**31, 2**40 + 1, 2**62, 2**63 - 1, 2**64, -(2**63), 1.5, "3", None)
SPOILT_REALS = (np.nan, np.inf, -1.0, 0.0, 1e308, 5e-324, 1 + 1j, "x", [], None)
SPOILT_WORDS = ("", "nonsense", "full", "trace", "FULL", "\ud800", "a\0b", b"full", 3, None)
# Large ones would rightly take for ever, or all memory there is: as asked.
COSTLY = dict.fromkeys(("max_iter", "n_init"), (-1, 0, 2**64, 1.5, "3", None))
COSTLY["n_samples"] = (-1, 0, 2**61, 2**62, 2**63 - 1, 2**64, 1.5, "3", None)


def spoilt_dictionary(value: Arguments, choose: random.Random) -> Any:
    copy = dict(value)
    key = choose.choice(list(copy))
    if choose.random() < 0.3:
        del copy[key]
    else:
        copy[key] = spoilt(key, copy[key], choose)
    return choose.choice([copy, copy, copy, {}, [], None])


def spoilt_list(value: list[Any], choose: random.Random) -> Any:
    copy = list(value)
    copy[0] = spoilt("", copy[0], choose)
    return choose.choice([copy, copy, copy, copy[:1], [], copy * 3, tuple(copy), 5, None])


def spoilt(name: str, value: Any, choose: random.Random) -> Any:
    """Something else in the place of a valid argument."""
    if isinstance(value, np.ndarray):
        return choose.choice(SPOILT_ARRAYS)(value)
    if isinstance(value, dict):
        return spoilt_dictionary(value, choose)
    if isinstance(value, list):
        return spoilt_list(value, choose)
    if isinstance(value, str):
        return choose.choice(SPOILT_WORDS)
    if isinstance(value, int):
        return choose.choice(COSTLY.get(name, SPOILT_INTEGERS))
    if callable(value):
        return choose.choice([3, None, lambda *_: None, lambda *_: 1 / 0])
    if isinstance(value, float):
        return choose.choice(SPOILT_REALS)
    if value is None:
        return choose.choice([1.0, -1, "x", [], np.zeros(3), np.zeros((2, 2)), object()])
    return choose.choice([None, object(), 3, "capsule", _core.prepare, sys])


def wrong_capsule(name: str, rng: np.random.Generator) -> Any:
    if name == "density":
        return outcomes(rng.normal(size=(5, 2)), rng)
    return density(rng, "full", 2, 2)


def run(choose: random.Random, rng: np.random.Generator) -> str:
    """Make one call; how it ended, in a word."""
    function = choose.choice(FUNCTIONS)
    arguments = valid_arguments(function, rng)
    for name in choose.sample(sorted(arguments), min(choose.randint(0, 3), len(arguments))):
        capsule = name in ("density", "outcomes") and choose.random() < 0.5
        arguments[name] = (
            wrong_capsule(name, rng) if capsule else spoilt(name, arguments[name], choose)
        )
    try:
        getattr(_core, function)(**arguments)
    except REFUSALS as error:
        return type(error).__name__
    except ZeroDivisionError:  # of a spoilt callback, which is the caller's own error
        return "callback"
    return "done"


def limit_memory() -> None:
    """So that what asks for terabytes is refused, and does not take the machine with it."""
    if sys.platform != "win32" and not SANITIZED:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (SPACE, resource.RLIM_INFINITY))


def main() -> None:
    limit_memory()
    warnings.simplefilter("ignore")  # of NumPy, about numbers that no float32 holds
    first, count = int(sys.argv[1]), int(sys.argv[2])
    endings: dict[str, int] = {}
    for number in range(first, first + count):
        print(number, end=" ", file=sys.stderr, flush=True)
        ending = run(random.Random(number), np.random.default_rng(number))
        endings[ending] = endings.get(ending, 0) + 1
    print(endings)


if __name__ == "__main__":
    main()
