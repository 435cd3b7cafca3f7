"""The covariance structures and their names."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from gaussmix._runtime import core
from gaussmix._validation import check_choice, check_integer
from gaussmix.exceptions import GaussmixError, GaussmixTypeError

__all__ = ["CovarianceType", "covariance_shape", "n_parameters", "resolve_covariance_type"]


class CovarianceType(StrEnum):
    r"""How the covariances of the components are tied to one another.

    A covariance is volume, shape and orientation, :math:`\Sigma_k = \lambda_k D_k A_k D_k^T`
    with :math:`\lambda_k = |\Sigma_k|^{1/D}`, :math:`A_k` the diagonal matrix of eigenvalues with
    determinant one, and :math:`D_k` the eigenvectors. The three letters of `code` say of each
    whether it is equal for all components (E), variable (V) or the identity (I): Celeux & Govaert
    1995 [1]_. Four structures have scikit-learn's word as value and scikit-learn's shape of
    ``covariances``; the others have their code as value and matrices of shape (K, D, D).

    ============= ==== ===================================== ============================== =======
    member        code covariance of component k             parameters (K components)      M-step
    ============= ==== ===================================== ============================== =======
    ``EII``       EII  :math:`\lambda I`                      1                              closed
    ``SPHERICAL`` VII  :math:`\lambda_k I`, shape (K,)        K                              closed
    ``EEI``       EEI  :math:`\lambda A`                      D                              closed
    ``VEI``       VEI  :math:`\lambda_k A`                    K + D - 1                      descent
    ``EVI``       EVI  :math:`\lambda A_k`                    1 + K (D - 1)                  closed
    ``DIAG``      VVI  :math:`\lambda_k A_k`, shape (K, D)    K D                            closed
    ``TIED``      EEE  :math:`\lambda D A D^T`, shape (D, D)  D (D + 1) / 2                  closed
    ``VEE``       VEE  :math:`\lambda_k D A D^T`              K - 1 + D (D + 1) / 2          descent
    ``EVE``       EVE  :math:`\lambda D A_k D^T`              1 + K (D - 1) + D (D - 1) / 2  descent
    ``VVE``       VVE  :math:`\lambda_k D A_k D^T`            K D + D (D - 1) / 2            descent
    ``EEV``       EEV  :math:`\lambda D_k A D_k^T`            D + K D (D - 1) / 2            closed
    ``VEV``       VEV  :math:`\lambda_k D_k A D_k^T`          K + D - 1 + K D (D - 1) / 2    descent
    ``EVV``       EVV  :math:`\lambda D_k A_k D_k^T`          1 - K + K D (D + 1) / 2        closed
    ``FULL``      VVV  :math:`\lambda_k D_k A_k D_k^T`        K D (D + 1) / 2                closed
    ``E``         E    one variance, one column only         1                              closed
    ``V``         V    a variance each, one column only      K                              closed
    ``FACTOR``    UUU  :math:`\Lambda_k\Lambda_k^T+\Psi_k`     K (D q + D - q (q - 1) / 2)    EM
    ============= ==== ===================================== ============================== =======

    Diagonal and round structures, and VEI, EVI, depend on the axes, and all with equal or common
    eigenvectors (EII, VII, EVE, VVE, EEV, VEV) on the units of the columns: scale columns that are
    not comparable. Where EVE, VVE, EEV or VEV meet a covariance that is singular across columns
    over ten thousand times as wide as the narrowest, rounding hides what the floor should repair,
    and a `DegenerateError` says so. Descents start at the last iterate, so that the likelihood
    never falls; the common eigenvectors of EVE and VVE follow Flury & Gautschi 1986 [2]_ and
    Browne & McNicholas 2014 [3]_, who say which function of them is to be minimised.

    ``FACTOR`` is a mixture of factor analysers [4]_: q columns of loadings and a diagonal for each
    component, which `FactorMixture` holds in place of matrices. It goes where D x D numbers per
    component are too many; the code is that of McNicholas & Murphy 2008 [5]_.

    References
    ----------
    .. [1] G. Celeux and G. Govaert, "Gaussian parsimonious clustering models", Pattern
       Recognition 28 (1995), 781-793.
    .. [2] B. N. Flury and W. Gautschi, "An algorithm for simultaneous orthogonal transformation
       of several positive definite symmetric matrices to nearly diagonal form", SIAM J. Sci.
       Stat. Comput. 7 (1986), 169-184.
    .. [3] R. P. Browne and P. D. McNicholas, "Estimating common principal components in high
       dimensions", Adv. Data Anal. Classif. 8 (2014), 217-226.
    .. [4] Z. Ghahramani and G. E. Hinton, "The EM algorithm for mixtures of factor analyzers",
       Technical Report CRG-TR-96-1, University of Toronto (1996).
    .. [5] P. D. McNicholas and T. B. Murphy, "Parsimonious Gaussian mixture models", Statistics
       and Computing 18 (2008), 285-296.

    Examples
    --------
    >>> from gaussmix import CovarianceType
    >>> CovarianceType.FULL == "full", CovarianceType("tied").code, CovarianceType.VEI.code
    (True, 'EEE', 'VEI')
    """

    FULL = "full"
    TIED = "tied"
    DIAG = "diag"
    SPHERICAL = "spherical"
    EII = "EII"
    EEI = "EEI"
    VEI = "VEI"
    EVI = "EVI"
    VEE = "VEE"
    EVE = "EVE"
    VVE = "VVE"
    EEV = "EEV"
    VEV = "VEV"
    EVV = "EVV"
    E = "E"
    V = "V"
    FACTOR = "factor"

    @property
    def code(self) -> str:
        """Three-letter code of the structure, for example ``"VVV"``; one letter for one column."""
        return _REGISTRY[self].code

    @property
    def one_for_all(self) -> bool:
        """Whether all components have the same covariance."""
        return _REGISTRY[self].one_for_all


class _Structure(NamedTuple):
    """What the engine tells of a structure."""

    code: str
    storage: str
    scatter_kind: str
    one_for_all: bool
    each_its_own: bool
    one_unit: bool
    only_n_features: int


_REGISTRY = {CovarianceType(one[0]): _Structure(*one[1:]) for one in core.structures()}
_BY_NAME = {member.value.lower(): member for member in CovarianceType} | {
    found.code.lower(): member for member, found in _REGISTRY.items()
}
_CODES = [found.code for found in _REGISTRY.values()]
_NAMES = tuple(dict.fromkeys([*(member.value for member in CovarianceType), *_CODES]))


def resolve_covariance_type(value: Any) -> CovarianceType:
    """Return the structure that a word or code means, in any case.

    Parameters
    ----------
    value : str or CovarianceType
        ``full``, ``tied``, ``diag``, ``spherical``, or a code: see `CovarianceType`.

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
    >>> resolve_covariance_type("eee"), resolve_covariance_type("vei")
    (<CovarianceType.TIED: 'tied'>, <CovarianceType.VEI: 'VEI'>)
    """
    if isinstance(value, CovarianceType):
        return value
    if not isinstance(value, str):
        raise GaussmixTypeError(
            f"covariance_type must be a string, one of {', '.join(_NAMES)}; "
            f"got {value!r} of type {type(value).__name__}."
        )
    found = _BY_NAME.get(value.lower())
    return (
        found
        if found is not None
        else _BY_NAME[check_choice(value, "covariance_type", _NAMES).lower()]
    )


def check_columns(covariance_type: CovarianceType, n_features: int) -> None:
    """Raise where the structure is for another number of columns."""
    wanted = _REGISTRY[covariance_type].only_n_features
    if wanted and n_features != wanted:
        wider = {"E": "EII", "V": "VII"}[covariance_type.code]
        raise GaussmixError(
            f"covariance_type={covariance_type.value!r} is for data of one column, but there are "
            f"{n_features}: {wider!r} is the same for any number of columns."
        )


def check_no_factors(covariance_type: CovarianceType, what: str) -> None:
    """Raise for factor analysers where `what` is not available for them."""
    if covariance_type is CovarianceType.FACTOR:
        raise GaussmixError(
            f"{what} is not available for covariance_type='factor': use one of the other "
            "structures, for example 'diag', or compare fits with several n_factors by their bic."
        )


def in_short_form(covariance_type: CovarianceType) -> str:
    """Return the kind of array that holds them: ``full``, ``tied``, ..., or ``factor``."""
    found = _REGISTRY[covariance_type]
    return "full" if covariance_type.value == found.code else found.storage


def scatter_kind(covariance_type: CovarianceType) -> str:
    """Return the kind of scatter that an M-step of this structure needs."""
    return _REGISTRY[covariance_type].scatter_kind


def compares_columns(covariance_type: CovarianceType) -> bool:
    """Return whether it compares variances of different columns, so that units matter to it."""
    return _REGISTRY[covariance_type].one_unit


def each_its_own(covariance_type: CovarianceType) -> bool:
    """Return whether the covariance of a component is restricted by no other."""
    return _REGISTRY[covariance_type].each_its_own


def covariance_shape(
    covariance_type: CovarianceType, n_components: int, n_features: int
) -> tuple[int, ...]:
    """Return the shape of the array of covariances: scikit-learn's, or (K, D, D)."""
    if covariance_type is CovarianceType.FACTOR:
        covariance_type = CovarianceType.FULL
    shapes: dict[str, tuple[int, ...]] = {
        "full": (n_components, n_features, n_features),
        "tied": (n_features, n_features),
        "diag": (n_components, n_features),
        "spherical": (n_components,),
    }
    return shapes[in_short_form(covariance_type)]


