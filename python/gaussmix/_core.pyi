"""Types of the compiled extension: functions on arrays, no public classes.

Every array that enters is C-contiguous and aligned; ``X`` is float64 or float32, all else is
float64 (or int64 where said). Checking and converting is the Python package's work; a wrong dtype
or layout here is a TypeError.

Shapes of ``covariances`` and ``precisions_cholesky`` by covariance type, K components, D features:
full (K, D, D), tied (D, D), diag (K, D), spherical (K,), all others (K, D, D). ``precisions_cholesky`` is the upper
triangular U with inverse(covariance) = U @ U.T, and 1 / standard deviation for diag and spherical. For "factor" both are
the same array (K, D, n_factors + 1): the loadings of each feature, then the variance of its noise; ``n_factors`` is 0 for
all other types.

Shapes of ``scatter`` by kind: full (K, D, D), pooled (D, D), diag (K, D), trace (K,). The kind of "factor" does not come
here.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Float64: TypeAlias = NDArray[np.float64]
_Int64: TypeAlias = NDArray[np.int64]
_Data: TypeAlias = NDArray[np.float64] | NDArray[np.float32]

def build_info() -> dict[str, Any]:
    """compiler, flags, build_type, eigen, openmp, simd_levels (tuple[str, ...] built into this
    extension, weakest first), simd_level (the one running), version."""

def available_threads() -> int:
    """What this process may use now: OpenMP's maximum, CPU affinity, cgroup quota."""

def usable_threads() -> int:
    """Of these, what a call that begins now would use by default: the others are at work in other calls."""

def structures() -> tuple[tuple[str, str, str, str, bool, bool, bool, int], ...]:
    """The registry: (name, code, shape of the covariances in storage, scatter kind, whether all components have the
    same covariance, whether each has one that no other restricts, whether variances of different features are
    compared, the only number of features or 0), e.g. ("tied", "EEE", "tied", "pooled", True, False, False, 0)."""

def n_covariance_parameters(
    covariance_type: str, n_components: int, n_features: int, n_factors: int = 0
) -> int: ...
def find_nonfinite(X: _Data, n_threads: int | None) -> tuple[int, int] | None:
    """(row, column) of the first NaN or infinity in row order, or None."""

def factorise(
    covariance_type: str, covariances: _Float64, n_components: int, n_features: int
) -> tuple[_Float64, _Float64]:
    """(precisions_cholesky, reciprocal_conditions (K,), or (1,) of a tied covariance).

    Pivoted LDLT of each covariance in units of its own standard deviations. Raises ValueError
    naming the component and the smallest pivot when one is not positive definite, or not of the
    structure.
    """

def prepare(
    covariance_type: str, weights: _Float64, means: _Float64, precisions_cholesky: _Float64
) -> object:
    """A capsule of what `evaluate` reads: for a few rows, making it takes longer than using it."""

def evaluate(
    X: _Data,
    density: object,
    *,
    log_density: bool = False,
    responsibilities: bool = False,
    labels: bool = False,
    joint_log_density: bool = False,
    n_threads: int | None = None,
) -> dict[str, NDArray[Any]]:
    """Of a `density` that `prepare` made, only the outputs asked for, by these keys: log_density (n,),
    responsibilities (n, K), labels (n,) int64, joint_log_density (n, K) = log(weight_k) + log N(x | k).
    All float64 but labels."""

def e_step(
    X: _Data,
    sample_weight: _Float64 | None,
    covariance_type: str,
    weights: _Float64,
    means: _Float64,
    precisions_cholesky: _Float64,
    scatter_kind: str,
    n_threads: int | None,
) -> dict[str, Any]:
    """Statistics of the data under a mixture, as a dict with exactly these keys:

    weight (K,), mean (K, D), scatter (by kind; centred at `mean`), log_likelihood float,
    total_weight float, n_effective float, n_rows int (rows of positive weight).
    The mean of a component of weight 0 is its mean under the mixture that was given.
    """

def likelihood(
    X: _Data,
    sample_weight: _Float64 | None,
    covariance_type: str,
    weights: _Float64,
    means: _Float64,
    precisions_cholesky: _Float64,
    n_threads: int | None,
) -> tuple[float, float]:
    """(log-likelihood, certainty): sums over the rows of w log p(x) and of w log max_k r_k. No array of n."""

