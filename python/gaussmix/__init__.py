"""Gaussian mixtures: fast, exact to the bit whatever the number of threads, open about repairs.

>>> import gaussmix as gx
>>> result = gx.fit([[0.0], [1.0], [10.0], [11.0]], 2, covariance_type="tied", random_state=0)
>>> sorted(result.mixture.means.ravel().round(6).tolist())
[0.5, 10.5]
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from gaussmix._runtime import core as _engine
from gaussmix.bootstrap_result import BootstrapResult
from gaussmix.bootstrapping import bootstrap
from gaussmix.callback import FitState
from gaussmix.covariance import CovarianceType
from gaussmix.estimator import GaussianMixture
from gaussmix.exceptions import (
    ConvergenceWarning,
    DegenerateError,
    FitInterrupted,
    GaussmixError,
    GaussmixTypeError,
    InsufficientMemoryError,
    MissingDependencyError,
    ModelFileError,
    NotFittedError,
    RepairWarning,
)
from gaussmix.factor_mixture import FactorMixture
from gaussmix.fitting import fit
from gaussmix.likelihood_ratio import bootstrap_lrt
from gaussmix.likelihood_ratio_result import LikelihoodRatioTest
from gaussmix.many import fit_many
from gaussmix.merge_tree import MergeTree
from gaussmix.merging import merge_components
from gaussmix.mixture import Mixture
from gaussmix.persistence import load
from gaussmix.prior import Prior
from gaussmix.result import FitResult
from gaussmix.results import FitResults
from gaussmix.selection import select
from gaussmix.selection_result import SelectionResult
from gaussmix.selector import GaussianMixtureSelector
from gaussmix.separation import Overlap, bhattacharyya_distances, confusion, pairwise_overlap
from gaussmix.statistics import SufficientStatistics
from gaussmix.steps import e_step, m_step
from gaussmix.versions import show_versions

if _TYPE_CHECKING:
    from gaussmix import plotting
    from gaussmix.reporting import report
else:

    def __getattr__(name: str) -> object:
        # What only some programs want is loaded when it is first asked for.
        if name == "plotting":
            return _import_module("gaussmix.plotting")
        if name == "report":
            return _import_module("gaussmix.reporting").report
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__: str = _engine.build_info()["version"]

__all__ = [
    "BootstrapResult",
    "ConvergenceWarning",
    "CovarianceType",
    "DegenerateError",
    "FactorMixture",
    "FitInterrupted",
    "FitResult",
    "FitResults",
    "FitState",
    "GaussianMixture",
    "GaussianMixtureSelector",
    "GaussmixError",
    "GaussmixTypeError",
    "InsufficientMemoryError",
    "LikelihoodRatioTest",
    "MergeTree",
    "MissingDependencyError",
    "Mixture",
    "ModelFileError",
    "NotFittedError",
    "Overlap",
    "Prior",
    "RepairWarning",
    "SelectionResult",
    "SufficientStatistics",
    "__version__",
    "bhattacharyya_distances",
    "bootstrap",
    "bootstrap_lrt",
    "confusion",
    "e_step",
    "fit",
    "fit_many",
    "load",
    "m_step",
    "merge_components",
    "pairwise_overlap",
    "plotting",
    "report",
    "select",
    "show_versions",
]
