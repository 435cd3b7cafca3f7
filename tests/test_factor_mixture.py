"""FactorMixture, and factor analysers behind the same interface as all other structures."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gaussmix as gx
from factor_oracle import factors_of, fitted, planted
from fits import image

X4 = planted(14, 120, 6, 2, 1)[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance_type": "factor"}, "needs n_factors"),
        ({"covariance_type": "full", "n_factors": 2}, "n_factors is for covariance_type='factor'"),
        ({"covariance_type": "factor", "n_factors": 0}, "n_factors"),
        ({"covariance_type": "factor", "n_factors": 4}, "too many for 6 columns.*at most 3"),
        ({"covariance_type": "factor", "n_factors": 6}, "too many for 6 columns"),
        ({"covariance_type": "factor", "n_factors": 1, "prior": gx.Prior()}, "prior is not avail"),
        (
            {"covariance_type": "factor", "n_factors": 1, "max_eigenvalue_ratio": 5.0},
            "max_eigenvalue_ratio is not available",
        ),
        (
            {"covariance_type": "factor", "n_factors": 1, "covariances_init": np.ones((2, 6, 6))},
            "covariances_init is not available",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gx.GaussmixError, match=message):
        gx.fit(X4, 2, **options)
    with pytest.raises(gx.GaussmixError, match=message):
        gx.GaussianMixture(2, **options).fit(X4)


@pytest.mark.parametrize(("n_features", "said"), [(1, "1 column:"), (2, "2 columns:")])
def test_two_columns_have_room_for_no_factor(n_features: int, said: str) -> None:
    with pytest.raises(gx.GaussmixError, match=f"too many for {said}") as caught:
        fitted(X4[:, :n_features], 1, 1)
    advice = "no number of factors suits so few columns: use covariance_type='full'."
    assert str(caught.value).endswith(advice)


def test_mixtures_by_hand_are_checked() -> None:
    good: dict[str, Any] = {
        "weights": [1.0],
        "means": np.zeros((1, 3)),
        "loadings": np.ones((1, 3, 1)),
        "noise_variances": np.ones((1, 3)),
    }
    gx.FactorMixture(**good)
    for name, bad, message in [
        ("loadings", np.ones((1, 3)), "loadings must have shape"),
        ("loadings", np.ones((1, 3, 3)), "0 < q < D"),
        ("loadings", np.full((1, 3, 1), np.nan), "finite"),
        ("noise_variances", [[1.0, 0.0, 1.0]], r"noise_variances\[0, 1\] is 0.0"),
        ("noise_variances", np.ones((1, 4)), "noise_variances must have shape"),
    ]:
        with pytest.raises(gx.GaussmixError, match=message):
            gx.FactorMixture(**(good | {name: bad}))
    with pytest.raises(gx.GaussmixError, match="FactorMixture"):
        gx.Mixture([1.0], np.zeros((1, 3)), np.eye(3)[None], "factor")


def test_steps_in_python_say_that_they_are_not_there() -> None:
    mixture = fitted(X4, 2, 1).mixture
    with pytest.raises(gx.GaussmixError, match="no e_step"):
        gx.e_step(X4, mixture)
    statistics = gx.e_step(X4, mixture, covariance_type="diag")
    with pytest.raises(gx.GaussmixError, match="no e_step and m_step"):
        gx.m_step(statistics, covariance_type="factor")


def test_carrying_on_is_going_through() -> None:
    X, _, _ = planted(15, 300, 8, 2, 2)
    through = fitted(X, 2, 2, max_iter=8, tol=0.0)
    first = fitted(X, 2, 2, max_iter=5, tol=0.0)
    second = fitted(X, 2, 2, max_iter=3, tol=0.0, start=first)
    assert second.mixture == through.mixture
    assert second.log_likelihood == through.log_likelihood
    with pytest.raises(gx.GaussmixError, match="start has n_factors 2"):
        fitted(X, 2, 1, start=first)


def test_saved_pickled_and_equal(tmp_path: Path) -> None:
    mixture = factors_of(fitted(X4, 2, 1))
    mixture.save(tmp_path / "model.npz")
    loaded = gx.load(tmp_path / "model.npz")
    pickled = pickle.loads(pickle.dumps(mixture))
    for other in (loaded, pickled):
        assert isinstance(other, gx.FactorMixture)
        assert other == mixture
        assert np.array_equal(other.log_density(X4), mixture.log_density(X4))
        assert not other.loadings.flags.writeable
        assert not other.covariances.flags.writeable
    turned = gx.FactorMixture(
        mixture.weights, mixture.means, -mixture.loadings, mixture.noise_variances
    )
    assert turned != mixture
    with pytest.raises(TypeError):
        hash(mixture)
    result = fitted(X4, 2, 1)
    assert pickle.loads(pickle.dumps(result)) == result


def test_names_of_columns_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X4, columns=list("abcdef"))
    mixture = fitted(frame, 2, 1).mixture
    assert mixture.feature_names == tuple("abcdef")
    with pytest.raises(gx.GaussmixError, match="names"):
        mixture.log_density(frame.rename(columns={"a": "z"}))


def test_many_sets_are_fitted_as_each_alone() -> None:
    sets = [planted(seed, 150, 6, 2, 1)[0] for seed in (1, 2)]
    options: dict[str, Any] = {"covariance_type": "factor", "n_factors": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gx.ConvergenceWarning)
        results = gx.fit_many(sets, 2, random_state=3, **options)
    for X, result, seed in zip(sets, results, results.seeds.tolist(), strict=True):
        assert image(result) == image(fitted(X, 2, 1, random_state=seed, n_threads=1))
        assert isinstance(result.mixture, gx.FactorMixture)


def test_the_estimator_has_loadings_and_noise() -> None:
    model = gx.GaussianMixture(2, covariance_type="factor", n_factors=1, random_state=0).fit(X4)
    mixture = factors_of(model.result_)
    assert model.loadings_ is mixture.loadings
    assert model.noise_variances_ is mixture.noise_variances
    assert np.array_equal(model.covariances_, mixture.covariances)
    assert model.precisions_.shape == model.precisions_cholesky_.shape == (2, 6, 6)
    assert np.array_equal(model.predict(X4), mixture.assign(X4))
    assert model.bic(X4) == pytest.approx(model.result_.bic)
    assert model.sample(5)[0].shape == (5, 6)
    plain = gx.GaussianMixture(2, random_state=0).fit(X4)
    assert not hasattr(plain, "loadings_")


def test_the_summary_tells_of_factors() -> None:
    result = fitted(X4, 2, 1)
    text = result.summary()
    assert "factor (UUU), 1 factor" in text
    deviation = np.sqrt(result.mixture.covariances[0, 0, 0])
    assert f"({deviation:.4g})" in text
    assert repr(result.mixture) == "FactorMixture(factor (UUU), 2 components, 6 features, 1 factor)"
