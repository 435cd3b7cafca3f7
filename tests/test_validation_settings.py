"""Bad settings and starts of a fit: each has its own error, and it comes before any work."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from gaussmix import _core
from gaussmix.exceptions import GaussmixError, GaussmixTypeError
from test_validation import BAD_DATA, BAD_WEIGHTS, EYE, INF, MIXTURE, NAN, X, assert_refused

TWO: dict[str, Any] = {"n_components": 2}
START: dict[str, Any] = {
    "n_components": 2,
    "weights_init": [0.5, 0.5],
    "means_init": [[0.0, 0.0], [4.0, 4.0]],
    "covariances_init": [EYE, EYE],
}


# --- settings of fit -----------------------------------------------------------------------------

BAD_SETTINGS: list[Any] = [
    ({"n_components": 0}, GaussmixError, ["n_components must be an integer >= 1, got 0"]),
    ({"n_components": -2}, GaussmixError, ["n_components must be an integer >= 1, got -2"]),
    ({"n_components": 2.0}, GaussmixTypeError, ["n_components must be an integer", "2.0", "float"]),
    ({"n_components": True}, GaussmixTypeError, ["n_components must be an integer", "bool"]),
    ({"n_components": "2"}, GaussmixTypeError, ["n_components must be an integer", "'2'"]),
    ({"n_components": None}, GaussmixTypeError, ["n_components must be an integer", "None"]),
    ({"covariance_type": "ful"}, GaussmixError, ["'ful'", "Did you mean 'full'?"]),
    ({"covariance_type": "Diagonal"}, GaussmixError, ["Did you mean 'diag'?", "'spherical'"]),
    ({"covariance_type": "VVZ"}, GaussmixError, ["'VVZ'", "'VVV'", "'EEE'"]),
    ({"covariance_type": "qqqq"}, GaussmixError, ["one of 'full', 'tied', 'diag', 'spherical'"]),
    ({"covariance_type": 3}, GaussmixTypeError, ["covariance_type must be a string", "int"]),
    ({"tol": -1e-3}, GaussmixError, ["tol must be None or a finite number >= 0, got -0.001"]),
    ({"tol": NAN}, GaussmixError, ["tol", "nan"]),
    ({"tol": INF}, GaussmixError, ["tol", "inf"]),
    ({"tol": 10**400}, GaussmixError, ["tol must be None or a finite number >= 0, got inf"]),
    ({"tol": -(10**5000)}, GaussmixError, ["tol must be None or a finite number >= 0, got -inf"]),
    ({"tol": "small"}, GaussmixTypeError, ["tol must be None or a number >= 0", "'small'"]),
    ({"tol": True}, GaussmixTypeError, ["tol must be None or a number >= 0", "bool"]),
    ({"reg_covar": -1.0}, GaussmixError, ["reg_covar", ">= 0", "-1.0"]),
    ({"reg_covar": NAN}, GaussmixError, ["reg_covar", "nan"]),
    ({"reg_covar": [1e-6]}, GaussmixTypeError, ["reg_covar", "list"]),
    ({"max_iter": -1}, GaussmixError, ["max_iter must be an integer >= 0, got -1"]),
    ({"max_iter": 1e3}, GaussmixTypeError, ["max_iter must be an integer", "float"]),
    ({"max_iter": 2**63}, GaussmixError, ["max_iter must be an integer <= ", str(2**63)]),
    ({"max_seconds": 0}, GaussmixError, ["max_seconds must be None", "> 0, got 0"]),
    ({"max_seconds": -1.5}, GaussmixError, ["max_seconds", "-1.5"]),
    ({"max_seconds": NAN}, GaussmixError, ["max_seconds", "nan"]),
    ({"max_seconds": "1 h"}, GaussmixTypeError, ["max_seconds must be None or a number", "'1 h'"]),
    ({"max_seconds": True}, GaussmixTypeError, ["max_seconds", "bool"]),
    ({"n_init": 0}, GaussmixError, ["n_init must be an integer >= 1, got 0"]),
    ({"n_init": None}, GaussmixTypeError, ["n_init must be an integer"]),
    ({"n_init": 10**30}, GaussmixError, ["n_init must be an integer <= ", str(10**30)]),
    ({"init_params": "kmean"}, GaussmixError, ["Did you mean 'kmeans'?", "'random_from_data'"]),
    ({"init_params": "K-Means++"}, GaussmixError, ["Did you mean 'k-means++'?"]),
    ({"init_params": None}, GaussmixTypeError, ["init_params must be one of", "NoneType"]),
    ({"accelerate": "yes"}, GaussmixError, ["accelerate must be 'auto', True or False", "'yes'"]),
    ({"accelerate": "Auto"}, GaussmixError, ["Did you mean 'auto'?"]),
    ({"accelerate": 1}, GaussmixTypeError, ["accelerate must be 'auto', True or False"]),
    ({"on_degenerate": "rise"}, GaussmixError, ["Did you mean 'raise'?"]),
    ({"on_degenerate": None}, GaussmixTypeError, ["on_degenerate must be one of"]),
    ({"n_threads": 0}, GaussmixError, ["n_threads must be an integer >= 1, got 0"]),
    ({"n_threads": -1}, GaussmixError, ["n_threads must be an integer >= 1, got -1", "None uses"]),
    ({"n_threads": 1.5}, GaussmixTypeError, ["n_threads must be an integer"]),
    ({"n_threads": 2**31}, GaussmixError, ["n_threads must be an integer <= 2147483647, got 2"]),
    ({"memory_limit": 0}, GaussmixError, ["memory_limit must be an integer >= 1, got 0"]),
    ({"memory_limit": "0 MB"}, GaussmixError, ["memory_limit must be an integer >= 1, got 0"]),
    ({"memory_limit": "2 Gb/s"}, GaussmixError, ["such as '500 MB'", "'2 Gb/s'", "GiB"]),
    ({"memory_limit": "much"}, GaussmixError, ["memory_limit must be a size", "'much'"]),
    ({"memory_limit": "2 G"}, GaussmixError, ["'2 G'", "GB", "GiB"]),  # which of the two?
    ({"memory_limit": 1.5}, GaussmixTypeError, ["memory_limit", "number of bytes", "float"]),
    ({"memory_limit": INF}, GaussmixTypeError, ["memory_limit", "number of bytes", "inf"]),
    ({"memory_limit": True}, GaussmixTypeError, ["memory_limit", "number of bytes", "bool"]),
    ({"max_eigenvalue_ratio": 10**400}, GaussmixError, ["must be a finite number >= 1, got inf"]),
    ({"verbose": -1}, GaussmixError, ["verbose must be an integer >= 0"]),
    ({"verbose": "yes"}, GaussmixTypeError, ["verbose must be an integer"]),
    ({"verbose_interval": 0}, GaussmixError, ["verbose_interval must be an integer >= 1"]),
    ({"progress": "yes"}, GaussmixTypeError, ["progress must be True or False", "'yes'"]),
    ({"progress": 1}, GaussmixTypeError, ["progress must be True or False", "int"]),
    ({"callback": "print"}, GaussmixTypeError, ["callback must be None or a function", "'print'"]),
    ({"random_state": -1}, GaussmixError, ["random_state must be an integer in [0, 2**63)", "-1"]),
    ({"random_state": 2**63}, GaussmixError, ["random_state", str(2**63)]),
    ({"random_state": 0.5}, GaussmixTypeError, ["random_state must be None", "float"]),
    ({"random_state": "seed"}, GaussmixTypeError, ["random_state must be None", "'seed'"]),
    ({"random_state": False}, GaussmixTypeError, ["random_state must be None", "bool"]),
    ({"start": MIXTURE}, GaussmixTypeError, ["start must be a FitResult", "weights_init"]),
]


@pytest.mark.parametrize(("settings", "error", "fragments"), BAD_SETTINGS)
def test_bad_setting(
    settings: dict[str, Any], error: type[Exception], fragments: list[str]
) -> None:
    assert_refused(lambda: gx.fit(X, **settings), error, *fragments)


# --- initial parameters --------------------------------------------------------------------------

ASYMMETRIC = [[1.0, 0.5], [0.4, 1.0]]
INDEFINITE = [[1.0, 2.0], [2.0, 1.0]]
BAD_STARTS: list[Any] = [
    ({"weights_init": [0.5]}, GaussmixError, ["weights_init must have shape (2,)", "(1,)"]),
    ({"weights_init": [0.5, 0.4]}, GaussmixError, ["weights_init must sum to 1", "0.9", "divide"]),
    ({"weights_init": [1.5, -0.5]}, GaussmixError, ["not be negative", "weights_init[1] is -0.5"]),
    ({"weights_init": [0.5, NAN]}, GaussmixError, ["weights_init[1] is nan"]),
    ({"weights_init": ["a", "b"]}, GaussmixTypeError, ["weights_init must hold numbers"]),
    (
        {"means_init": [[0.0], [1.0]]},
        GaussmixError,
        ["means_init must have shape (2, 2)", "(2, 1)"],
    ),
    ({"means_init": EYE[:1]}, GaussmixError, ["means_init must have shape (2, 2)"]),
    ({"means_init": [[0, INF], [0, 0]]}, GaussmixError, ["means_init[0, 1] is inf"]),
    (
        {"means_init": [[1, 2], [1, 2]]},
        GaussmixError,
        ["means_init[0] and means_init[1] are the same", "no row", "different means"],
    ),
    (
        {"covariances_init": EYE},
        GaussmixError,
        ["covariances_init must have shape (2, 2, 2) for covariance_type='full'", "(2, 2)"],
    ),
    (
        {"covariances_init": [EYE, ASYMMETRIC]},
        GaussmixError,
        ["covariances_init must be symmetric", "covariances_init[1, 0, 1] is 0.5", "0.4"],
    ),
    (
        {"covariances_init": [EYE, INDEFINITE]},
        GaussmixError,
        ["covariances_init must be positive definite", "component 1"],
    ),
    (
        {"covariances_init": [0 * EYE, EYE]},
        GaussmixError,
        ["covariances_init must be positive definite", "component 0"],
    ),
    ({"covariances_init": [EYE, NAN * EYE]}, GaussmixError, ["covariances_init[1, 0, 0] is nan"]),
    (
        {"precisions_init": [EYE, ASYMMETRIC]},
        GaussmixError,
        ["precisions_init must be symmetric"],
    ),
    (
        {"precisions_init": [INDEFINITE, EYE]},
        GaussmixError,
        ["precisions_init must be positive definite"],
    ),
    ({"precisions_init": [1.0]}, GaussmixError, ["precisions_init must have shape (2, 2, 2)"]),
    (
        {"precisions_init": [EYE, EYE], "covariances_init": [EYE, EYE]},
        GaussmixError,
        ["precisions_init and covariances_init were both given", "give one"],
    ),
    (
        {"covariance_type": "diag", "covariances_init": [[1.0, 1.0], [0.0, 1.0]]},
        GaussmixError,
        ["positive definite", "component 1"],
    ),
    (
        {"covariance_type": "spherical", "covariances_init": [1.0, -1.0]},
        GaussmixError,
        ["positive definite", "component 1"],
    ),
    (
        {"covariance_type": "tied", "covariances_init": INDEFINITE},
        GaussmixError,
        ["covariances_init must be positive definite"],
    ),
    (
        {"responsibilities_init": np.full((5, 2), 0.5)},
        GaussmixError,
        ["responsibilities_init must have shape (6, 2)", "(5, 2)"],
    ),
    (
        {"responsibilities_init": [0, 1, 0, 1, 2, 0]},
        GaussmixError,
        ["whole numbers from 0 to 1", "responsibilities_init[4] is 2", "numpy.unique"],
    ),
    (
        {"responsibilities_init": [0, 1, 0, 1, 0.5, 0]},
        GaussmixError,
        ["whole numbers from 0 to 1", "responsibilities_init[4] is 0.5"],
    ),
    (
        {"responsibilities_init": [0, 0, 0, 0, 0, 0]},
        GaussmixError,
        ["responsibilities_init labels no row 1", "every component needs one"],
    ),
    (
        {"responsibilities_init": [0, 1, 0, -1, 1, 0]},
        GaussmixError,
        ["whole numbers from 0 to 1", "responsibilities_init[3] is -1"],
    ),
    (
        {"responsibilities_init": [0, 1, 0]},
        GaussmixError,
        ["responsibilities_init must have shape (6,)", "(3,)"],
    ),
    (
        {"responsibilities_init": [[0.5, 0.5]] * 5 + [[0.5, 0.6]]},
        GaussmixError,
        ["every row of responsibilities_init must sum to 1", "row 5 sums to 1.1", "divide"],
    ),
    (
        {"responsibilities_init": [[0.5, 0.5]] * 4 + [[1.5, -0.5]] * 2},
        GaussmixError,
        ["responsibilities_init must not be negative", "-0.5 at row 4, column 1"],
    ),
    (
        {**START, "responsibilities_init": np.full((6, 2), 0.5)},
        GaussmixError,
        ["responsibilities_init has no effect"],
    ),
]


@pytest.mark.parametrize(("start", "error", "fragments"), BAD_STARTS)
def test_bad_start(start: dict[str, Any], error: type[Exception], fragments: list[str]) -> None:
    assert_refused(lambda: gx.fit(X, **(TWO | start)), error, *fragments)


# --- errors come before any work -----------------------------------------------------------------

ALL_BAD: list[dict[str, Any]] = [
    *({"X": case.values[0]} for case in BAD_DATA),
    *({"sample_weight": case.values[0]} for case in BAD_WEIGHTS),
    *(settings for settings, _, _ in BAD_SETTINGS),
    *(TWO | start for start, _, _ in BAD_STARTS),
    {"n_components": 7},
]


@pytest.mark.parametrize("bad", ALL_BAD)
def test_an_error_leaves_no_work_done(bad: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("the engine was called")

    monkeypatch.setattr(_core, "fit", forbidden)
    generator = np.random.default_rng(0)
    drawn = generator.bit_generator.state
    arguments: dict[str, Any] = {"X": X, "random_state": generator} | bad
    data_before = arguments["X"].copy() if isinstance(arguments["X"], np.ndarray) else None
    with pytest.raises(GaussmixError):
        gx.fit(**arguments)
    assert generator.bit_generator.state == drawn
    if data_before is not None:
        assert arguments["X"].tobytes() == data_before.tobytes()


def test_errors_are_value_errors_and_type_errors_both() -> None:
    assert issubclass(GaussmixError, ValueError)
    assert issubclass(GaussmixTypeError, TypeError)
    assert issubclass(GaussmixTypeError, GaussmixError)
    with pytest.raises(TypeError, match=re.escape("n_init")):
        gx.fit(X, n_init=1.0)  # type: ignore[arg-type]