def check_n_factors(value: Any, covariance_type: CovarianceType) -> int:
    """Return the number of factors, 0 where the structure has none.

    Raises
    ------
    GaussmixError
        It is missing, less than one, or given with another structure.
    GaussmixTypeError
        It is no integer.
    """
    if covariance_type is not CovarianceType.FACTOR:
        if value is not None:
            raise GaussmixError(
                f"n_factors is for covariance_type='factor', but covariance_type is "
                f"{covariance_type.value!r}: leave n_factors out, or ask for 'factor'."
            )
        return 0
    if value is None:
        raise GaussmixError(
            "covariance_type='factor' needs n_factors, the number of factors of each component, "
            "such as n_factors=2; compare several by BIC."
        )
    return check_integer(value, "n_factors", minimum=1)


def check_factors_fit(n_factors: int, n_features: int) -> None:
    """Raise where there are more factors than the bound of Ledermann (1937) allows.

    With (D - q)^2 < D + q loadings and noise are more numbers than a full covariance has.
    """
    if (n_features - n_factors) ** 2 >= n_features + n_factors and n_factors < n_features:
        return
    most = next((q for q in range(n_features, 0, -1) if (n_features - q) ** 2 >= n_features + q), 0)
    remedy = f"use at most {most}, or" if most else "no number of factors suits so few columns: use"
    raise GaussmixError(
        f"n_factors={n_factors} is too many for {n_features} "
        f"column{'' if n_features == 1 else 's'}: with (D - q)^2 < D + q a "
        f"covariance of q factors has as many parameters as a full one; {remedy} "
        "covariance_type='full'."
    )


def n_parameters(
    covariance_type: str | CovarianceType,
    n_components: int,
    n_features: int,
    n_factors: int | None = None,
) -> int:
    """Count the free parameters: weights, means and covariances.

    ``(K - 1) + K D`` and the count of the covariance structure, K components in D dimensions:
    ``K D (D + 1) / 2`` (full), ``D (D + 1) / 2`` (tied), ``K D`` (diag), ``K`` (spherical), and
    of the others as `CovarianceType` says; `n_factors` is the q of ``factor``.

    Examples
    --------
    >>> from gaussmix.covariance import n_parameters
    >>> [n_parameters(name, 2, 5) for name in ("spherical", "diag", "tied", "full")]
    [13, 21, 26, 41]
    >>> n_parameters("factor", 2, 5, n_factors=2)
    39
    """
    structure = resolve_covariance_type(covariance_type)
    of_covariances = core.n_covariance_parameters(
        structure.value, n_components, n_features, check_n_factors(n_factors, structure)
    )
    return (n_components - 1) + n_components * n_features + of_covariances
