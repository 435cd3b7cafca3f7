"""Equalities with numbers that others published (provenance: tests/data/README.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gaussmix as gx
import reference as ref
from fits import fixed_passes, given, quiet
from gaussmix.covariance import n_parameters

Float64 = NDArray[np.float64]
Published = Callable[[str], Any]

CODES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
SPECIES = "mclust_iris_species.json"
TABLES = {"iris": "mclust_table_iris.json", "faithful": "mclust_table_faithful.json"}
SHARPEST = 1e-5  # mclust stops when the relative change of the log-likelihood is below this

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def species_partition(published: Published) -> Float64:
    return np.asarray(np.eye(3)[np.array(published(SPECIES)["labels"]) - 1], np.float64)


def as_matrices(mixture: gx.Mixture) -> Float64:
    """Covariances as mclust writes them: K matrices whatever the structure."""
    return np.asarray(
        ref.matrices(
            mixture.covariance_type.value,
            mixture.covariances,
            mixture.n_components,
            mixture.n_features,
        ),
        np.float64,
    )


def assert_same_parameters(mixture: gx.Mixture, theirs: dict[str, Any], rtol: float) -> None:
    np.testing.assert_allclose(mixture.weights, theirs["weights"], rtol=rtol)
    np.testing.assert_allclose(mixture.means, theirs["means"], rtol=rtol)
    np.testing.assert_allclose(as_matrices(mixture), theirs["covariances"], rtol=rtol, atol=1e-14)


# ---- mclust, iris, from the species ----------------------------------------------------------


@each_structure
def test_one_m_step_from_the_species(
    iris: Float64, published: Published, covariance_type: str
) -> None:
    theirs = published(SPECIES)["models"][CODES[covariance_type]]["m_step"]
    result = gx.fit(
        iris,
        3,
        covariance_type=covariance_type,
        responsibilities_init=species_partition(published),
        max_iter=0,
    )
    assert_same_parameters(result.mixture, theirs, rtol=1e-10)
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=1e-9)
    assert result.n_iter == 0


@each_structure
def test_em_from_the_species_passes_through_mclusts_last_iterate(
    iris: Float64, published: Published, covariance_type: str
) -> None:
    """Their iterations count M-steps, the first of them from the partition itself."""
    theirs = published(SPECIES)["models"][CODES[covariance_type]]["em"]
    result = fixed_passes(
        iris,
        3,
        theirs["iterations"] - 1,
        covariance_type=covariance_type,
        responsibilities_init=species_partition(published),
    )
    assert_same_parameters(result.mixture, theirs, rtol=1e-10)
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=1e-9)
    criterion = theirs["bic_mclust_sign"]
    assert -result.bic == pytest.approx(criterion, abs=1e-8)


@each_structure
@pytest.mark.parametrize("accelerate", [False, True])
def test_em_from_the_species_ends_at_mclusts_optimum(
    iris: Float64, published: Published, covariance_type: str, accelerate: bool
) -> None:
    theirs = published(SPECIES)["models"][CODES[covariance_type]]["em"]
    result = quiet(
        iris,
        3,
        covariance_type=covariance_type,
        responsibilities_init=species_partition(published),
        tol=1e-13,
        max_iter=5000,
        accelerate=accelerate,
    )
    # mclust's last relative change is below 1e-12 and its slowest rate here is 0.83, so what it
    # had still to gain is below 1e-12 * 307 * 0.83 / 0.17.
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"], abs=2e-9)


@each_structure
def test_default_stopping_is_within_a_tenth_of_a_nat_of_mclusts_optimum(
    iris: Float64, published: Published, covariance_type: str
) -> None:
    theirs = published(SPECIES)["models"][CODES[covariance_type]]["em"]
    result = gx.fit(
        iris,
        3,
        covariance_type=covariance_type,
        responsibilities_init=species_partition(published),
    )
    assert result.converged
    assert theirs["log_likelihood"] - 0.1 < result.log_likelihood
    assert result.log_likelihood < theirs["log_likelihood"] + 2e-9


def test_densities_at_published_parameters(iris: Float64, published: Published) -> None:
    """All fourteen structures are full matrices to a density."""
    models = published(SPECIES)["models"]
    assert len(models) == 14
    for code, model in models.items():
        for stage in ("m_step", "em"):
            given_there = model[stage]
            mixture = gx.Mixture(
                np.array(given_there["weights"]) / np.sum(given_there["weights"]),
                given_there["means"],
                given_there["covariances"],
            )
            assert mixture.log_density(iris).sum() == pytest.approx(
                given_there["log_likelihood"], abs=1e-6
            ), (code, stage)


def test_vvv_by_mclusts_own_rule(
    iris: Float64, published: Published, published_responsibilities: Float64
) -> None:
    """mclust's page `me`: 11 iterations to -180.1859; responsibilities agree to 1e-6."""
    mixture = gx.fit(
        iris, 3, responsibilities_init=species_partition(published), max_iter=0
    ).mixture
    statistics = gx.e_step(iris, mixture)
    assert statistics.log_likelihood == pytest.approx(-182.9208, abs=5e-5)
    iteration, change = 1, np.inf
    while change > SHARPEST:
        mixture = gx.m_step(statistics, covariance_type="full", previous=mixture)
        before, statistics = statistics, gx.e_step(iris, mixture)
        now = statistics.log_likelihood
        change = abs(before.log_likelihood - now) / (1 + abs(now))
        iteration += 1
    assert iteration == 11
    assert statistics.log_likelihood == pytest.approx(-180.1859, abs=5e-5)
    assert change == pytest.approx(4.438788e-06, abs=5e-13)
    difference = np.abs(mixture.responsibilities(iris) - published_responsibilities)
    assert np.max(difference) < 1e-6


