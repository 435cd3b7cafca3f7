"""Estimates of greatest posterior density under a conjugate prior (Fraley & Raftery 2007)."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import gaussmix as gx
import reference as ref
from fits import quiet
from strategies import clusters, random_covariance

Float64 = NDArray[np.float64]

each_structure = pytest.mark.parametrize("covariance_type", ref.COVARIANCE_TYPES)


def some_prior(n_features: int) -> gx.Prior:
    rng = np.random.default_rng(5)
    return gx.Prior(
        shrinkage=0.7,
        mean=rng.normal(size=n_features),
        dof=n_features + 3.5,
        scale=random_covariance(rng, n_features, 1.0),
    )


def log_prior(mixture: gx.Mixture, prior: gx.Prior) -> float:
    """By SciPy's densities, constants and all."""
    assert prior.mean is not None
    assert prior.scale is not None
    assert prior.dof is not None
    K, D = mixture.n_components, mixture.n_features
    kind = mixture.covariance_type.value
    total = 0.0
    full = ref.matrices(kind, mixture.covariances, K, D).astype(float)
    for k in range(K):
        about = stats.multivariate_normal(prior.mean, full[k] / prior.shrinkage)
        total += about.logpdf(mixture.means[k])
        if kind == "full" or (kind == "tied" and k == 0):
            total += stats.invwishart(prior.dof, prior.scale).logpdf(full[k])
        elif kind == "diag":
            gamma = stats.invgamma(prior.dof / 2, scale=np.diag(prior.scale) / 2)
            total += gamma.logpdf(np.diag(full[k])).sum()
        elif kind == "spherical":
            gamma = stats.invgamma(prior.dof / 2, scale=np.diag(prior.scale).mean() / 2)
            total += gamma.logpdf(full[k][0, 0])
    return float(total)


def nearby(mixture: gx.Mixture, rng: np.random.Generator, size: float) -> gx.Mixture:
    """A mixture of the same structure a small step away, in a random direction."""
    weights = mixture.weights * np.exp(size * rng.normal(size=mixture.n_components))
    means = mixture.means + size * rng.normal(size=mixture.means.shape)
    covariances = np.array(mixture.covariances)
    if covariances.ndim == 1 or mixture.covariance_type is gx.CovarianceType.DIAG:
        covariances *= np.exp(size * rng.normal(size=covariances.shape))
    else:
        D = mixture.n_features
        for matrix in covariances.reshape(-1, D, D):
            bend = np.eye(D) + size * rng.normal(size=(D, D))
            matrix[:] = bend @ matrix @ bend.T
    return gx.Mixture(
        weights / weights.sum(), means, covariances, covariance_type=mixture.covariance_type
    )


@each_structure
def test_log_prior_is_a_log_density_but_for_a_constant(covariance_type: str) -> None:
    X, prior = clusters(0, 60, 3, 2), some_prior(3)
    options: dict[str, Any] = {"covariance_type": covariance_type, "prior": prior}
    a = quiet(X, 2, max_iter=1, random_state=0, **options)
    b = quiet(X, 2, max_iter=6, random_state=1, **options)
    expected = log_prior(a.mixture, prior) - log_prior(b.mixture, prior)
    assert a.log_prior - b.log_prior == pytest.approx(expected, rel=1e-9)


@each_structure
@pytest.mark.parametrize("accelerate", [False, True])
def test_the_posterior_never_falls(covariance_type: str, accelerate: bool) -> None:
    X = np.concatenate([clusters(1, 40, 3, 2), np.ones((6, 3))])
    for seed in range(5):
        result = quiet(
            X,
            4,
            covariance_type=covariance_type,
            prior=gx.Prior(),
            accelerate=accelerate,
            random_state=seed,
        )
        trace = np.append(result.trace, result.log_likelihood + result.log_prior)
        assert np.all(np.diff(trace) >= -1e-10 * np.abs(trace[1:]))


@each_structure
def test_no_small_change_improves_a_converged_fit(covariance_type: str) -> None:
    X, prior = clusters(2, 80, 2, 2), some_prior(2)
    result = quiet(
        X, 2, covariance_type=covariance_type, prior=prior, tol=0.0, max_iter=3000, random_state=0
    )
    found = float(result.mixture.log_density(X).sum()) + log_prior(result.mixture, prior)
    rng = np.random.default_rng(3)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(40):
            other = nearby(result.mixture, rng, size)
            there = float(other.log_density(X).sum()) + log_prior(other, prior)
            assert there <= found + 1e-9 * abs(found)