def statistics_from_responsibilities(
    X: _Data,
    sample_weight: _Float64 | None,
    responsibilities: _Float64,
    scatter_kind: str,
    n_threads: int | None,
) -> dict[str, Any]:
    """As `e_step`, from given responsibilities (n, K); log_likelihood is nan."""

def merge_statistics(a: dict[str, Any], b: dict[str, Any], scatter_kind: str) -> dict[str, Any]:
    """Statistics of the union of the two data sets (Chan, Golub & LeVeque 1983)."""

def m_step(
    statistics: dict[str, Any],
    scatter_kind: str,
    covariance_type: str,
    reg_covar: float | None,
    on_degenerate: str,
    previous: dict[str, _Float64] | None,
) -> dict[str, Any]:
    """A mixture: weights, means, covariances, precisions_cholesky, floored (K,) int64 (1 where the
    eigenvalue floor acted), emptied (K,) int64 (1 where the component had no weight and kept
    `previous`, keys means/covariances/precisions_cholesky, or failing that the overall mean and covariance).

    Raises ValueError if the scatter kind lacks what the covariance type needs, DegenerateError
    (see set_degenerate_error) when a covariance had to be repaired and on_degenerate == "raise", or
    when the units of the columns leave nothing to repair it with.
    """

def sample(
    covariance_type: str,
    weights: _Float64,
    means: _Float64,
    precisions_cholesky: _Float64,
    n_samples: int,
    seed: int,
) -> tuple[_Float64, _Int64]:
    """(X (n_samples, D), labels (n_samples,)): independent draws, rows in random order; `seed` in [0, 2**63)."""

def fit(
    X: _Data,
    sample_weight: _Float64 | None,
    *,
    n_components: int,
    covariance_type: str,
    n_factors: int = 0,
    tol: float | None,
    reg_covar: float | None,
    max_iter: int,
    max_seconds: float | None,
    n_init: int,
    race: bool,
    init_params: str,
    seed: int,
    accelerate: str,
    on_degenerate: str,
    max_eigenvalue_ratio: float | None,
    one_unit: bool,
    gain_left: float | None,
    prior: dict[str, Any] | None,
    n_threads: int | None,
    weights_init: _Float64 | None,
    means_init: _Float64 | None,
    covariances_init: _Float64 | None,
    precisions_cholesky_init: _Float64 | None,
    responsibilities_init: _Float64 | None,
    history: _Float64 | None,
    on_iteration: Callable[[int, int, float], bool] | None,
) -> dict[str, Any]:
    """EM from `n_init` starts. accelerate: "by rate" (of EM) | "auto" (the same without a `tol`) | "always" | "never". `race`: of three starts or more, the first and the most promising of the others are run to the end. on_degenerate: "repair" | "restart" | "drop" | "raise".

    `one_unit`: the floor of eigenvalues is the same for all features, and a structure that contains another allows what
    that one allows.

    `gain_left`: nats that the prediction may leave where `tol` is None; None: 0.1, and less than 1e-10 of each row
    after extrapolations or from random shares.

    `prior`: None, or shrinkage float, mean (D,) | None, dof float | None, scale (D, D) | None; what is
    None is taken from the data. The trace is then of log-likelihood + log_prior.

    `precisions_cholesky_init` is the factor of `covariances_init` as an earlier fit left it; without it the
    covariances are factorised, and floored where need be.
    `history` is the trace of an earlier fit that this one carries on (warm start): then the three
    initial parameters must all be given and its last values enter the stopping rule.
    `max_seconds` is looked at between passes, of which at least one is made.
    `on_iteration(start, iteration, log_likelihood)` is called at iteration borders with the total
    log-likelihood; returning False stops the fit (status "stopped").

    Returns a dict: weights, means, covariances, precisions_cholesky; log_likelihood (total, at the
    returned parameters); certainty (sum of w log max_k r_k there; nan after an interrupt); total_weight; n_effective; n_rows; column_scale (D,);
    best_start int; seconds_init; seconds_em; starts: list of dicts, one per start, with
    status ("converged" | "max_iter" | "max_seconds" | "stopped" | "interrupted" | "degenerate" | "raced_out"), n_iter,
    log_likelihood (at the start's final parameters; at those before the last pass when raced out; nan when degenerate), trace (float64: log-likelihood at the parameters
    before each pass), predicted_gain (total nats predicted still to come; nan when unknown),
    floored (K,) int64 (M-steps in which the floor acted on k; also when applied to given or initial parameters), emptied (K,) int64, log_prior float, events: list of
    (iteration, last_iteration, component | None, weight, eigenvalue, action) with action "floored" | "emptied" |
    "dropped" | "restarted" | "restart_rejected", rejected int
    (extrapolations undone by the likelihood test), message (str, of a start that is degenerate or raced out), and, but for the best start, mixture (the
    same four arrays as above, or None unless the status is "converged" or "max_iter").
    When the fit is ended from outside (Ctrl-C, `max_seconds`, `on_iteration`) those still in a race with the running start
    have its status, and later starts are absent. On Ctrl-C the
    pending KeyboardInterrupt is cleared; any other exception raised by a signal handler or by
    `on_iteration` propagates.
    Raises DegenerateError when every start is degenerate.
    """