def test_further_published_values_for_iris(iris: Float64, published: Published) -> None:
    partition = species_partition(published)
    vii = gx.fit(iris, 3, covariance_type="VII", responsibilities_init=partition, max_iter=0)
    np.testing.assert_allclose(
        vii.mixture.covariances, [0.075755, 0.153082, 0.217650], rtol=0, atol=5e-7
    )
    eee = gx.fit(iris, 3, covariance_type="EEE", responsibilities_init=partition, tol=1e-12)
    # Published by mclust's rule: below the optimum by what that rule leaves over.
    assert -256.3541 - 5e-5 <= eee.log_likelihood <= -256.3541 + 0.025


# ---- mclust, faithful, EEE with three components ---------------------------------------------

FAITHFUL_EEE = {
    "weights": np.array([0.1656784, 0.3563696, 0.4779520]),
    "means": np.array([[3.793066, 77.521051], [2.037596, 54.491158], [4.463245, 80.833439]]),
    "covariances": np.array([[0.07825448, 0.4801979], [0.4801979, 33.7671464]]),
}
FAITHFUL_EEE_LOG_LIKELIHOOD, FAITHFUL_EEE_BIC = -1126.326, -2314.316
FAITHFUL_EEE_ICL, FAITHFUL_EEE_CLUSTERS = -2357.824, [40, 97, 135]


def faithful_eee() -> gx.Mixture:
    weights = FAITHFUL_EEE["weights"] / FAITHFUL_EEE["weights"].sum()
    return gx.Mixture(
        weights, FAITHFUL_EEE["means"], FAITHFUL_EEE["covariances"], covariance_type="tied"
    )


def test_faithful_eee_published_parameters_are_one_m_step_past_the_published_likelihood(
    faithful: Float64,
) -> None:
    """The likelihood, the criteria and the clusters that were printed belong to the E-step before.

    So the likelihood at the printed parameters is above the printed one, by no more than mclust's
    rule lets the last step gain.
    """
    gain = faithful_eee().log_density(faithful).sum() - FAITHFUL_EEE_LOG_LIKELIHOOD
    assert 0 < gain < SHARPEST * (1 + abs(FAITHFUL_EEE_LOG_LIKELIHOOD))


def test_faithful_eee_one_step_back(faithful: Float64) -> None:
    """Extrapolated back by one step of linearly converging EM, all printed figures appear."""
    printed = faithful_eee()
    step_1 = gx.m_step(gx.e_step(faithful, printed), covariance_type="tied")
    step_2 = gx.m_step(gx.e_step(faithful, step_1), covariance_type="tied")
    scale = faithful.std(axis=0)

    def flat(mixture: gx.Mixture) -> Float64:
        scaled = mixture.covariances / np.outer(scale, scale)
        return np.concatenate([mixture.weights, (mixture.means / scale).ravel(), scaled.ravel()])

    first, second = flat(step_1) - flat(printed), flat(step_2) - flat(step_1)
    rate = (first @ second) / (first @ first)
    back = flat(printed) - first / rate
    before = gx.Mixture(
        back[:3] / back[:3].sum(),
        back[3:9].reshape(3, 2) * scale,
        back[9:].reshape(2, 2) * np.outer(scale, scale),
        covariance_type="tied",
    )
    result = gx.fit(faithful, 3, covariance_type="tied", max_iter=0, **given(before))
    # The extrapolation is exact to second order in a step that moves the likelihood by 4e-3.
    assert result.log_likelihood == pytest.approx(FAITHFUL_EEE_LOG_LIKELIHOOD, abs=1e-3)
    assert -result.bic == pytest.approx(FAITHFUL_EEE_BIC, abs=2e-3)
    assert -result.icl == pytest.approx(FAITHFUL_EEE_ICL, abs=3e-2)
    labels = result.mixture.assign(faithful)
    np.testing.assert_array_equal(np.bincount(labels), FAITHFUL_EEE_CLUSTERS)


def test_faithful_eee_stays_where_it_was_found(faithful: Float64) -> None:
    result = gx.fit(
        faithful, 3, covariance_type="tied", tol=1e-12, max_iter=20000, **given(faithful_eee())
    )
    assert result.converged
    assert 0 <= result.log_likelihood - FAITHFUL_EEE_LOG_LIKELIHOOD <= 0.025
    np.testing.assert_allclose(result.mixture.weights, FAITHFUL_EEE["weights"], atol=0.01)