def test_one_component_has_a_closed_form() -> None:
    """Equations of Fraley & Raftery (2007), table 1: mean and covariance of one component."""
    X, prior = clusters(3, 50, 3, 1), some_prior(3)
    assert prior.mean is not None
    assert prior.scale is not None
    assert prior.dof is not None
    n, kappa = len(X), prior.shrinkage
    result = quiet(X, 1, prior=prior)
    centre = X.mean(axis=0)
    mean = (n * centre + kappa * prior.mean) / (n + kappa)
    scatter = (X - centre).T @ (X - centre)
    shift = np.outer(centre - prior.mean, centre - prior.mean)
    covariance = (prior.scale + scatter + kappa * n / (kappa + n) * shift) / (prior.dof + n + 3 + 2)
    np.testing.assert_allclose(result.mixture.means[0], mean, rtol=1e-12)
    np.testing.assert_allclose(result.mixture.covariances[0], covariance, rtol=1e-11)


def test_defaults_are_those_of_the_data() -> None:
    X = clusters(4, 70, 3, 2)
    explicit = gx.Prior(mean=X.mean(axis=0), dof=5.0, scale=np.cov(X, rowvar=False) / 3 ** (2 / 3))
    # Extrapolations would multiply the rounding in which the two differ.
    a, b = (
        quiet(X, 3, prior=one, accelerate=False, random_state=0) for one in (gx.Prior(), explicit)
    )
    np.testing.assert_allclose(a.mixture.covariances, b.mixture.covariances, rtol=1e-9)
    np.testing.assert_allclose(a.log_prior, b.log_prior, rtol=1e-9)


@each_structure
def test_nothing_is_singular_under_a_prior(covariance_type: str) -> None:
    X = np.concatenate([clusters(5, 60, 2, 1), np.full((20, 2), 0.5)])
    result = quiet(X, 5, covariance_type=covariance_type, prior=gx.Prior(), random_state=0)
    assert not result.repairs
    assert not result.events
    assert np.isfinite(result.log_likelihood)


def test_data_that_are_singular_lend_a_prior_no_scale() -> None:
    X = np.column_stack([clusters(5, 60, 2, 2), np.ones(60)])
    found = quiet(X, 2, prior=gx.Prior(), random_state=0)
    assert min(found.repairs.floored) >= found.n_iter
    assert "columns that are constant" in found.reasons[0]
    given = quiet(X, 2, prior=gx.Prior(scale=np.eye(3)), random_state=0)
    assert not given.repairs


def test_who_has_a_prior_is_not_advised_to_take_one() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    X = np.concatenate([rows, [[9.0, 9.0], [9.001, 9.002]]])  # two rows far from all others
    without, beside = (quiet(X, 2, prior=prior, random_state=0) for prior in (None, gx.Prior()))
    for result, advice in ((without, "or a prior, and"), (beside, "or a prior of larger scale,")):
        assert advice in "".join(result.reasons)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_lower_bounds_are_of_what_the_fit_maximises(weight: float) -> None:
    X = clusters(8, 60, 2, 2)
    model = gx.GaussianMixture(2, prior=gx.Prior(shrinkage=5.0), random_state=0)
    model.fit(X, sample_weight=np.full(60, weight))
    bounds = [*model.lower_bounds_, model.lower_bound_]
    assert np.all(np.diff(bounds) > 0)
    expected = model.score(X) + model.result_.log_prior / (60 * weight)
    assert model.lower_bound_ == pytest.approx(expected, rel=1e-12)


@each_structure
def test_weights_count_as_rows(covariance_type: str) -> None:
    X = clusters(6, 40, 2, 2)
    weight = np.random.default_rng(0).integers(0, 4, 40).astype(float)
    options: dict[str, Any] = {"covariance_type": covariance_type, "prior": gx.Prior()}
    start: dict[str, Any] = {"means_init": X[:2], "random_state": 0}
    weighted = quiet(X, 2, sample_weight=weight, tol=0.0, max_iter=50, **options, **start)
    repeated = quiet(
        np.repeat(X, weight.astype(int), axis=0), 2, tol=0.0, max_iter=50, **options, **start
    )
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, rtol=1e-7)


