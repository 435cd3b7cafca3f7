"""The slow, obvious oracle: Gaussian mixtures by the textbook, in extended precision.

Nothing here is clever. Every component has a full covariance matrix whatever its structure, the
whole (n, K) table of log densities is held, means are computed before scatters, and every number
is a ``np.longdouble``. What the tests believe, they believe because of these lines, so they are
written to be read against a textbook and share no code, no factor and no formula trick with the
package under test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = np.longdouble
Array = NDArray[np.longdouble]

LOG_TWO_PI = np.log(2 * np.arccos(Real(-1)))
COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
SCATTER_KINDS = {"full": "full", "tied": "pooled", "diag": "diag", "spherical": "trace"}
# Those without a word of scikit-learn's, whose covariances are K matrices in any case.
SCATTER_KINDS |= dict.fromkeys(("VEE", "EVE", "VVE", "EEV", "VEV", "EVV"), "full")
SCATTER_KINDS |= dict.fromkeys(("EEI", "VEI", "EVI"), "diag")
SCATTER_KINDS |= dict.fromkeys(("EII", "E", "V"), "trace")


def real(values: ArrayLike) -> Array:
    """The same numbers in extended precision; exact for float32 and float64."""
    return np.asarray(values).astype(Real)


@dataclass(frozen=True)
class Parameters:
    """Weights (K,), means (K, D) and covariance matrices (K, D, D) of a mixture."""

    weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True)
class Statistics:
    """What an E-step leaves behind: weight (K,), mean (K, D), scatter (K, D, D), and totals."""

    weight: Array
    mean: Array
    scatter: Array
    log_likelihood: Real
    total_weight: Real
    n_effective: Real
    n_rows: int


# ---- covariance structures -------------------------------------------------------------------


def matrices(covariance_type: str, values: ArrayLike, n_components: int, n_features: int) -> Array:
    """K full D x D matrices from the compact shape of a structure.

    Serves covariances and triangular precision factors alike: both are (D, D) tied, (K, D) diag,
    (K,) spherical, and (K, D, D) in every other structure.
    """
    compact = real(values)
    identity = np.eye(n_features, dtype=Real)
    if covariance_type not in ("tied", "diag", "spherical"):
        return compact.reshape(n_components, n_features, n_features)
    if covariance_type == "tied":
        return np.array([compact.reshape(n_features, n_features)] * n_components)
    if covariance_type == "diag":
        return np.array([np.diag(row) for row in compact.reshape(n_components, n_features)])
    return np.array([value * identity for value in compact.reshape(n_components)])


def compact(covariance_type: str, covariances: Array) -> Array:
    """The inverse of `matrices`, for matrices that have the structure."""
    if covariance_type not in ("tied", "diag", "spherical"):
        return covariances
    if covariance_type == "tied":
        return np.asarray(covariances[0])
    if covariance_type == "diag":
        return np.array([np.diag(matrix) for matrix in covariances])
    return np.array([matrix[0, 0] for matrix in covariances])


def reduced_scatter(scatter_kind: str, scatter: Array) -> Array:
    """What a structure needs of the K scatter matrices."""
    if scatter_kind == "full":
        return scatter
    if scatter_kind == "pooled":
        return np.asarray(scatter.sum(axis=0))
    if scatter_kind == "diag":
        return np.array([np.diag(matrix) for matrix in scatter])
    return np.array([np.trace(matrix) for matrix in scatter])


# ---- densities -------------------------------------------------------------------------------


def cholesky(matrix: Array) -> Array:
    """Lower triangular L with ``matrix = L @ L.T``, element by element."""
    size = len(matrix)
    lower = np.zeros((size, size), Real)
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i, j] - np.dot(lower[i, :j], lower[j, :j])
            if i > j:
                lower[i, j] = rest / lower[j, j]
            elif rest > 0:
                lower[i, i] = np.sqrt(rest)
            else:
                raise ValueError(f"not positive definite: pivot {i} is {rest}")
    return lower


def forward_substitution(lower: Array, rows: Array) -> Array:
    """y with ``L y = x`` for every row x."""
    solved = np.zeros_like(rows)
    for j in range(len(lower)):
        solved[:, j] = (rows[:, j] - solved[:, :j] @ lower[j, :j]) / lower[j, j]
    return solved


def normal_log_density(rows: Array, mean: Array, covariance: Array) -> Array:
    """log N(x | mean, covariance) of every row."""
    lower = cholesky(covariance)
    whitened = forward_substitution(lower, rows - mean)
    log_determinant = 2 * np.sum(np.log(np.diag(lower)))
    squared_distance = np.sum(whitened**2, axis=1)
    return np.asarray(-(len(mean) * LOG_TWO_PI + log_determinant + squared_distance) / 2)


def normal_log_density_by_factor(rows: Array, mean: Array, factor: Array) -> Array:
    """log N(x | mean, inverse(factor @ factor.T)) of every row, for a triangular factor."""
    whitened = (rows - mean) @ factor
    log_root_precision = np.sum(np.log(np.diag(factor)))
    squared_distance = np.sum(whitened**2, axis=1)
    return np.asarray(log_root_precision - (len(mean) * LOG_TWO_PI + squared_distance) / 2)


def joint_log_density(X: ArrayLike, mixture: Parameters) -> Array:
    """log(weight_k) + log N(x_i | k), shape (n, K)."""
    rows = real(X)
    columns = [
        np.log(weight) + normal_log_density(rows, mean, covariance)
        for weight, mean, covariance in zip(
            mixture.weights, mixture.means, mixture.covariances, strict=True
        )
    ]
    return np.stack(columns, axis=1)


def joint_log_density_by_factor(
    X: ArrayLike, weights: ArrayLike, means: ArrayLike, factors: Array
) -> Array:
    """As `joint_log_density`, for precisions given by their triangular factors (K, D, D)."""
    rows = real(X)
    columns = [
        np.log(weight) + normal_log_density_by_factor(rows, mean, factor)
        for weight, mean, factor in zip(real(weights), real(means), factors, strict=True)
    ]
    return np.stack(columns, axis=1)


def log_sum_exp(table: Array) -> Array:
    """log(sum(exp(row))) of every row, without overflow."""
    largest = table.max(axis=1)
    return np.asarray(largest + np.log(np.sum(np.exp(table - largest[:, None]), axis=1)))


def responsibilities(joint: Array) -> Array:
    """Posterior probability of every component for every row."""
    return np.asarray(np.exp(joint - log_sum_exp(joint)[:, None]))


# ---- the two steps ---------------------------------------------------------------------------


def statistics(
    X: ArrayLike,
    posterior: ArrayLike,
    sample_weight: ArrayLike | None = None,
    log_density: ArrayLike | None = None,
    absent_mean: ArrayLike | None = None,
) -> Statistics:
    """Weights, means and centred scatters of the components, given who belongs where.

    A component nobody belongs to takes its row of `absent_mean`.
    """
    rows = real(X)
    weight_of_row = np.ones(len(rows), Real) if sample_weight is None else real(sample_weight)
    share = weight_of_row[:, None] * real(posterior)
    n_components, n_features = share.shape[1], rows.shape[1]
    weight = share.sum(axis=0)
    mean = np.zeros((n_components, n_features), Real)
    scatter = np.zeros((n_components, n_features, n_features), Real)
    for k in range(n_components):
        if weight[k] > 0:
            mean[k] = share[:, k] @ rows / weight[k]
            deviation = rows - mean[k]
            scatter[k] = (share[:, k, None] * deviation).T @ deviation
        elif absent_mean is not None:
            mean[k] = real(absent_mean)[k]
    log_likelihood = Real("nan")
    if log_density is not None:
        log_likelihood = np.sum(weight_of_row * real(log_density))
    return Statistics(
        weight=weight,
        mean=mean,
        scatter=scatter,
        log_likelihood=log_likelihood,
        total_weight=weight_of_row.sum(),
        n_effective=weight_of_row.sum() ** 2 / np.sum(weight_of_row**2),
        n_rows=int(np.sum(weight_of_row > 0)),
    )


def e_step(X: ArrayLike, mixture: Parameters, sample_weight: ArrayLike | None = None) -> Statistics:
    """Statistics of the data under a mixture."""
    joint = joint_log_density(X, mixture)
    return statistics(X, responsibilities(joint), sample_weight, log_sum_exp(joint), mixture.means)


def m_step(stats: Statistics, covariance_type: str, reg_covar: float = 0.0) -> Parameters:
    """Maximum likelihood given the statistics, with scikit-learn's ridge if asked for."""
    n_components, n_features = stats.mean.shape
    identity = np.eye(n_features, dtype=Real)
    covariances = np.zeros_like(stats.scatter)
    for k in range(n_components):
        if covariance_type == "full":
            covariances[k] = stats.scatter[k] / stats.weight[k]
        elif covariance_type == "tied":
            covariances[k] = stats.scatter.sum(axis=0) / stats.weight.sum()
        elif covariance_type == "diag":
            covariances[k] = np.diag(np.diag(stats.scatter[k])) / stats.weight[k]
        elif covariance_type == "spherical":
            covariances[k] = identity * np.trace(stats.scatter[k]) / n_features / stats.weight[k]
        else:
            raise ValueError(f"no such structure: {covariance_type!r}")
        covariances[k] += Real(reg_covar) * identity
    return Parameters(stats.weight / stats.weight.sum(), stats.mean, covariances)


def em(
    X: ArrayLike,
    start: Parameters,
    covariance_type: str,
    n_steps: int,
    sample_weight: ArrayLike | None = None,
    reg_covar: float = 0.0,
) -> tuple[Parameters, list[Real]]:
    """`n_steps` EM steps; the trace holds the log-likelihood at every mixture met, start and end
    included."""
    mixture, trace = start, []
    for _ in range(n_steps):
        stats = e_step(X, mixture, sample_weight)
        trace.append(stats.log_likelihood)
        mixture = m_step(stats, covariance_type, reg_covar)
    trace.append(e_step(X, mixture, sample_weight).log_likelihood)
    return mixture, trace