# ---- mixtools and Spark ----------------------------------------------------------------------


def test_mixtools_waiting_times_with_equal_variances(faithful: Float64) -> None:
    result = gx.fit(
        faithful[:, 1:],
        2,
        covariance_type="tied",
        weights_init=[0.5, 0.5],
        means_init=[[55.0], [80.0]],
        covariances_init=[[25.0]],
        tol=1e-12,
    )
    np.testing.assert_allclose(result.mixture.weights, [0.36085, 0.63915], atol=5e-6)
    np.testing.assert_allclose(result.mixture.means[:, 0], [54.61364, 80.09031], atol=2e-5)
    assert np.sqrt(result.mixture.covariances[0, 0]) == pytest.approx(5.86909, abs=1e-5)
    assert result.log_likelihood == pytest.approx(-1034.002, abs=5e-4)


# fmt: off
SPARK = [-5.1971, -2.5359, -3.8220, -5.2211, -5.0602, 4.7118, 6.8989, 3.4592,
         4.6322, 5.7048, 4.6567, 5.5026, 4.5605, 5.2043, 6.2734]
# fmt: on


@pytest.mark.parametrize("row_weight", [None, 1.0, 10.0, 100.0])
def test_spark_two_components(row_weight: float | None) -> None:
    result = gx.fit(
        np.array(SPARK)[:, None],
        2,
        weights_init=[0.5, 0.5],
        means_init=[[5.0], [-3.0]],
        covariances_init=np.ones((2, 1, 1)),
        sample_weight=None if row_weight is None else np.full(len(SPARK), row_weight),
    )
    np.testing.assert_allclose(result.mixture.weights, [2 / 3, 1 / 3], atol=1e-3)
    np.testing.assert_allclose(result.mixture.means[:, 0], [5.1604, -4.3673], atol=1e-3)
    np.testing.assert_allclose(result.mixture.covariances[:, 0, 0], [0.86644, 1.1098], atol=1e-3)


def test_spark_degenerate_rows() -> None:
    """Rank one: the floor must act, be counted, and disturb nothing that can be seen."""
    result = gx.fit([[6.0, 9.0], [5.0, 10.0], [4.0, 11.0]], 1)
    np.testing.assert_allclose(result.mixture.means, [[5.0, 10.0]], rtol=1e-14)
    expected = np.array([[2 / 3, -2 / 3], [-2 / 3, 2 / 3]])
    np.testing.assert_allclose(result.mixture.covariances[0], expected, rtol=1e-7)
    assert np.all(np.linalg.eigvalsh(result.mixture.covariances[0]) > 0)
    assert np.isfinite(result.log_likelihood)
    assert result.repairs.floored[0] > 0


# ---- parameter counts ------------------------------------------------------------------------


@each_structure
def test_parameter_counts_of_mclust(covariance_type: str, published: Published) -> None:
    of_paper = {"spherical": 11, "diag": 14, "tied": 11, "full": 17}
    assert n_parameters(covariance_type, 3, 2) == of_paper[covariance_type]
    iris_count = published(SPECIES)["models"][CODES[covariance_type]]["n_parameters"]
    assert n_parameters(covariance_type, 3, 4) == iris_count


@each_structure
def test_parameter_counts_of_scikit_learn(covariance_type: str) -> None:
    published = {"spherical": 13, "diag": 21, "tied": 26, "full": 41}
    assert n_parameters(covariance_type, 2, 5) == published[covariance_type]


# ---- mclust's tables -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tables(iris: Float64, faithful: Float64) -> dict[str, Float64]:
    return {"iris": iris, "faithful": faithful}


@each_structure
@pytest.mark.parametrize("name", TABLES)
def test_one_component_equals_mclusts_table(
    tables: dict[str, Float64], published: Published, name: str, covariance_type: str
) -> None:
    theirs = published(TABLES[name])
    result = gx.fit(tables[name], 1, covariance_type=covariance_type)
    code = CODES[covariance_type]
    assert theirs["components"][0] == 1
    assert result.log_likelihood == pytest.approx(theirs["log_likelihood"][code][0], rel=1e-11)
    assert -result.bic == pytest.approx(theirs["bic_mclust_sign"][code][0], rel=1e-11)


@each_structure
@pytest.mark.parametrize("n_components", range(2, 10))
@pytest.mark.parametrize("name", TABLES)
def test_enough_starts_reach_mclusts_table(
    tables: dict[str, Float64],
    published: Published,
    name: str,
    n_components: int,
    covariance_type: str,
) -> None:
    theirs = published(TABLES[name])
    bound = theirs["log_likelihood"][CODES[covariance_type]][n_components - 1]
    assert bound is not None
    result = quiet(
        tables[name],
        n_components,
        covariance_type=covariance_type,
        n_init=50,
        race=False,
        random_state=0,
    )
    assert result.log_likelihood >= bound - 0.05