@each_structure
def test_they_do_where_the_scale_is_diagonal_for_want_of_rows(covariance_type: str) -> None:
    """Three different rows of three columns, but nine rows of weight."""
    X, weight = np.random.default_rng(3).normal(size=(3, 3)), np.array([3.0, 2.0, 4.0])
    options: dict[str, Any] = {"covariance_type": covariance_type, "prior": gx.Prior()}
    weighted = quiet(X, 1, sample_weight=weight, random_state=0, **options)
    repeated = quiet(np.repeat(X, weight.astype(int), axis=0), 1, random_state=0, **options)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shrinkage": 0}, "shrinkage of a Prior must be a finite number > 0"),
        ({"shrinkage": 10**400}, "shrinkage of a Prior must be a finite number > 0, got inf"),
        ({"shrinkage": "x"}, "shrinkage of a Prior must be a number > 0"),
        ({"dof": -1.0}, "dof of a Prior"),
        ({"mean": [[0.0]]}, r"mean of a Prior must hold finite numbers in shape \(D,\)"),
        ({"mean": [np.nan]}, "mean of a Prior"),
        ({"scale": [[1.0, 2.0], [2.0, 1.0]]}, "positive definite"),
        ({"scale": [[1.0, 0.5], [0.0, 1.0]]}, "symmetric"),
        ({"scale": [[1.0, 0.0]]}, "symmetric"),
        ({"scale": np.empty((0, 0))}, "symmetric"),
    ],
)
def test_a_prior_must_be_one(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        gx.Prior(**options)


@pytest.mark.parametrize("exponent", [0, 5, 8, 50])
def test_a_scale_is_positive_definite_in_whatever_units(exponent: int) -> None:
    """As are the covariances of a start, whose eigenvalues in these units mean nothing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3))
    units = 10.0 ** np.array([-exponent, 0, exponent])
    plain, other = (
        quiet(X * unit, 2, prior=gx.Prior(scale=np.cov((X * unit).T)), random_state=0)
        for unit in (np.ones(3), units)
    )
    shift = len(X) * np.log(units).sum()  # of the log-density of all rows
    assert other.log_likelihood + shift == pytest.approx(plain.log_likelihood, rel=1e-6)
    with pytest.raises(gx.GaussmixError, match="scale of a Prior must be positive definite"):
        gx.Prior(scale=(np.cov(X.T) - 2 * np.diag(X.var(axis=0))) * np.outer(units, units))


def test_a_scale_is_made_symmetric() -> None:
    """Up to rounding it was: what is off by more is refused."""
    given = np.array([[2.0, 1.0 + 1e-9], [1.0, 3.0]])
    scale = gx.Prior(scale=given).scale
    assert scale is not None
    np.testing.assert_array_equal(scale, (given + given.T) / 2)
    with pytest.raises(gx.GaussmixError, match="symmetric"):
        gx.Prior(scale=[[2.0, 1.0 + 1e-5], [1.0, 3.0]])


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("default", "must be None or a gaussmix.Prior"),
        (gx.Prior(mean=[0.0]), "for 1 features, but X has 2"),
        (gx.Prior(scale=np.eye(3)), "for 3 features, but X has 2"),
        (gx.Prior(dof=0.5), "more than D - 1 = 1"),
    ],
)
def test_a_prior_must_suit_the_data(prior: Any, message: str) -> None:
    X = clusters(0, 20, 2, 1)
    for call in (gx.fit, lambda X, K, **options: gx.fit_many([X], K, **options)):
        with pytest.raises(gx.GaussmixError, match=message):
            call(X, 2, prior=prior)


def test_many_fits_take_the_prior_from_each_set() -> None:
    sets = [clusters(seed, 40, 2, 2) for seed in range(3)]
    many = gx.fit_many(sets, 2, prior=gx.Prior(), random_state=0)
    for one, X, seed in zip(many, sets, many.seeds, strict=True):
        assert one.mixture == gx.fit(X, 2, prior=gx.Prior(), random_state=int(seed)).mixture


def test_starts_are_compared_by_what_the_fit_maximises() -> None:
    """A start that is likelier and worse by the prior has not reached the best one."""
    X = clusters(8, 60, 2, 2)
    for seed in range(30):
        options: dict[str, Any] = {"n_init": 6, "race": False, "init_params": "random_from_data"}
        result = quiet(X, 5, prior=gx.Prior(shrinkage=5.0), random_state=seed, **options)
        objectives = [start.log_likelihood + start.log_prior for start in result.starts]
        assert max(objectives) == objectives[result.best_start]
        behind = max(objectives) - np.array(objectives)
        gains = np.array([start.predicted_gain for start in result.starts])
        assert result.n_best == np.sum(behind <= np.clip(3 * gains, 1e-3, 1.0))


def test_a_prior_is_a_record() -> None:
    prior = some_prior(2)
    assert pickle.loads(pickle.dumps(prior)) == prior
    assert prior != gx.Prior()
    assert repr(gx.Prior()) == "Prior(shrinkage=0.01)"
    model = gx.GaussianMixture(2, prior=prior)
    assert model.get_params()["prior"] is prior
