"""Fitting a mixture to data: checks everything, lets the engine work, and tells the outcome."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import Any

from gaussmix._engine_errors import from_engine
from gaussmix._initial import (
    check_distinct_means,
    check_names_of_start,
    initial_parameters,
    leaves_nothing_to_chance,
)
from gaussmix._memory import check_memory, check_memory_limit
from gaussmix._outcome import result_of
from gaussmix._progress import Monitor
from gaussmix._random import seed_from
from gaussmix._reasons import first_reason
from gaussmix._runtime import core
from gaussmix._settings import INIT_PARAMS, engine_settings, settings_for_columns
from gaussmix._summary import numbered
from gaussmix._typing import Acceleration, ArrayLike, Float64Array, FloatArray, RandomSource
from gaussmix._validation import (
    check_callback,
    check_enough_rows,
    check_integer,
    check_n_threads,
    check_sample_weight,
    check_switch,
    check_verbose,
    check_X,
    feature_names_of,
)
from gaussmix.callback import Callback
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import FitInterrupted, warn_not_converged
from gaussmix.prior import Prior
from gaussmix.result import FitResult

__all__ = ["INIT_PARAMS", "fit"]


def fit(
    X: ArrayLike,
    n_components: int = 1,
    *,
    covariance_type: str | CovarianceType = "full",
    n_factors: int | None = None,
    tol: float | None = None,
    reg_covar: float | None = None,
    max_iter: int = 1000,
    max_seconds: float | None = None,
    accelerate: Acceleration = "auto",
    n_init: int = 1,
    race: bool = True,
    init_params: str = "kmeans",
    weights_init: ArrayLike | None = None,
    means_init: ArrayLike | None = None,
    precisions_init: ArrayLike | None = None,
    covariances_init: ArrayLike | None = None,
    responsibilities_init: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    random_state: RandomSource = None,
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    on_degenerate: str = "repair",
    max_eigenvalue_ratio: float | None = None,
    prior: Prior | None = None,
    verbose: int = 0,
    verbose_interval: int = 10,
    progress: bool = False,
    callback: Callback | None = None,
    start: FitResult | None = None,
) -> FitResult:
    r"""Fit a Gaussian mixture by maximum likelihood.

    EM [1]_: from a start, alternate `e_step` and `m_step` until the log-likelihood

    .. math:: \log L = \sum_i w_i \log \sum_k w_k N(x_i \mid \mu_k, \Sigma_k)

    settles. It finds a local optimum, so the start matters; `n_init` tries several.

    Parameters
    ----------
    X : array-like or frame of shape (n, D)
        Finite numbers. C-ordered float64 and float32 arrays are used as they are; all else is
        converted once. The columns of a frame keep their names. Passes over many float32 rows
        compute in single precision while gains are large; the last ones, and the likelihood
        that is reported, in float64.
    n_components : int, default 1
        K; at most the number of rows of positive weight.
    covariance_type : str or CovarianceType, default "full"
        ``full``, ``tied``, ``diag``, ``spherical``, or the code of any of the fourteen structures,
        such as ``VEI``; ``factor`` for factor analysers, which go to thousands of columns; see
        `CovarianceType`.
    n_factors : int, optional
        q, the number of factors of each component, where `covariance_type` is ``factor``: see
        `FactorMixture`. At most as many as (D - q)^2 >= D + q allows (Ledermann 1937).
    tol : float, optional
        None: stop when the predicted remaining gain per unit weight is below
        max(0.1 / n_effective, 1e-7) nats, and below 1e-10 where EM is accelerated or began at
        random shares (but for ``factor``), and the maximum is near: steps of less than 1e-3
        standard deviations, and less than 0.04 to go (`FitResult.predicted_gain`). A number: stop
        when the mean log-likelihood changes by less, which is scikit-learn's rule.
    reg_covar : float, optional
        None: eigenvalues of a covariance are kept above 1e-8 in columns scaled to unit variance,
        and those of EVI, EVE and EVV within 1e10 times the least of their component; each time that
        acts it is counted in `FitResult.repairs`. A number is added to every
        variance in every M-step, as in scikit-learn; then the likelihood may fall.
    max_iter : int, default 1000
        Most passes over the data per start; 0 returns the start.
    max_seconds : float, optional
        Time for the whole fit, initialisation and all starts included. It is looked at between
        passes, of which at least one is made; the best mixture so far is returned.
    accelerate : {"auto", True, False}, default "auto"
        Extrapolate over slow stretches of EM. "auto": when `tol` is None and the rate calls for it.
    n_init : int, default 1
        Starts; the one of greatest likelihood is returned. There is but one where the parameters
        below leave nothing of it to chance: all three of weights, means and covariances; or, unless
        the covariances are ``factor``, the responsibilities, or the means with any `init_params`
        but "random".
    race : bool, default True
        Give up starts that fall behind in their first passes; the first start is always run to the
        end. Ten starts then take about as long as three. False runs all of them to the end.
    init_params : str, default "kmeans"
        How a start assigns the rows, where neither means nor responsibilities are given. "kmeans":
        by k-means. "k-means++", "random_from_data": to the nearest of K centres drawn far apart, or
        of K rows drawn evenly. "random": by random responsibilities (with given means too).
        "hierarchical": by model-based hierarchical clustering, as R's mclust does [4]_; of more
        than 2,000 rows it clusters a random part (a smaller one from 23 columns on, but at least
        two rows per component), and the others follow by their responsibilities; it takes time
        quadratic in these rows, a second at most where columns are few. Of all rows there is but
        one such start, so that further ones
        (`n_init`) are then by k-means. With "kmeans", where a sample is small
        beside the rows (from 20,000 on, with many components more) and has more rows than there
        are parameters, the first start is the best of six short runs of EM on the sample [3]_,
        each from k-means of its own: that costs four to five passes and mostly ends in a higher
        likelihood, sooner.
    weights_init : array-like of shape (K,), optional
        Of sum 1.
    means_init : array-like of shape (K, D), optional
        What of weights and covariances is not given comes from the rows nearest to each of these
        means, which must differ, in units of the columns' standard deviations, in place of
        `init_params`; but from random responsibilities where `init_params` is "random".
    precisions_init, covariances_init : array-like, optional
        In the shape of the structure; at most one of the two.
    responsibilities_init : array-like of shape (n, K), or labels of shape (n,), optional
        Rows of sum 1; or whole numbers 0 ... K - 1, the component of each row. The first M-step
        starts from them, in place of `init_params`. Any of the parameters above that is given
        replaces what that M-step yields.
    sample_weight : array-like of shape (n,), optional
        Frequency weights: 2 is the row twice, 0 is the row absent. Multiplying all of them by a
        number does not change the mixture, unless there is a `prior`, beside which they count as
        rows.
    random_state : None, int, RandomState or Generator, optional
        None draws from NumPy's global generator.
    n_threads : int, optional
        None: what the process may use. The result has the same bits for any number.
    memory_limit : int or str, optional
        Most bytes that the fit may hold beside the data, or text such as ``"2 GiB"``. It is refused
        before it begins if it could need more; None asks whether that much memory is available.
        The data are the array that rows are read from: C-ordered float64 or float32 as it is given,
        of anything else a copy, which is not counted.
    on_degenerate : {"repair", "restart", "drop", "raise"}, default "repair"
        What to do about a component whose covariance becomes singular, or to which no row is
        left. "repair": keep its eigenvalues above the floor, or its earlier parameters. "restart":
        repair it; when EM has ended, seed it anew where the model explains the data worst, run EM
        again, and keep the result if its likelihood is higher. "drop": take the lightest such
        component out of the mixture, which then has fewer; equal rows may then draw another one
        to them, which goes the same way, until one is left. "raise": raise DegenerateError.
        `FitResult.events` records what was done. Columns that make every covariance singular
        are no fault of a component: they are repaired, but for "raise".
    max_eigenvalue_ratio : float, optional
        Keep the eigenvalues of all covariances, of all components together, within this factor
        (>= 1) of each other, in units of the columns' standard deviations (for ``spherical`` in
        those of the data) [2]_. The likelihood is then bounded; 1 makes all components equal
        spheres in those units. `FitResult.n_parameters`, and with it AIC and BIC, counts all
        parameters of the covariances, although the bound takes some of their freedom.
    prior : Prior, optional
        Maximise the posterior density under this prior instead of the likelihood;
        ``gaussmix.Prior()`` takes it from the data.
    verbose : int, default 0
        1 prints progress.
    verbose_interval : int, default 10
        Passes between two lines of it.
    progress : bool, default False
        Show a bar where the fit takes longer than a moment, in a terminal or a notebook. Needs
        tqdm: ``pip install "gaussmix[progress]"``.
    callback : callable, optional
        Called after every pass as ``callback(state)`` with a `FitState`. True stops the fit, and
        the best mixture so far is returned; None or False lets it go on. An exception that it
        raises leaves `fit` as itself.
    start : FitResult, optional
        An earlier fit to carry on from, its stopping history included. It takes the place of the
        initial parameters and of `n_init`.

    Returns
    -------
    FitResult

    Raises
    ------
    GaussmixError
        An argument is unfit; nothing has been done then.
    GaussmixTypeError
        An argument has the wrong type.
    InsufficientMemoryError
        The fit could need more memory than `memory_limit` or than there is; a ``MemoryError``.
    DegenerateError
        Every start met a singular covariance, and `on_degenerate` is "raise" or the units of the
        columns leave nothing to repair it with: see `CovarianceType`.
    FitInterrupted
        Ctrl-C; it carries the best result so far.
    MissingDependencyError
        `progress` is True and tqdm is not installed.

    Warns
    -----
    ConvergenceWarning
        The best start used up `max_iter` or `max_seconds`.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data
       via the EM algorithm", J. R. Statist. Soc. B 39 (1977), 1-38.
    .. [2] H. Fritz, L. A. Garcia-Escudero and A. Mayo-Iscar, "A fast algorithm for robust
       constrained clustering", Comput. Statist. Data Anal. 61 (2013), 124-136.
    .. [3] C. Biernacki, G. Celeux and G. Govaert, "Choosing starting values for the EM algorithm
       for getting the highest likelihood in multivariate Gaussian mixture models", Comput.
       Statist. Data Anal. 41 (2003), 561-575.
    .. [4] C. Fraley, "Algorithms for model-based Gaussian hierarchical clustering", SIAM J. Sci.
       Comput. 20 (1998), 270-281, in the coordinates of L. Scrucca and A. E. Raftery, "Improved
       initialisation of model-based clustering using Gaussian hierarchical partitions", Adv. Data
       Anal. Classif. 9 (2015), 447-460.

    Examples
    --------
    >>> import gaussmix as gx
    >>> X = [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [9.0, 8.0], [11.0, 8.0], [10.0, 9.0]]
    >>> result = gx.fit(X, 2, covariance_type="spherical", random_state=0)
    >>> result.converged, result.mixture.weights.round(6).tolist()
    (True, [0.5, 0.5])
    """
    threads = check_n_threads(n_threads)
    settings = engine_settings(
        n_components=n_components,
        covariance_type=covariance_type,
        n_factors=n_factors,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        max_seconds=max_seconds,
        accelerate=accelerate,
        n_init=n_init,
        race=race,
        init_params=init_params,
        on_degenerate=on_degenerate,
        max_eigenvalue_ratio=max_eigenvalue_ratio,
    )
    settings["n_threads"] = threads
    limit = check_memory_limit(memory_limit)
    structure = CovarianceType(settings["covariance_type"])
    K = settings["n_components"]
    monitor = Monitor.wanted(
        check_callback(callback),
        check_verbose(verbose),
        check_integer(verbose_interval, "verbose_interval", minimum=1),
        check_switch(progress, "progress"),
    )

    names = feature_names_of(X)
    if isinstance(start, FitResult):
        check_names_of_start(names, start)
    data = check_X(X, n_threads=threads)
    weight = check_sample_weight(sample_weight, len(data))
    check_enough_rows(K, len(data), weight)
    settings["prior"] = settings_for_columns(settings, data.shape[1], prior)
    check_memory(
        data,
        weight is not None,
        settings,
        limit,
        with_responsibilities=responsibilities_init is not None,
    )
    settings |= initial_parameters(
        structure,
        (len(data), K, data.shape[1]),
        settings["n_factors"],
        weights_init=weights_init,
        means_init=means_init,
        precisions_init=precisions_init,
        covariances_init=covariances_init,
        responsibilities_init=responsibilities_init,
        start=start,
    )
    check_distinct_means(settings)
    given_start = leaves_nothing_to_chance(settings)
    if given_start:
        settings["n_init"] = 1
    # The seed comes last: an error above must not have moved the caller's generator.
    settings["seed"] = seed_from(random_state)

    with nullcontext() if monitor is None else closing(monitor):
        outcome = _run(data, weight, monitor, settings)
    result = result_of(outcome, names, settings, given_start=given_start)
    if monitor is not None:
        monitor.report(result)
    if any(one.status == "interrupted" for one in result.starts):
        raise _interrupted(result)
    if result.status in ("max_iter", "max_seconds") and settings["max_iter"] > 0:
        warn_not_converged(first_reason(result))
    return result


def _run(
    data: FloatArray,
    weight: Float64Array | None,
    monitor: Monitor | None,
    settings: dict[str, Any],
) -> dict[str, Any]:
    try:
        return from_engine(core.fit, data, weight, on_iteration=monitor, **settings)
    except KeyboardInterrupt:  # elsewhere the outcome says so: here there was nothing yet to save
        raise FitInterrupted(
            "the fit was interrupted before its first pass; nothing to keep."
        ) from None


def _interrupted(result: FitResult) -> FitInterrupted:
    number = max(i for i, one in enumerate(result.starts) if one.status == "interrupted")
    passes = numbered(result.starts[number].n_iter, "pass", "passes")
    return FitInterrupted(
        f"the fit was interrupted in start {number + 1} after {passes}; the exception's .result "
        "holds the best mixture so far, and fit(..., start=error.result) carries on from it.",
        result,
    )
