"""Prior: what a fit may assume about means and covariances before it sees the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gaussmix._conversion import as_numbers
from gaussmix._parameters import factorised
from gaussmix._record import Record, read_only
from gaussmix._typing import ArrayLike, Float64Array
from gaussmix._validation import check_real
from gaussmix.covariance import CovarianceType
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

__all__ = ["Prior"]


@dataclass(frozen=True, eq=False)
class Prior(Record):
    r"""A conjugate prior of each component, for estimates of greatest posterior density.

    .. math:: \mu_k \mid \Sigma_k \sim N(m, \Sigma_k / \kappa), \qquad
              \Sigma_k \sim \mathrm{IW}(\nu, \Lambda)

    and with variances alone their inverse-gamma counterparts: :math:`\sigma^2_{kj} \sim
    \mathrm{IG}(\nu / 2, \Lambda_{jj} / 2)` for ``diag``, and the mean of the diagonal of
    :math:`\Lambda` in place of its elements for ``spherical`` [1]_. What is left at None is taken
    from the data, as there; weights count as rows. No component can become singular, unless `scale`
    comes from data that are: of a column that is constant, or a combination of others. There the
    floor of the fit acts, and tells of it.

    With the defaults ``spherical``, ``tied`` and ``full`` have the estimates of mclust's
    ``priorControl()``. For variances along the axes (``EEI``, ``diag``) mclust takes one number for
    all columns, the mean of their variances, which depends on their units; here each column has
    its own. ``scale=np.eye(D) * np.var(X, axis=0, ddof=1).mean() / K ** (2 / D)`` gives mclust's
    ``diag``. Of ``EII`` and ``EEI`` it divides by another count of rows, which moves the
    log-likelihood by a fraction of a nat.

    For structures of one covariance for all (``EII``, ``EEI``, ``tied``) that covariance counts
    once, and for ``spherical``, ``diag`` and ``full`` each on its own, as there. All others share
    parts of their covariances: their prior is the product of those of the components, restricted
    to the structure, which is not one of that paper's (diagonal structures take the inverse-gamma
    form).

    Parameters
    ----------
    shrinkage : float, default 0.01
        :math:`\kappa > 0`, in rows: how much the mean `m` weighs.
    mean : array-like of shape (D,), optional
        `m`; None: the mean of the data.
    dof : float, optional
        :math:`\nu > D - 1`, degrees of freedom; None: D + 2.
    scale : array-like of shape (D, D), optional
        :math:`\Lambda`, symmetric (to 1e-6, then symmetrised) and positive definite; None: the
        covariance of the data divided by ``K ** (2 / D)``, of which only the diagonal where there
        are no more rows than columns.

    Raises
    ------
    GaussmixError
        A value is out of its range.
    GaussmixTypeError
        A value is no number.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Bayesian regularization for normal mixture estimation and
       model-based clustering", J. Classif. 24 (2007), 155-181.

    Examples
    --------
    >>> import gaussmix as gx
    >>> X = [[0.0, 0.0], [0.0, 0.0], [1.0, 2.0], [9.0, 9.0], [8.0, 9.0], [9.0, 7.0]]
    >>> result = gx.fit(X, 2, prior=gx.Prior(), random_state=0)
    >>> result.repairs.total
    0
    """

    shrinkage: float = 0.01
    mean: Float64Array | None = None
    dof: float | None = None
    scale: Float64Array | None = None

    def __post_init__(self) -> None:
        check_real(self.shrinkage, "shrinkage of a Prior", above=0)
        if self.dof is not None:
            check_real(self.dof, "dof of a Prior", above=0)
        for name, n_dimensions in (("mean", 1), ("scale", 2)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _checked(value, name, n_dimensions))

    def __repr__(self) -> str:
        given = [
            f"{name}={getattr(self, name)!r}"
            for name in ("shrinkage", "mean", "dof", "scale")
            if getattr(self, name) is not None
        ]
        return f"Prior({', '.join(given)})"


def _checked(values: ArrayLike, name: str, n_dimensions: int) -> Float64Array:
    array = read_only(as_numbers(values, f"{name} of a Prior"))
    if array.ndim != n_dimensions or not np.isfinite(array).all():
        shape = "(D,)" if n_dimensions == 1 else "(D, D)"
        raise GaussmixError(
            f"{name} of a Prior must hold finite numbers in shape {shape}, got shape {array.shape}."
        )
    return array if n_dimensions == 1 else _positive_definite(array)


def _positive_definite(scale: Float64Array) -> Float64Array:
    """Return it symmetric to the bit; refuse what is no covariance, in whatever units."""
    if not scale.size or scale.shape[0] != scale.shape[1]:
        raise GaussmixError(
            "scale of a Prior must be a symmetric, positive definite matrix: it is the scatter "
            f"that the prior adds to every component. Got shape {scale.shape}."
        )
    matrix, _ = factorised(scale, CovarianceType.TIED, 1, len(scale), "scale of a Prior")
    return read_only(matrix)


def check_prior(prior: Any, n_features: int) -> dict[str, Any] | None:
    """Return the engine's argument for data of `n_features` columns."""
    found = check_prior_alone(prior)
    if found is None:
        return None
    for name in ("mean", "scale"):
        value = found[name]
        if value is not None and len(value) != n_features:
            raise GaussmixError(
                f"{name} of the prior is for {len(value)} features, but X has {n_features}."
            )
    if found["dof"] is not None and not found["dof"] > n_features - 1:
        raise GaussmixError(
            f"dof of the prior must be more than D - 1 = {n_features - 1}, got {prior.dof}: below "
            "that an inverse Wishart distribution has no density."
        )
    return found


def check_prior_alone(prior: Any) -> dict[str, Any] | None:
    """Return the engine's argument for data that are not known yet."""
    if prior is None:
        return None
    if not isinstance(prior, Prior):
        raise GaussmixTypeError(
            f"prior must be None or a gaussmix.Prior, got {type(prior).__name__}; gaussmix.Prior() "
            "takes all of it from the data."
        )
    return {
        "shrinkage": float(prior.shrinkage),
        "mean": prior.mean,
        "dof": None if prior.dof is None else float(prior.dof),
        "scale": prior.scale,
    }
