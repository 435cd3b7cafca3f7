"""The bootstrap of a fit: how much its parameters would differ for other samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaussmix._fitted import Fitted, data_for, fit_of, mixture_of
from gaussmix._many_fits import Parameters, fits_at_once, run_fits
from gaussmix._matching import matched_components
from gaussmix._matrices import component_axis
from gaussmix._random import seed_from
from gaussmix._resampling import METHODS, Resampler, resampler
from gaussmix._settings import engine_settings
from gaussmix._typing import Acceleration, ArrayLike, FloatArray, RandomSource
from gaussmix._validation import check_choice, check_enough_rows, check_integer, check_n_threads
from gaussmix.bootstrap_result import BootstrapResult
from gaussmix.covariance import check_no_factors
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture
from gaussmix.prior import Prior, check_prior
from gaussmix.result import FitResult

__all__ = ["bootstrap"]


def bootstrap(
    X: ArrayLike,
    result: Fitted,
    n_resamples: int = 999,
    *,
    method: str = "weighted",
    sample_weight: ArrayLike | None = None,
    tol: float | None = None,
    reg_covar: float | None = None,
    max_iter: int = 1000,
    accelerate: Acceleration = "auto",
    on_degenerate: str = "repair",
    prior: Prior | None = None,
    random_state: RandomSource = None,
    n_threads: int | None = None,
) -> BootstrapResult:
    r"""Estimate standard errors and intervals of the parameters by refitting resampled data.

    Each resample is `X` with other weights, so that no data are copied, and EM begins at the
    fitted parameters; the resamples are fitted side by side. The components of each are put in the
    order of the fitted ones that makes the sum of their Kullback-Leibler divergences least, since
    otherwise a mere exchange of labels would count as a difference.

    Parameters
    ----------
    X : array-like or frame of shape (n, D)
        The data that were fitted.
    result : FitResult, Mixture, or fitted GaussianMixture or GaussianMixtureSelector
        What was fitted to them. A bound on the ratio of eigenvalues is kept to.
    n_resamples : int, default 999
        B. With 999 the limits of the usual intervals are order statistics.
    method : {"weighted", "nonparametric"}, default "weighted"
        "weighted": the weighted likelihood bootstrap [1]_, weights drawn from the Dirichlet
        distribution with all parameters one, times n. Every row keeps some weight, so that few
        resamples are degenerate. "nonparametric": rows are drawn with replacement [2]_; a
        row that is drawn twice has weight 2.
    sample_weight : array-like of shape (n,), optional
        Frequency weights: 2 is the row twice. Their sum is the size of the sample, so here a common
        factor does matter.
    tol, reg_covar, max_iter, accelerate, prior
        As in `gaussmix.fit`; give those that the fit had. Another `reg_covar`, or none of a prior
        that it had, is refused.
    on_degenerate : {"repair", "raise"}, default "repair"
        A resample with a singular covariance is repaired, and counts in
        `BootstrapResult.n_repaired`; or it is left out, and counts in `n_failed`. One that leaves
        a component without rows is kept either way, and counts in `n_repaired`.
    random_state : None, int, RandomState or Generator, optional
    n_threads : int, optional
        None: what the process may use. The result has the same bits for any number.

    Returns
    -------
    BootstrapResult

    Raises
    ------
    GaussmixError
        An argument is unfit; or no resample could be fitted.
    GaussmixTypeError
        An argument has the wrong type.
    FitInterrupted
        Ctrl-C.

    References
    ----------
    .. [1] M. A. Newton and A. E. Raftery, "Approximate Bayesian inference with the weighted
       likelihood bootstrap", J. R. Statist. Soc. B 56 (1994), 3-48.
    .. [2] B. Efron, "Bootstrap methods: another look at the jackknife", Ann. Statist. 7 (1979),
       1-26.

    Examples
    --------
    >>> import gaussmix as gx
    >>> X, _ = gx.Mixture([0.4, 0.6], [[0.0], [9.0]], [1.0, 1.0], "spherical").sample(200, 0)
    >>> result = gx.fit(X, 2, covariance_type="spherical", random_state=0)
    >>> boot = gx.bootstrap(X, result, random_state=0)
    >>> boot
    BootstrapResult(weighted, 999 resamples: 0 failed, 0 repaired, 0 not converged)
    >>> errors, shares = boot.standard_errors.weights, result.mixture.weights
    >>> bool((abs(errors / (shares * (1 - shares) / 200) ** 0.5 - 1) < 0.1).all())
    True
    """
    fit = fit_of(result)
    mixture = mixture_of(fit)
    check_no_factors(mixture.covariance_type, "bootstrap")
    threads = check_n_threads(n_threads)
    count = check_integer(n_resamples, "n_resamples", minimum=2)
    method = check_choice(method, "method", METHODS)
    settings = engine_settings(
        n_components=mixture.n_components,
        covariance_type=mixture.covariance_type,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        accelerate=accelerate,
        on_degenerate=check_choice(on_degenerate, "on_degenerate", ("repair", "raise")),
        max_eigenvalue_ratio=getattr(fit, "max_eigenvalue_ratio", None),
    )
    _check_same_estimator(fit, prior, settings["reg_covar"])
    data, weight = data_for(mixture, X, sample_weight, threads)
    check_enough_rows(mixture.n_components, len(data), weight)
    settings |= {"prior": check_prior(prior, data.shape[1]), "n_threads": threads}
    seed = seed_from(random_state)
    draw = resampler(method, len(data), weight, mixture.n_components, seed)
    return _refitted(data, mixture, method, count, draw, settings)


def _check_same_estimator(
    fit: FitResult | Mixture, prior: Prior | None, reg_covar: float | None
) -> None:
    if not isinstance(fit, FitResult):
        return
    missing = ""
    if prior is None and fit.log_prior != 0:
        missing = "a prior: pass the same one as prior="
    elif reg_covar != fit.reg_covar:
        missing = f"reg_covar={fit.reg_covar!r}: pass that"
    if missing:
        raise GaussmixError(
            f"the resamples would tell of another estimator, for the fit was made with {missing}, "
            "or result.mixture to do otherwise on purpose."
        )


def _refitted(
    data: FloatArray,
    mixture: Mixture,
    method: str,
    count: int,
    draw: Resampler,
    settings: dict[str, Any],
) -> BootstrapResult:
    """Fit the resamples, as many at a time as there is room for."""
    start = Parameters(mixture.weights[None], mixture.means[None], mixture.covariances[None])
    statuses: list[str] = []
    repairs, parts = [], []
    at_once = fits_at_once(len(data))
    for begin in range(0, count, at_once):
        weights = draw(min(at_once, count - begin))
        fits = run_fits([data] * len(weights), list(weights), [0] * len(weights), settings, start)
        statuses += fits.statuses
        repairs.append(fits.repairs)
        parts.append(_matched(mixture, fits.parameters()) if fits.ok.any() else None)
    found = next((part for part in parts if part is not None), None)
    if found is None:
        raise GaussmixError(
            f"none of the {count} resamples could be fitted, one of them for this reason: "
            f"{fits.error(0)}"
        )
    whole = [
        found.absent(len(of_part)) if part is None else part
        for part, of_part in zip(parts, repairs, strict=True)
    ]
    return BootstrapResult(
        mixture,
        method,
        *Parameters(*(np.concatenate(values) for values in zip(*whole, strict=True))),
        tuple(statuses),
        np.concatenate(repairs),
    )


def _matched(mixture: Mixture, found: Parameters) -> Parameters:
    """Bring the components of each resample into the order of the fitted ones."""
    ok = np.flatnonzero(~np.isnan(found.weights[:, 0]))
    order = matched_components(mixture, found.means[ok], found.covariances[ok])
    rows = ok[:, None]
    found.weights[ok] = found.weights[rows, order]
    found.means[ok] = found.means[rows, order]
    if component_axis(mixture.covariance_type):
        found.covariances[ok] = found.covariances[rows, order]
    return found
