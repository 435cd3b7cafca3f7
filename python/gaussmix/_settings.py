"""The settings that single and many fits share, checked and in the engine's words."""

from __future__ import annotations

from typing import Any

from gaussmix._typing import Acceleration, Float64Array
from gaussmix._validation import (
    check_accelerate,
    check_choice,
    check_integer,
    check_max_seconds,
    check_optional_real,
    check_real,
    check_switch,
)
from gaussmix.covariance import (
    CovarianceType,
    check_columns,
    check_factors_fit,
    check_n_factors,
    each_its_own,
    resolve_covariance_type,
)
from gaussmix.exceptions import GaussmixError
from gaussmix.prior import check_prior, check_prior_alone

POLICIES = ("repair", "restart", "drop", "raise")
INIT_PARAMS = ("kmeans", "k-means++", "random", "random_from_data", "hierarchical")


def engine_settings(
    *,
    n_components: int,
    covariance_type: str | CovarianceType,
    tol: float | None = None,
    reg_covar: float | None = None,
    max_iter: int = 1000,
    max_seconds: float | None = None,
    accelerate: Acceleration = "auto",
    n_init: int = 1,
    race: bool = True,
    init_params: str = "kmeans",
    on_degenerate: str = "repair",
    max_eigenvalue_ratio: float | None = None,
    n_factors: int | None = None,
    one_unit: bool = False,
    gain_left: float | None = None,
) -> dict[str, Any]:
    """Check the settings of a model and of its EM; return the engine's arguments of these names."""
    structure = resolve_covariance_type(covariance_type)
    factors = check_n_factors(n_factors, structure)
    acceleration = check_accelerate(accelerate)
    return {
        "n_components": check_integer(n_components, "n_components", minimum=1),
        "covariance_type": structure.value,
        "n_factors": factors,
        "tol": check_optional_real(tol, "tol"),
        "reg_covar": check_optional_real(reg_covar, "reg_covar"),
        "max_iter": check_integer(max_iter, "max_iter", minimum=0),
        "max_seconds": check_max_seconds(max_seconds),
        "n_init": check_integer(n_init, "n_init", minimum=1),
        "race": check_switch(race, "race"),
        "init_params": check_choice(init_params, "init_params", INIT_PARAMS),
        "accelerate": acceleration,
        "on_degenerate": check_choice(on_degenerate, "on_degenerate", POLICIES),
        "max_eigenvalue_ratio": None
        if max_eigenvalue_ratio is None
        else _check_ratio(max_eigenvalue_ratio, structure),
        "one_unit": one_unit,
        "gain_left": gain_left,
    }


def settings_for_columns(
    settings: dict[str, Any], n_features: int, prior: Any
) -> dict[str, Any] | None:
    """Check what depends on the number of columns; return the engine's prior."""
    structure = CovarianceType(settings["covariance_type"])
    check_columns(structure, n_features)
    if structure is CovarianceType.FACTOR:
        check_factors_fit(settings["n_factors"], n_features)
    prior_for_any_columns(settings, prior)
    return check_prior(prior, n_features)


def prior_for_any_columns(settings: dict[str, Any], prior: Any) -> dict[str, Any] | None:
    """Check what of a prior does not depend on the data; return the engine's prior."""
    if prior is not None and settings["covariance_type"] == CovarianceType.FACTOR.value:
        raise GaussmixError(
            "prior is not available for covariance_type='factor': leave it out, or use another "
            "covariance_type."
        )
    return check_prior_alone(prior)


def rows_per_weight(weight: Float64Array) -> float:
    """Return the effective number of rows per unit of weight, where weights count rows.

    The engine's ``gain_left`` is of effective rows; times this it is of rows. At most 1: counts are
    no fractions.
    """
    largest = weight.max()
    shares = weight / largest
    return float(min(1.0, shares.sum() / (shares @ shares) / largest))


def _check_ratio(value: float, structure: CovarianceType) -> float:
    ratio = check_real(value, "max_eigenvalue_ratio", minimum=1)
    if structure is CovarianceType.FACTOR:
        raise GaussmixError(
            "max_eigenvalue_ratio is not available for covariance_type='factor': use full, tied, "
            "diag or spherical, or leave the ratio out."
        )
    if not each_its_own(structure) and structure is not CovarianceType.TIED:
        raise GaussmixError(
            f"max_eigenvalue_ratio is for full, tied, diag and spherical covariances: those of "
            f"covariance_type={structure.value!r} restrict one another, and would leave their "
            "structure. Use one of the four, or leave the ratio out."
        )
    return ratio