def fit_many(
    X: Sequence[_Data],
    sample_weight: Sequence[_Float64 | None],
    seeds: Sequence[int],
    *,
    n_components: int,
    covariance_type: str,
    n_factors: int = 0,
    tol: float | None,
    reg_covar: float | None,
    max_iter: int,
    max_seconds: float | None,
    n_init: int,
    race: bool,
    init_params: str,
    accelerate: str,
    on_degenerate: str,
    max_eigenvalue_ratio: float | None,
    one_unit: bool,
    gain_left: float | None,
    prior: dict[str, Any] | None,
    n_threads: int | None,
    weights_init: _Float64 | None,
    means_init: _Float64 | None,
    covariances_init: _Float64 | None,
) -> dict[str, Any]:
    """`fit` of each data set with its seed, each by one thread; `max_seconds` is for each of them.

    The initial parameters are given all three or not at all, with a first axis as long as there are
    sets, or 1: the same for all. A set or its weights may be there many times, and is not copied.

    Returns a dict of columns: status (tuple of str: that of the best start, or "degenerate", "failed",
    "not run"), message (tuple of str, of sets without a fit), log_likelihood (n,), n_iter (n,) int64,
    repairs (n,) int64 (floored and emptied together, of the best start);
    and outcomes, a capsule for `outcome_at` and `parameters_of`.
    On Ctrl-C the sets that were not finished are "not run", and the pending KeyboardInterrupt is cleared.
    """

def outcome_at(outcomes: object, index: int) -> dict[str, Any]:
    """What `fit` would have returned for the set at this index; ValueError where there is no fit."""

def hierarchical_labels(
    X: _Data,
    sample_weight: _Float64 | None,
    n_components: Sequence[int],
    seed: int,
    n_threads: int | None,
) -> _Int64:
    """Labels (len(n_components), n) of the rows in partitions of one merge tree; see
    gaussmix._hierarchical. Rows beyond the tree go to the likeliest component."""

def parameters_of(outcomes: object) -> dict[str, _Float64]:
    """weights, means and covariances of all fits, stacked along a first axis; nan where there is no fit.
    ValueError where there is none at all, or where the mixtures differ in size."""

def memory_needed(
    n_rows: int,
    n_features: int,
    single_precision: bool,
    weighted: bool,
    *,
    n_components: int,
    covariance_type: str,
    n_factors: int = 0,
    tol: float | None,
    reg_covar: float | None,
    max_iter: int,
    max_seconds: float | None,
    n_init: int,
    race: bool,
    init_params: str,
    accelerate: str,
    on_degenerate: str,
    max_eigenvalue_ratio: float | None,
    one_unit: bool,
    gain_left: float | None,
    prior: dict[str, Any] | None,
    n_threads: int | None,
) -> tuple[float, float, float]:
    """(kept, working, handed_over): bytes that `fit` would take for data of these sizes, beside the data: what its
    outcome holds in the engine; at most on top of that while it lasts; and, when it has ended, what that outcome takes
    as Python's objects. n_threads None: as many as this process may use."""

def set_degenerate_error(exception: type[Exception]) -> None:
    """The exception class of degenerate covariances; called as exception(message)."""
