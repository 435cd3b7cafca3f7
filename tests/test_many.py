"""Many fits with one call are the single fits, to the bit; a bad set among them harms no other."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fits
import gaussmix as gx
import reference as ref
from fits import image, quiet
from gaussmix import _core
from strategies import clusters

Float64 = NDArray[np.float64]

pytestmark = pytest.mark.filterwarnings("ignore::gaussmix.ConvergenceWarning")
each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def ragged(dtype: type = np.float64) -> list[NDArray[Any]]:
    """Sets of different sizes, the largest with several leaves, and of different widths."""
    shapes = [(60, 2), (333, 3), (20_011, 2), (7, 2), (101, 5)]
    return [clusters(i, n, D, 3).astype(dtype) for i, (n, D) in enumerate(shapes)]


def weights_of(sets: list[NDArray[Any]]) -> list[Float64 | None]:
    rng = np.random.default_rng(0)
    return [None if i == 1 else rng.gamma(1.0, size=len(X)) for i, X in enumerate(sets)]


def images(results: gx.FitResults) -> list[tuple[bytes, ...]]:
    return [image(result) for result in results]


@each_structure
@pytest.mark.parametrize("n_threads", [1, 2, 3, None])
def test_each_fit_is_the_single_fit(covariance_type: str, n_threads: int | None) -> None:
    sets = ragged()
    options: dict[str, Any] = {"covariance_type": covariance_type, "n_init": 2, "max_iter": 15}
    results = gx.fit_many(sets, 3, random_state=7, n_threads=n_threads, **options)
    alone = [quiet(X, 3, random_state=7 + i, **options) for i, X in enumerate(sets)]
    assert results.seeds.tolist() == [7, 8, 9, 10, 11]
    assert images(results) == [image(one) for one in alone]
    assert [result.reasons for result in results] == [one.reasons for one in alone]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init_params", ["kmeans", "random"])
def test_weights_and_single_precision(dtype: type, init_params: str) -> None:
    sets = ragged(dtype)
    weights = weights_of(sets)
    options: dict[str, Any] = {"max_iter": 8, "init_params": init_params}
    results = gx.fit_many(sets, 2, sample_weight=weights, random_state=1, **options)
    for i, (X, weight) in enumerate(zip(sets, weights, strict=True)):
        alone = quiet(X, 2, sample_weight=weight, random_state=1 + i, **options)
        assert image(results[i]) == image(alone)


def test_settings_reach_every_fit() -> None:
    sets = ragged()
    for options in (
        {"tol": 1e-3, "reg_covar": 1e-2},
        {"tol": 0.0, "max_iter": 4, "accelerate": True},
        {"max_iter": 0},
    ):
        results = gx.fit_many(sets, 2, random_state=0, **options)  # type: ignore[arg-type]
        alone = [quiet(X, 2, random_state=i, **options) for i, X in enumerate(sets)]
        assert images(results) == [image(one) for one in alone]


def test_a_stack_is_its_tables() -> None:
    stack = np.stack([clusters(seed, 120, 2, 2) for seed in range(4)])
    weights = np.random.default_rng(0).random((4, 120))
    for given, weight in ((stack, None), (stack.astype(np.float32), None), (stack, weights)):
        of_stack = gx.fit_many(given, 2, sample_weight=weight, random_state=3)
        lists = None if weight is None else list(weight)
        of_list = gx.fit_many(tuple(given), 2, sample_weight=lists, random_state=3)
        assert images(of_stack) == images(of_list)
    assert images(gx.fit_many(stack[:, ::-1], 2, random_state=3)) == images(
        gx.fit_many([np.ascontiguousarray(X[::-1]) for X in stack], 2, random_state=3)
    )


@pytest.mark.parametrize(
    "labels",
    [np.array(["pear", "apple", "fig"]), np.array([30, -4, 7]), np.array([2.5, 0.0, -1.0])],
    ids=["strings", "integers", "floats"],
)
@pytest.mark.parametrize("as_objects", [False, True])
def test_groups_are_the_rows_of_each_label(labels: NDArray[Any], as_objects: bool) -> None:
    X = clusters(2, 400, 2, 2)
    rng = np.random.default_rng(0)
    groups, weight = labels[rng.integers(3, size=len(X))], rng.random(len(X))
    given = groups.astype(object) if as_objects else groups.tolist()
    results = gx.fit_many(X, 2, groups=given, sample_weight=weight, random_state=5)
    assert results.keys == tuple(sorted(labels.tolist())) == tuple(results.by_key)
    for place, key in enumerate(results.keys):
        own = groups == key
        alone = gx.fit(X[own], 2, sample_weight=weight[own], random_state=5 + place)
        assert image(results.by_key[key]) == image(results[place]) == image(alone)
    with pytest.raises(KeyError):
        results.by_key["quince"]


def test_a_frame_gives_its_names_to_every_group() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(clusters(2, 90, 2, 2), columns=["width", "height"])
    species = pandas.Series(["b", "a", "c"] * 30, dtype="category")
    results = gx.fit_many(frame, 1, groups=species)
    assert results.keys == ("a", "b", "c")
    assert {result.mixture.feature_names for result in results} == {("width", "height")}
    listed = gx.fit_many([frame, frame.to_numpy()], 1)
    assert [one.mixture.feature_names for one in listed] == [("width", "height"), None]


# --- Bad sets ---------------------------------------------------------------------------------


def with_bad_ones() -> tuple[list[Any], dict[int, str]]:
    sets: list[Any] = [clusters(i, 80, 2, 2) for i in range(7)]
    sets[1] = np.where(np.arange(160).reshape(80, 2) == 41, np.nan, sets[1])
    sets[3] = sets[3][:1]
    sets[4] = [["one", "two"]]
    sets[6] = sets[6][:0]
    return sets, {
        1: r"data\[1\]: Input X contains NaN at row 20, column 1",
        3: r"data\[3\]: n_components=2 is more than the number of rows",
        4: r"data\[4\]: X must hold numbers",
        6: r"data\[6\]: X has 0 sample",
    }


def test_a_bad_set_is_an_error_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    sets, messages = with_bad_ones()
    monkeypatch.setattr(gx._runtime.core, "fit_many", None)
    with pytest.raises(gx.GaussmixError, match=messages[1]):
        gx.fit_many(sets, 2)


def test_kept_errors_leave_the_other_fits_as_they_are() -> None:
    sets, messages = with_bad_ones()
    results = gx.fit_many(sets, 2, random_state=0, on_error="keep")
    assert list(results.errors) == list(messages)
    assert results.ok.tolist() == [True, False, True, False, False, True, False]
    for place, message in messages.items():
        with pytest.raises(type(results.errors[place]), match=message):
            results[place]
        assert np.isnan(results.log_likelihoods[place])
        assert results.n_iter[place] == 0
        assert results.statuses[place] == "failed"
    assert isinstance(results.errors[4], gx.GaussmixTypeError)
    for place in (0, 2, 5):  # its seed goes by its place, whatever came of the others
        assert image(results[place]) == image(gx.fit(sets[place], 2, random_state=place))
    with pytest.raises(gx.GaussmixError, match=messages[1]):
        list(results)


def test_results_by_label_where_one_set_has_none() -> None:
    """Every label is there; what goes over the results leaves out the set without one."""
    X, labels = clusters(0, 121, 2, 2), ["a"] * 60 + ["b"] + ["c"] * 60
    results = gx.fit_many(X, 2, groups=labels, on_error="keep", random_state=0)
    by_key = results.by_key
    assert ("a" in by_key, "b" in by_key, "quince" in by_key) == (True, True, False)
    assert (list(by_key), list(by_key.keys()), len(by_key)) == ([*"abc"], [*"abc"], 3)
    with pytest.raises(gx.GaussmixError, match=r"^group 'b': n_components=2 is more than"):
        by_key["b"]
    assert by_key.get("b") is by_key.get("quince") is None
    assert by_key.get("b", 3) == 3
    assert by_key.get("c") is results[2]
    assert dict(by_key.items()) == {"a": results[0], "c": results[2]}
    assert [*by_key.values()] == [results[0], results[2]]
    assert len(by_key.items()) == len(by_key.values()) == 2
    assert [key for key, ok in zip(results.keys, results.ok, strict=True) if not ok] == ["b"]
    assert repr(by_key) == "<results by label: 'a', 'b', 'c'>"


def test_a_place_beyond_the_last_and_a_label_in_place_of_one() -> None:
    results = gx.fit_many(clusters(0, 120, 2, 2), 1, groups=["a"] * 60 + ["b"] * 60)
    for place in (2, -3):
        with pytest.raises(IndexError, match=rf"no result {place} among 2 results"):
            results[place]
    with pytest.raises(gx.GaussmixTypeError, match=r"results\.by_key\['a'\]"):
        results["a"]  # type: ignore[call-overload]
    many = gx.fit_many([[[0.0], [1.0]]] * 9, 1)
    assert repr(many.by_key) == "<results by label: 0, 1, 2, 3, 4, 5, ... of 9>"


@pytest.mark.parametrize(
    ("settings", "wide", "narrow", "message"),
    [
        ({"prior": gx.Prior(mean=[0.0, 0.0])}, 2, 1, "mean of the prior is for 2 features"),
        ({"prior": gx.Prior(dof=1.5)}, 2, 3, "dof of the prior must be more than"),
        ({"covariance_type": "V"}, 1, 2, "covariance_type='V' is for data of one column"),
        ({"covariance_type": "factor", "n_factors": 2}, 5, 2, "n_factors"),
    ],
)
def test_a_set_whose_columns_do_not_fit_the_model(
    settings: dict[str, Any], wide: int, narrow: int, message: str
) -> None:
    sets = [clusters(0, 60, wide, 2), clusters(0, 60, narrow, 2), clusters(1, 60, wide, 2)]
    with pytest.raises(gx.GaussmixError, match=rf"^data\[1\]: .*{message}"):
        gx.fit_many(sets, 1, **settings)
    results = gx.fit_many(sets, 1, random_state=0, on_error="keep", **settings)
    assert results.ok.tolist() == [True, False, True]
    with pytest.raises(gx.GaussmixError, match=rf"^data\[1\]: .*{message}"):
        results[1]
    assert image(results[2]) == image(quiet(sets[2], 1, random_state=2, **settings))


@pytest.mark.parametrize("data", [[], [np.zeros((2, 1))], [np.zeros((0, 1))]])
def test_a_prior_that_is_none_is_the_error_of_no_set(data: Any) -> None:
    with pytest.raises(gx.GaussmixTypeError, match=r"^prior must be None or a gaussmix\.Prior"):
        gx.fit_many(data, 1, prior=3.0, on_error="keep")  # type: ignore[arg-type]
    with pytest.raises(gx.GaussmixError, match=r"^prior is not available for covariance_type"):
        gx.fit_many(
            data, 1, covariance_type="factor", n_factors=1, prior=gx.Prior(), on_error="keep"
        )


def test_degenerate_sets() -> None:
    sets = [clusters(0, 80, 2, 2), np.ones((9, 2)), clusters(1, 80, 2, 2)]
    options: dict[str, Any] = {"random_state": 0, "on_degenerate": "raise"}
    with pytest.raises(gx.DegenerateError, match=r"^data\[1\]: .*on_error=\"keep\""):
        gx.fit_many(sets, 1, **options)
    results = gx.fit_many(sets, 1, on_error="keep", **options)
    assert isinstance(results.errors[1], gx.DegenerateError)
    assert results.statuses == ("converged", "degenerate", "converged")
    assert image(results[2]) == image(gx.fit(sets[2], 1, random_state=2))


def test_what_the_engine_refuses_is_kept_too() -> None:
    sets = [clusters(0, 80, 2, 2), clusters(0, 80, 2, 2) * 1e300]
    results = gx.fit_many(sets, 1, on_error="keep")
    assert "rescale it" in str(results.errors[1])
    assert results[0].converged


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": np.zeros((4, 2))}, "give groups"),
        ({"data": 3.0}, "give groups"),
        (
            {"data": iter([np.zeros((4, 2))])},
            r"a list_iterator, and a list is wanted.*list\(data\)",
        ),
        ({"data": (X for X in [])}, r"a generator, and a list is wanted.*list\(data\)"),
        (
            {"data": np.array([None, np.ones((3, 2))], dtype=object)},
            r"of objects.*pass list\(data\)",
        ),
        ({"data": np.zeros((2, 4, 2)), "groups": [0, 1]}, "one table"),
        ({"data": np.zeros((4, 2)), "groups": [0, 1]}, "one label per row"),
        ({"data": np.zeros((2, 2)), "groups": [0, np.nan]}, "None or NaN"),
        ({"data": np.zeros((2, 2)), "groups": np.array(["a", None])}, "None or NaN"),
        ({"data": np.zeros((2, 2)), "groups": np.array(["a", 1], dtype=object)}, "of one kind"),
        ({"data": [np.zeros((2, 2))], "sample_weight": [None, None]}, "one array of weights"),
        ({"data": [np.zeros((2, 2))], "sample_weight": 1.0}, "one array of weights"),
        ({"data": [np.zeros((2, 2))], "sample_weight": [[1.0]]}, r"data\[0\]: sample_weight"),
        ({"data": np.zeros((2, 2)), "groups": [0, 1], "sample_weight": [1]}, "one weight per row"),
        ({"data": [], "on_error": "ignore"}, "on_error"),
        ({"data": [], "n_components": 0}, "n_components"),
        ({"data": [], "covariance_type": "fill"}, "Did you mean"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        gx.fit_many(**arguments)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_grouped_frame_is_told_how_to_come(library: str) -> None:
    frame: Any = pytest.importorskip(library).DataFrame({"site": ["a", "b"], "x": [1.0, 2.0]})
    grouped = frame.groupby("site") if library == "pandas" else frame.group_by("site")
    for given in (grouped, grouped["x"]) if library == "pandas" else (grouped,):
        with pytest.raises(gx.GaussmixTypeError, match=r"GroupBy.*pass the frame.*groups="):
            gx.fit_many(given, 1)


def test_an_error_does_not_move_the_callers_generator() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(gx.GaussmixError):
        gx.fit_many([np.zeros((0, 2))], random_state=rng)
    assert rng.bit_generator.state == before


# --- What comes back --------------------------------------------------------------------------


def test_no_sets_no_results() -> None:
    for data in ([], np.empty((0, 5, 2))):
        results = gx.fit_many(data, 2)
        assert (len(results), list(results), results.keys) == (0, [], ())
        assert results.log_likelihoods.shape == results.n_iter.shape == results.ok.shape == (0,)


def test_the_columns_are_those_of_the_results() -> None:
    results = gx.fit_many(ragged(), 3, random_state=0, max_iter=9)
    for place, result in enumerate(results):
        assert results.log_likelihoods[place] == result.log_likelihood
        assert results.n_iter[place] == result.n_iter
        assert results.converged[place] == result.converged
        assert results.statuses[place] == result.status
    assert results.keys == (0, 1, 2, 3, 4)


def test_a_read_only_sequence() -> None:
    sets = ragged()
    results = gx.fit_many(sets, 2, random_state=0)
    assert results[-1] == results[4] is results[4]
    with pytest.raises(IndexError):
        results[5]
    part = results[3:0:-1]
    assert isinstance(part, gx.FitResults)
    assert [one.log_likelihood for one in part] == results.log_likelihoods[3:0:-1].tolist()
    assert (part.keys, part.seeds.tolist()) == ((3, 2, 1), [3, 2, 1])
    assert results[::-1].keys == (4, 3, 2, 1, 0)
    assert results[-7::-1].keys == results[4:2].keys == ()
    with pytest.raises(AttributeError):
        results.n_iter = np.zeros(5)  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        results.seeds[0] = 1
    with pytest.raises(TypeError):
        hash(results)


def test_pickles_and_compares() -> None:
    sets, _ = with_bad_ones()
    results = gx.fit_many(sets, 2, random_state=0, on_error="keep")
    again = pickle.loads(pickle.dumps(results))
    assert again == results
    assert images(again[::2][:1]) == images(results[:1])
    assert str(again.errors[3]) == str(results.errors[3])
    assert results != gx.fit_many(sets, 2, random_state=1, on_error="keep")
    assert results != gx.fit_many(sets[:5], 2, random_state=0, on_error="keep")


@pytest.mark.filterwarnings("error")
def test_one_warning_for_all_that_ran_out_of_passes() -> None:
    with pytest.warns(gx.ConvergenceWarning, match=r"5 of 5 fits .* 1 pass that max_iter") as told:
        gx.fit_many(ragged(), 3, max_iter=1, tol=0.0)
    assert len(told) == 1
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gx.fit_many(ragged(), 1)
        gx.fit_many(ragged(), 3, max_iter=0)


# --- Starts -----------------------------------------------------------------------------------


def engine_settings_of(K: int) -> dict[str, Any]:
    words = {"covariance_type": "full", "init_params": "kmeans", "accelerate": "auto"}
    numbers = {"n_components": K, "max_iter": 20, "n_init": 1, "n_threads": 2, "race": False}
    absent = ("tol", "reg_covar", "max_seconds", "max_eigenvalue_ratio", "prior")
    numbers |= {"one_unit": False, "gain_left": None}
    return {**words, **numbers, **dict.fromkeys(absent), "on_degenerate": "repair"}


def stacked(mixtures: list[gx.Mixture]) -> dict[str, Float64]:
    names = ("weights", "means", "covariances")
    return {f"{n}_init": np.stack([getattr(one, n) for one in mixtures]) for n in names}


@pytest.mark.parametrize("one_for_all", [False, True])
def test_given_starts_are_those_of_single_fits(one_for_all: bool) -> None:
    sets = [clusters(seed, 90, 2, 3) for seed in range(4)]
    starts = [
        gx.fit(X, 3, max_iter=2, random_state=1).mixture for X in sets[: 1 if one_for_all else 4]
    ]
    found = _core.fit_many(sets, [None] * 4, [0] * 4, **engine_settings_of(3), **stacked(starts))
    parameters = _core.parameters_of(found["outcomes"])
    for i, X in enumerate(sets):
        alone = quiet(X, 3, max_iter=20, **fits.given(starts[0 if one_for_all else i]))
        assert found["log_likelihood"][i] == alone.log_likelihood
        assert found["repairs"][i] == alone.repairs.total
        for name in ("weights", "means", "covariances"):
            assert (parameters[name][i] == getattr(alone.mixture, name)).all()


def test_starts_of_the_wrong_size_are_refused() -> None:
    sets = [clusters(seed, 90, 2, 3) for seed in range(3)]
    mixture = gx.fit(sets[0], 2, random_state=1).mixture
    right = stacked([mixture])
    for wrong in (
        stacked([mixture] * 2),
        right | {"means_init": None},
        right | {"means_init": right["means_init"][:, :1].copy()},
    ):
        with pytest.raises(ValueError, match=r"start|means_init"):
            _core.fit_many(sets, [None] * 3, [0] * 3, **engine_settings_of(2), **wrong)
    nobody = _core.fit_many([], [], [], **engine_settings_of(2), **dict.fromkeys(right))
    with pytest.raises(ValueError, match="there is no fit"):
        _core.parameters_of(nobody["outcomes"])
