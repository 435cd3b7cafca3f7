"""The covariance structures and their names."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from gaussmix._runtime import core
from gaussmix._validation import check_choice
from gaussmix.exceptions import GaussmixTypeError

__all__ = ["CovarianceType", "covariance_shape", "n_parameters", "resolve_covariance_type"]


class CovarianceType(StrEnum):
    """How the covariances of the components are tied to one another.

    Each value is scikit-learn's word; `code` is the three-letter name of the same structure in
    the family of Celeux & Govaert (1995) [1]_: volume, shape and orientation, each equal (E),
    variable (V) or the identity (I).

    ============  ====  ======================  ===========================
    member        code  covariance matrices     shape of ``covariances``
    ============  ====  ======================  ===========================
    ``FULL``      VVV   one each, unrestricted  (K, D, D)
    ``TIED``      EEE   one for all             (D, D)
    ``DIAG``      VVI   one each, diagonal      (K, D), the variances
    ``SPHERICAL`` VII   one each, a multiple    (K,), the variances
                        of the identity
    ============  ====  ======================  ===========================

    References
    ----------
    .. [1] G. Celeux and G. Govaert, "Gaussian parsimonious clustering models", Pattern
       Recognition 28 (1995), 781-793.

    Examples
    --------
    >>> from gaussmix import CovarianceType
    >>> CovarianceType.FULL == "full", CovarianceType("tied").code
    (True, 'EEE')
    """

    FULL = "full"
    TIED = "tied"
    DIAG = "diag"
    SPHERICAL = "spherical"

    @property
    def code(self) -> str:
        """Three-letter code of the structure, for example ``"VVV"``."""
        return _CODES[self]


_REGISTRY = {name: (code, scatter) for name, code, _, scatter in core.structures()}
_CODES = {member: _REGISTRY[member.value][0] for member in CovarianceType}
_BY_NAME = {member.value: member for member in CovarianceType} | {
    code.lower(): member for member, code in _CODES.items()
}
_NAMES = tuple(member.value for member in CovarianceType) + tuple(_CODES.values())


def resolve_covariance_type(value: Any) -> CovarianceType:
    """Return the structure that a word or code means, in any case.

    Parameters
    ----------
    value : str or CovarianceType
        ``full``, ``tied``, ``diag``, ``spherical`` or ``VVV``, ``EEE``, ``VVI``, ``VII``.

    Returns
    -------
    CovarianceType

    Raises
    ------
    GaussmixError
        The word is unknown; the message offers the nearest valid one.
    GaussmixTypeError
        `value` is not a string.

    Examples
    --------
    >>> from gaussmix.covariance import resolve_covariance_type
    >>> resolve_covariance_type("eee")
    <CovarianceType.TIED: 'tied'>
    """
    if isinstance(value, CovarianceType):
        return value
    if not isinstance(value, str):
        raise GaussmixTypeError(
            f"covariance_type must be a string, one of {', '.join(_NAMES)}; "
            f"got {value!r} of type {type(value).__name__}."
        )
    found = _BY_NAME.get(value.lower())
    return found if found is not None else _BY_NAME[check_choice(value, "covariance_type", _NAMES)]


def scatter_kind(covariance_type: CovarianceType) -> str:
    """Return the kind of scatter that an M-step of this structure needs."""
    return _REGISTRY[covariance_type.value][1]


def covariance_shape(
    covariance_type: CovarianceType, n_components: int, n_features: int
) -> tuple[int, ...]:
    """Return the shape of the array of covariances, which is scikit-learn's."""
    shapes: dict[CovarianceType, tuple[int, ...]] = {
        CovarianceType.FULL: (n_components, n_features, n_features),
        CovarianceType.TIED: (n_features, n_features),
        CovarianceType.DIAG: (n_components, n_features),
        CovarianceType.SPHERICAL: (n_components,),
    }
    return shapes[covariance_type]


def n_parameters(covariance_type: str | CovarianceType, n_components: int, n_features: int) -> int:
    """Count the free parameters: weights, means and covariances.

    ``(K - 1) + K D`` and the count of the covariance structure, K components in D dimensions:
    ``K D (D + 1) / 2`` (full), ``D (D + 1) / 2`` (tied), ``K D`` (diag), ``K`` (spherical).

    Examples
    --------
    >>> from gaussmix.covariance import n_parameters
    >>> [n_parameters(name, 2, 5) for name in ("spherical", "diag", "tied", "full")]
    [13, 21, 26, 41]
    """
    structure = resolve_covariance_type(covariance_type)
    of_covariances = core.n_covariance_parameters(structure.value, n_components, n_features)
    return (n_components - 1) + n_components * n_features + of_covariances
