"""GaussianMixtureSelector: the search over models under scikit-learn's names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

from gaussmix._fitted_estimator import FittedEstimator, float_dtype
from gaussmix._fitted_state import FittedAttribute, missing_before_fit
from gaussmix._reasons import first_reason
from gaussmix._sklearn_protocol import SklearnProtocol
from gaussmix._typing import ArrayLike, RandomSource
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import GaussmixTypeError, warn_not_converged
from gaussmix.selection import select
from gaussmix.selection_result import SelectionResult

__all__ = ["GaussianMixtureSelector"]


class GaussianMixtureSelector(FittedEstimator, SklearnProtocol):
    """A Gaussian mixture whose number of components and covariance structure the data choose.

    ``fit`` runs `gaussmix.select`; after it the estimator is the best mixture that was found, with
    the methods and attributes of a fitted `GaussianMixture`.

    Parameters
    ----------
    n_components : sequence of int or int, default=1 to 9
        Numbers of components to try; no iterator, which would last for one fit only.
    covariance_types : sequence of str, optional
        Structures to try, by word or code, see `CovarianceType`. None: all fourteen; E and V for
        data of one column.
    criterion : {'bic', 'aic', 'aicc', 'icl', 'icl_entropy', 'nec', 'cv'}, default='bic'
        What the best model has the lowest value of; the formulas stand at `gaussmix.select`.
    sample_size : {'weight', 'effective'}, default='weight'
        What sample size the criterion counts: the sum of the weights, or Kish's effective one.
    n_folds : int, default=5
        Of the criterion 'cv'.
    max_iter : int, default=2000
        Most passes over the data of each fit.
    random_state : int, RandomState, Generator or None, default=None
        Source of the seed of the search and of samples.
    n_threads : int or None, default=None
        Most threads; None uses all that the process may use. Results do not depend on it.
    memory_limit : int, str or None, default=None
        Most bytes that the search may hold beside the data, or text such as ``"2 GiB"``; one that
        could need more is refused. None asks whether that much memory is available.
    progress : bool, default=False
        Show a bar of the models that are done, if the search takes long; needs tqdm
        (``pip install "gaussmix[progress]"``).

    Attributes
    ----------
    selection_ : SelectionResult
        The whole search: every model, its fit and its criterion.
    n_components_ : int
        Number of components of the best model, K.
    covariance_type_ : CovarianceType
        Its structure.
    result_ : FitResult
        Its fit, ``selection_.best``.
    weights_ : ndarray of shape (n_components_,)
    means_ : ndarray of shape (n_components_, n_features)
    covariances_ : ndarray
        Full (K, D, D), tied (D, D), diag (K, D), spherical (K,), the other structures (K, D, D).
    precisions_ : ndarray
        Inverse covariances, same shape.
    precisions_cholesky_ : ndarray
        Upper triangular U with ``precision = U @ U.T``; reciprocal standard deviations for diag
        and spherical.
    converged_ : bool
    n_iter_ : int
        Passes over the data of the fit that was kept, from where it was last started.
    lower_bound_ : float
        Mean log-likelihood per unit weight.
    lower_bounds_ : list of float
        The same before each of these passes.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of the training data; only there if all are strings.

    See Also
    --------
    gaussmix.select : The same without scikit-learn's conventions.
    gaussmix.GaussianMixture : A model that is given.

    Examples
    --------
    >>> import gaussmix as gx
    >>> from gaussmix.datasets import load_faithful
    >>> X = load_faithful().data
    >>> model = gx.GaussianMixtureSelector(range(1, 5), random_state=0).fit(X)
    >>> model.n_components_, model.covariance_type_.code
    (3, 'EEE')
    >>> model.predict(X).shape
    (272,)
    """

    selection_: SelectionResult = missing_before_fit

    def __init__(
        self,
        n_components: Iterable[int] | int = (1, 2, 3, 4, 5, 6, 7, 8, 9),
        *,
        covariance_types: Iterable[str | CovarianceType] | None = None,
        criterion: str = "bic",
        sample_size: str = "weight",
        n_folds: int = 5,
        max_iter: int = 2000,
        random_state: RandomSource = None,
        n_threads: int | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ) -> None:
        self.n_components = n_components
        self.covariance_types = covariance_types
        self.criterion = criterion
        self.sample_size = sample_size
        self.n_folds = n_folds
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.memory_limit = memory_limit
        self.progress = progress

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Search for the best model of the data.

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
            For a wrong argument, before any work is done, or when no model can be recommended.
            After any error, Ctrl-C included, the estimator is what it was before.
        InsufficientMemoryError
            The search could need more memory than `memory_limit` or than there is; a
            ``MemoryError``.
        FitInterrupted
            Ctrl-C; its ``selection`` holds the models that were done.
        MissingDependencyError
            `progress` is True and tqdm is not installed.

        Warns
        -----
        ConvergenceWarning
            When `max_iter` passes were not enough for the best model.
        """
        for name in ("n_components", "covariance_types"):
            _check_lasting(getattr(self, name), name)
        settings = {name: getattr(self, name) for name in _SETTINGS}
        selection = select(X, **settings, sample_weight=sample_weight)
        best = selection.best
        if not best.converged:
            warn_not_converged(first_reason(best))
        self._dtype = float_dtype(X)
        self.selection_, self.result_ = selection, best
        return self

    @FittedAttribute
    def n_components_(self) -> int:
        """Count the components of the best model."""
        return self._result.n_components

    @FittedAttribute
    def covariance_type_(self) -> CovarianceType:
        """Covariance structure of the best model."""
        return self._result.covariance_type


def _check_lasting(value: object, name: str) -> None:
    """Refuse what is used up by a fit: another one, and clones, need it again."""
    if isinstance(value, Iterator):
        raise GaussmixTypeError(
            f"{name} must last for more than one fit, but is an iterator of type "
            f"{type(value).__name__}, which one fit would use up: pass list({name})."
        )


# What the constructor holds by these names is what `select` takes by these names.
_SETTINGS = GaussianMixtureSelector._get_param_names()
