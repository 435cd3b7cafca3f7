"""What the benchmarks make of their measurements, on rows made by hand; nothing is timed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="runs where the source tree is")

import benchmarks
from benchmarks.acceleration import WAYS, data_of, run_to_the_end
from benchmarks.brief import brief_markdown
from benchmarks.fits import seconds_until
from benchmarks.problems import Parameters, make_problem
from benchmarks.report import markdown
from benchmarks.scaling import exponent, exponents_markdown, threads_markdown
from benchmarks.shapes import as_full, in_shape, mean_log_likelihood, useful_flops
from benchmarks.sparsity import Case, Found, dense_chain, fit, line
from benchmarks.table import Row, read_csv, slower, write_csv


def row(package: str = "gaussmix", seconds: str = "1 1 1", **changed: object) -> Row:
    values = [float(word) for word in seconds.split()]
    cells: dict[str, object] = {
        **dict.fromkeys(("date", "cpu", "cores", "system", "python", "numpy"), "x"),
        "case": "1000x2-k2",
        "n_rows": 1000,
        "n_features": 2,
        "n_components": 2,
        "n_iter": 1,
        "repeats": len(values),
        "threads": "1",
        "required_speedup": "",
        "package": package,
        "version": "1",
        "median_seconds": sorted(values)[len(values) // 2],
        "min_seconds": min(values),
        "ns_per_row_component": 1.0,
        "log_likelihood": -3.0,
        "peak_mib": 1.0,
        "seconds": seconds,
    }
    return Row(**(cells | changed))  # type: ignore[arg-type]


def line_of(package: str, table: str) -> str:
    return next(line for line in table.splitlines() if f"| {package} 1 |" in line)


@pytest.mark.parametrize(
    ("theirs", "marked"),
    [(-3.0, False), (-3.0 + 2e-6, False), (-3.0 + 4e-6, True), (-2.0, True), (math.nan, True)],
)
def test_a_library_that_did_other_work_is_marked(theirs: float, marked: bool):
    table = markdown([row(), row("rival"), row("other", log_likelihood=theirs)])
    assert ("DISAGREE" in line_of("other", table)) is marked
    assert "DISAGREE" not in line_of("gaussmix", table)
    assert "DISAGREE" not in line_of("rival", table)


@pytest.mark.parametrize(("asked", "word"), [("3", "reached"), ("3.5", "MISSED")])
def test_what_is_asked_of_a_rival_is_held_against_the_median_of_ratios(asked: str, word: str):
    # Turn by turn 2, 3 and 10 times slower; the minima are 2 times apart.
    ours, rival = row(seconds="1 2 1"), row("rival", "2 6 10", required_speedup=asked)
    assert slower(rival, ours) == (3.0, 2.0)
    assert word in line_of("rival", markdown([ours, rival]))


def test_float32_is_asked_to_be_faster():
    rows = [row(seconds="4 4"), row("gaussmix-float32", "2 2", required_speedup="1.6")]
    assert "reached" in line_of("gaussmix-float32", markdown(rows))
    rows = [row(seconds="3 3"), row("gaussmix-float32", "2 2", required_speedup="1.6")]
    assert "MISSED" in line_of("gaussmix-float32", markdown(rows))


def test_share_of_the_peak_is_of_the_best_turn():
    # 1000 rows x 2 components x 50 flops in a second, of 1 GFLOP/s.
    one = row(seconds="1 2", useful_flops=50.0, peak_gflops=1.0)
    assert one.share == pytest.approx(1e-4)


def test_exponent_of_a_power_law():
    x = [1.0, 2.0, 4.0, 16.0]
    assert exponent(x, [3 * value**1.5 for value in x]) == pytest.approx(1.5)


def test_exponents_are_fitted_by_series():
    by_n = [row(seconds=str(n * 1e-3), n_rows=n, series="n") for n in (10, 20, 40)]
    by_d = [row(seconds=str(D**2 + 0.0), n_features=D, series="D") for D in (8, 32, 128)]
    told = exponents_markdown(by_n + by_d)
    assert "| n = 10 to 40 | gaussmix | 1.00 |" in told
    assert "| D = 8 to 128 | gaussmix | 2.00 |" in told
    assert "| D = 32 to 128 | gaussmix | 2.00 |" in told


def test_threads_stand_beside_what_the_machine_gives():
    rows = [
        row(seconds=seconds, threads=threads, series="threads")
        for threads, seconds in (("1", "4 4"), ("2", "2 2"), ("2 x 1", "5 5"))
    ]
    expected = "| 1000x2-k2 | gaussmix | 2 | 2.00 (2.00) | 1.60 (1.60) |"  # 2 * 4 / 5
    assert expected in threads_markdown(rows)


def test_brief_table_has_a_column_per_rival():
    rows = [row(), row("rival", "12 12 12"), row(case="b"), row("other", "2.5 2.5", case="b")]
    _, _, header, _, first, second, *_ = brief_markdown(rows).splitlines()
    assert header.endswith("| rival | other |")
    assert first.endswith("| 12 |  |")
    assert second.endswith("|  | 2.5 |")


def test_result_files_come_back(tmp_path: Path):
    known = {"useful_flops": 4.0, "peak_gflops": 0.5, "cores_busy": 1.0, "limit_ns": 2.0}
    rows = [row(**known), row("rival", "0.1 0.2", **known)]  # NaN is not equal to itself
    write_csv(rows, tmp_path / "a.csv")
    assert read_csv(tmp_path / "a.csv", Row) == rows


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        (-9.0, 2.0 + 1.0),  # the start is as good: known after one pass of four
        (-6.0, 2.0 + 3.0),
        (-4.5, 6.0),  # only the returned parameters are
        (-1.0, math.inf),
    ],
)
def test_time_until_a_likelihood(target: float, seconds: float):
    trace = [-9.0, -7.0, -6.0, -5.0]
    fit = {"trace": trace, "log_likelihood": -4.0, "seconds": 6.0, "em": 4.0, "n_iter": 4}
    assert seconds_until(fit | {"rejected": 0}, target) == seconds


def test_undone_steps_count_as_time():
    fit = {"trace": [-9.0, -7.0], "log_likelihood": -4.0, "seconds": 6.0, "em": 4.0, "n_iter": 4}
    assert seconds_until(fit | {"rejected": 2}, -9.0) == 5.0


def test_the_dense_chain_is_the_fit_pass_by_pass():
    X, start = Case(2, 8, 4.0).problem(600)
    chain, log_likelihood = dense_chain(X, start, 5)
    result = fit(X, start, 5)
    assert len(chain) == result.n_iter == 5
    assert log_likelihood == pytest.approx(result.trace[-1], rel=1e-12)
    assert chain[0] is start


@pytest.mark.parametrize(
    ("gap", "in_fit", "marks"),
    [
        (0, 1.0, ()),
        (5e-10, 1.0, ("DISAGREE",)),
        (0, 1.1, ("MISSED",)),
        (math.nan, 1, ("DISAGREE",)),
    ],
)
def test_what_is_left_out_must_not_be_seen_and_must_pay(
    gap: float, in_fit: float, marks: tuple[str, ...]
):
    told = line(Case(8, 64, 4.0, asked=3.0), Found(in_fit, 3.0, -100.0 + gap, -100.0))
    assert tuple(word for word in ("DISAGREE", "MISSED") if word in told) == marks
    assert ("3 reached" in told) is ("MISSED" not in marks)


def test_useful_flops_are_four_per_statistic():
    D = 3  # full: 1, three x, six products
    assert useful_flops("full", D) == 4 * 10
    assert useful_flops("diag", D) == 4 * 7
    assert useful_flops("spherical", D) == 4 * 5
    assert useful_flops("tied", D) == 4 * 4


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_the_common_likelihood_knows_every_shape(covariance_type: str):
    D, variance = 3, 4.0
    full = Parameters(np.ones(1), np.zeros((1, D)), variance * np.eye(D)[None])
    mixture = in_shape(full, covariance_type)
    assert np.array_equal(as_full(mixture.covariances, covariance_type, 1, D), full.covariances)
    X = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])  # half a squared distance of 0 and of 1
    expected = -D / 2 * math.log(2 * math.pi * variance) - 0.5 * (0 + 1) / 2
    assert mean_log_likelihood(X, mixture, covariance_type) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("n_features", [1, 5])
def test_problems_are_the_same_every_time(n_features: int):
    one, two = make_problem(200, n_features, 3), make_problem(200, n_features, 3)
    assert np.array_equal(one.X, two.X)
    assert np.array_equal(one.start.means, two.start.means)
    assert one.start.covariances.shape == (3, n_features, n_features)


def test_a_ratio_beyond_the_limit_of_the_machine_is_said_to_be():
    ours = row(ns_per_row_component=1.0, limit_ns=0.5)
    rival = row("rival", "9 9 9", ns_per_row_component=9.0, limit_ns=0.5, required_speedup="20")
    line = line_of("rival", markdown([ours, rival]))
    assert "20 **MISSED** (at the limit 18)" in line
    within = row("rival", "9 9 9", ns_per_row_component=9.0, limit_ns=0.5, required_speedup="10")
    assert line_of("rival", markdown([ours, within])).endswith("10 **MISSED** |")
    assert "| 2.00 |" in line_of("gaussmix", markdown([ours, rival]))


def test_the_limit_counts_multiply_adds_exponentials_and_whitening():
    from benchmarks.run import limit_ns
    from benchmarks.suites import Case
    from benchmarks.timing import Peak

    peak = Peak(double=10.0, single=20.0, exponential=0.25)
    assert limit_ns(Case(1, 2, 4), peak) == pytest.approx(24 / 10 + 0.25)
    assert limit_ns(Case(1, 3, 4, "tied"), peak) == pytest.approx((16 + 12 / 4) / 10 + 0.25)


def test_acceleration_is_compared_at_the_same_end() -> None:
    X = data_of(2, 3, 1.5, 0, 200)
    plain, *accelerated = (run_to_the_end(X, 3, way, 0) for way in WAYS)
    for run in accelerated:
        assert run.passes < plain.passes
        assert run.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_the_readme_names_every_file_and_command():
    folder = Path(benchmarks.__file__).parent
    readme = (folder / "README.md").read_text()
    files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert [path.name for path in files if f"`{path.name}`" not in readme] == []
    commands = [path.stem for path in files if '"__main__"' in path.read_text()]
    helpers = {"selection_picture", "picture", "worker", "fit_tasks"}  # run once, or by others
    unnamed = [name for name in commands if f"python -m benchmarks.{name} " not in readme]
    assert set(unnamed) <= helpers
