"""The table that presents a bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gaussmix._matrices import as_matrices
from gaussmix._summary import MOST_COMPONENTS, MOST_FEATURES, aligned, short_name
from gaussmix._typing import Float64Array
from gaussmix._validation import shown_names

if TYPE_CHECKING:
    from gaussmix.bootstrap_result import BootstrapResult

Cells = tuple[str, Float64Array, Float64Array, Float64Array, Float64Array]


def as_text(boot: BootstrapResult, level: float) -> str:
    """Lay out one line per weight, mean and variance."""
    mixture = boot.mixture
    lines = [f"Bootstrap ({boot.method}), {boot.n_resamples} resamples", ""]
    header = ("parameter", "estimate", "std. error", f"{100 * level:g} % interval")
    rows = [header]
    for name, *values in _parameters(boot, level):
        estimate, error, lower, upper = (float(value) for value in values)
        interval = f"[{lower:.6g}, {upper:.6g}]"
        rows.append((name, f"{estimate:.6g}", f"{error:.4g}", interval))
    lines += aligned(rows)
    left_out = mixture.n_components > MOST_COMPONENTS or mixture.n_features > MOST_FEATURES
    if left_out:
        lines.append("... and more; see standard_errors and interval()")
    counts = (
        (boot.n_failed, "could not be fitted and are left out"),
        (boot.n_repaired, "had singular or empty components repaired"),
        (boot.n_unconverged, "used up their passes before they converged"),
    )
    for number, what in counts:
        if number:
            lines += ["", f"! {number} of {boot.n_resamples} resamples {what}."]
    return "\n".join(lines)


def _parameters(boot: BootstrapResult, level: float) -> list[Cells]:
    """Name, estimate, standard error and both limits of what is shown."""
    mixture, interval = boot.mixture, boot.interval(level)
    columns = (mixture, boot.standard_errors, interval.lower, interval.upper)
    K, D = min(mixture.n_components, MOST_COMPONENTS), min(mixture.n_features, MOST_FEATURES)
    names = shown_names(mixture.feature_names, D)

    def variances(values: Float64Array) -> Float64Array:
        matrices = as_matrices(values, mixture.covariance_type, mixture.n_components, D_all)
        return np.diagonal(matrices, axis1=-2, axis2=-1)

    D_all = mixture.n_features
    tables = [(c.weights, c.means, variances(c.covariances)) for c in columns]
    cells: list[Cells] = []
    for k in range(K):
        cells.append((f"weight {k}", *(t[0][k] for t in tables)))
        for what, index in (("mean", 1), ("variance", 2)):
            for j in range(D):
                label = f"{what} {k}, {short_name(names[j])}"
                cells.append((label, *(t[index][k, j] for t in tables)))
    return cells
