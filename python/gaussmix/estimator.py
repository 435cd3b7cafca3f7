"""GaussianMixture: the fit and the mixture under scikit-learn's names."""

from __future__ import annotations

import inspect
from typing import Self

import numpy as np

from gaussmix import fitting
from gaussmix._fitted_estimator import FittedEstimator, float_dtype
from gaussmix._sklearn_protocol import SklearnProtocol
from gaussmix._typing import Acceleration, ArrayLike, RandomSource
from gaussmix._validation import check_switch
from gaussmix.callback import Callback
from gaussmix.covariance import CovarianceType
from gaussmix.prior import Prior

__all__ = ["GaussianMixture"]

# What `fit` takes by these names is what the constructor holds by these names.
_SETTINGS = tuple(
    name
    for name in inspect.signature(fitting.fit).parameters
    if name not in ("X", "sample_weight", "start")
)


class GaussianMixture(FittedEstimator, SklearnProtocol):
    """A Gaussian mixture fitted by EM, with scikit-learn's names and conventions.

    The density is ``sum_k weights_[k] * N(x | means_[k], covariances_[k])``. It works in
    pipelines, searches and ``clone`` of scikit-learn, which is never imported for it.

    Parameters
    ----------
    n_components : int, default=1
        Number of components K; at most the number of rows of positive weight.
    covariance_type : str, default='full'
        ``full``, ``tied``, ``diag``, ``spherical``, or the code of any of the fourteen structures,
        such as ``VEI``: see `CovarianceType`. The words: one unrestricted covariance each, one for
        all, one diagonal each, one variance each; 'VVV', 'EEE', 'VVI' and 'VII' mean the same.
        'factor' is a mixture of factor analysers (`gaussmix.FactorMixture`), for many features.
    n_factors : int or None, default=None
        Number of factors of each component, for 'factor' only, which needs it.
    tol : float or None, default=None
        None stops when the gain still to come, predicted from the last steps of EM, is below
        ``max(0.1 / n_eff, 1e-7)`` nats per unit weight, and below 1e-10 where EM is accelerated
        or began at random shares (but for 'factor'). A number is scikit-learn's rule: stop when the
        mean log-likelihood changes by less.
    reg_covar : float or None, default=None
        None is maximum likelihood with a floor of 1e-8 under the eigenvalues of the covariances,
        in units of the columns' standard deviations; `result_` counts how often it acted. A number
        is added to the diagonals at each M-step, as in scikit-learn.
    max_iter : int, default=1000
        Most passes over the data; 0 returns the start.
    max_seconds : float or None, default=None
        Time for a whole fit, all starts included; looked at between passes, of which at least one
        is made. The best mixture so far is kept.
    accelerate : {'auto', True, False}, default='auto'
        Extrapolate EM's steps; 'auto' does so where `tol` is None and EM is slow.
    n_init : int, default=1
        Number of starts; the likeliest outcome is kept. A start that is given, and leaves nothing
        to chance, is run once: see `gaussmix.fit`.
    race : bool, default=True
        Give up starts that fall behind in their first passes; the first start is always run to the
        end. Ten starts then take about as long as three. False runs all of them to the end.
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data', 'hierarchical'}, \
default='kmeans'
        How a start is found where it is not given by means or responsibilities; 'hierarchical' is
        the start of R's mclust.
    weights_init : array-like of shape (n_components,), optional
        Weights to start from.
    means_init : array-like of shape (n_components, n_features), optional
        Means to start from; weights and covariances that are not given are those of the rows
        nearest to each, or of random responsibilities if `init_params` is 'random'.
    precisions_init : array-like, optional
        Inverse covariances to start from, in the shape of `covariances_`.
    covariances_init : array-like, optional
        Covariances to start from, in the shape of `covariances_`; instead of `precisions_init`.
    responsibilities_init : array-like of shape (n_samples, n_components) or (n_samples,), optional
        Responsibilities to start from, in place of `init_params`; each row sums to 1. Or labels
        0 ... n_components - 1.
    random_state : int, RandomState, Generator or None, default=None
        Source of the seed of starts and samples; None draws it from NumPy's global generator.
    warm_start : bool, default=False
        Carry on where the last fit ended, its stopping history included. Components that
        `on_degenerate` took out of it stay out. Other columns, or another `n_components`,
        `covariance_type` or `n_factors`, are an error: False begins afresh.
    verbose : int, default=0
        1 prints the log-likelihood as it grows, and how each start ended; 2 prints no more.
    verbose_interval : int, default=10
        Passes between two lines of progress.
    progress : bool, default=False
        Show a bar where a fit takes longer than a moment; needs tqdm
        (``pip install "gaussmix[progress]"``).
    callback : callable or None, default=None
        Called after every pass as ``callback(state)`` with a `gaussmix.FitState`. True stops the
        fit, and the best mixture so far is kept; None or False lets it go on.
    n_threads : int or None, default=None
        Most threads; None uses all that the process may use. Results do not depend on it.
    memory_limit : int, str or None, default=None
        Most bytes that a fit may hold beside the data, or text such as ``"2 GiB"``; one that could
        need more is refused. None asks whether that much memory is available.
    on_degenerate : {'repair', 'restart', 'drop', 'raise'}, default='repair'
        What to do about a component whose covariance becomes singular: repair and report it, seed
        it anew if that ends better, take it out of the mixture, or raise `DegenerateError`.
    max_eigenvalue_ratio : float or None, default=None
        Bound on the ratio of any two eigenvalues of the covariances, over all components, in units
        of the columns' standard deviations. ``bic`` and ``aic`` count all parameters all the same.
    prior : gaussmix.Prior or None, default=None
        Maximise the posterior density under this prior instead of the likelihood.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
    means_ : ndarray of shape (n_components, n_features)
    covariances_ : ndarray
        By structure: full (K, D, D), tied (D, D), diag (K, D), spherical (K,), else (K, D, D).
    precisions_ : ndarray
        Inverse covariances, same shape.
    precisions_cholesky_ : ndarray
        Upper triangular U with ``precision = U @ U.T``; reciprocal standard deviations for diag
        and spherical.
    loadings_ : ndarray of shape (n_components, n_features, n_factors)
    noise_variances_ : ndarray of shape (n_components, n_features)
        Of 'factor' only, in place of `covariances_`, which are made of them on request.
    converged_ : bool
    n_iter_ : int
        Passes over the data of the kept start.
    lower_bound_ : float
        What EM maximises, per unit weight, at the *returned* parameters: the log-likelihood, which
        is ``score`` of the training data, plus the log-density of a `prior`. (scikit-learn's
        belongs to the parameters before the last M-step.)
    lower_bounds_ : list of float
        The same before each pass of the kept start; passes that were undone are left out.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of the training data; only there if all are strings.
    result_ : FitResult
        The whole story of the fit: reasons, starts, repairs, times, criteria.

    See Also
    --------
    gaussmix.fit : The same without scikit-learn's conventions.

    Notes
    -----
    For float32 data, arrays are float32 where scikit-learn's are: the parameters of `result_`,
    which are float64, rounded. Of 4,096 rows and more, passes compute in single precision while
    gains are large; see `gaussmix.fit`. The arrays are read-only and the attributes cannot be set:
    they are views of `result_`, so that no method can answer for other parameters than they show.

    Examples
    --------
    >>> from gaussmix import GaussianMixture
    >>> X = [[0, 0], [2, 0], [1, 3], [20, 20], [22, 20], [21, 23]]
    >>> model = GaussianMixture(2, covariance_type="tied", random_state=0).fit(X)
    >>> sorted(model.means_.round(6).tolist())
    [[1.0, 1.0], [21.0, 21.0]]
    >>> near_first, near_second = model.predict([[0, 1], [19, 24]])
    >>> bool(near_first != near_second)
    True
    """

    _n_components_asked: int | None = None  # of the last fit

    def __init__(
        self,
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
        random_state: RandomSource = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        progress: bool = False,
        callback: Callback | None = None,
        n_threads: int | None = None,
        memory_limit: int | str | None = None,
        on_degenerate: str = "repair",
        max_eigenvalue_ratio: float | None = None,
        prior: Prior | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.n_factors = n_factors
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.accelerate = accelerate
        self.n_init = n_init
        self.race = race
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.covariances_init = covariances_init
        self.responsibilities_init = responsibilities_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.progress = progress
        self.callback = callback
        self.n_threads = n_threads
        self.memory_limit = memory_limit
        self.on_degenerate = on_degenerate
        self.max_eigenvalue_ratio = max_eigenvalue_ratio
        self.prior = prior

    # ---- fitting ------------------------------------------------------------------------------

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the mixture to data by EM.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers; pandas and polars frames keep their column names.
        y : ignored
            There for scikit-learn's pipelines.
        sample_weight : array-like of shape (n_samples,), optional
            Frequencies >= 0: a weight of 2 is the row twice, 0 the row absent.

        Returns
        -------
        self

        Raises
        ------
        GaussmixError
            For a wrong argument, before any work is done. After any error, Ctrl-C included, the
            estimator is what it was before.
        InsufficientMemoryError
            The fit could need more memory than `memory_limit` or than there is; a ``MemoryError``.
        DegenerateError
            Every start met a singular covariance, and `on_degenerate` is 'raise' or the units of
            the columns leave nothing to repair it with.
        FitInterrupted
            Ctrl-C; it carries the best result so far.
        MissingDependencyError
            `progress` is True and tqdm is not installed.

        Warns
        -----
        ConvergenceWarning
            When `max_iter` passes or `max_seconds` were not enough.
        """
        warm = check_switch(self.warm_start, "warm_start")
        settings = {name: getattr(self, name) for name in _SETTINGS}
        start = self.result_ if warm and self.__sklearn_is_fitted__() else None
        if start is not None and _same_number(self.n_components, self._n_components_asked):
            settings["n_components"] = start.n_components  # less those that were dropped
        result = fitting.fit(X, **settings, sample_weight=sample_weight, start=start)
        self._dtype = float_dtype(X)
        self._n_components_asked = self.n_components
        self.result_ = result
        return self


def _same_number(given: object, earlier: int | None) -> bool:
    return isinstance(given, int | np.integer) and given == earlier
