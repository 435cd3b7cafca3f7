"""Random tiny fits for hypothesis: data with every oddity that small tables have, and all options.

Sizes, oddities and options are drawn by hypothesis, so that failures shrink; the bulk of the
numbers comes from a generator seeded by hypothesis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gaussmix import Prior
from gaussmix._settings import INIT_PARAMS, POLICIES
from reference import COVARIANCE_TYPES
from strategies import clusters, row_weights

Float64 = NDArray[np.float64]

# Decades over which the columns of one table may spread, and those of a common factor of weights.
COLUMN_DECADES = (0, 3, 30)
WEIGHT_DECADES = (0, 6, 100)


@dataclass(frozen=True)
class TinyFit:
    """Everything that one call of `gaussmix.fit` is given."""

    X: NDArray[Any]
    sample_weight: Float64 | None
    n_components: int
    options: dict[str, Any]

    @property
    def n_positive(self) -> int:
        return len(self.X) if self.sample_weight is None else np.count_nonzero(self.sample_weight)


def options(covariance_type: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "covariance_type": st.just(covariance_type),
            "tol": st.sampled_from([None, 0.0, 1e-3]),
            "reg_covar": st.sampled_from([None, None, 0.0, 1e-6, 1.0]),
            "max_iter": st.sampled_from([0, 1, 7, 60]),
            "accelerate": st.sampled_from(["auto", True, False]),
            "n_init": st.sampled_from([1, 2, 4]),
            "race": st.booleans(),
            "init_params": st.sampled_from(INIT_PARAMS),
            "on_degenerate": st.sampled_from(POLICIES),
            "max_eigenvalue_ratio": st.sampled_from(
                [None, None, 1.0, 50.0] if covariance_type in COVARIANCE_TYPES else [None]
            ),
            "prior": st.sampled_from([None, None, Prior(), Prior(shrinkage=1.0, dof=20.0)]),
            "random_state": st.integers(0, 2**63 - 1),
            "n_threads": st.sampled_from([1, 2]),
        }
    )


@st.composite
def tables(draw: st.DrawFn, rng: np.random.Generator) -> NDArray[Any]:
    """Clusters, perhaps with ties, repeated rows, constant columns, odd units and offsets."""
    n_rows, n_features = draw(st.integers(1, 60)), draw(st.integers(1, 8))
    separation = draw(st.sampled_from([0.0, 1.0, 6.0, 1e3]))
    X = clusters(int(rng.integers(2**32)), n_rows, n_features, draw(st.integers(1, 8)), separation)
    if draw(st.booleans()):
        X = np.round(X)
    n_different = draw(st.sampled_from([n_rows, max(1, n_rows // 3), 1]))
    X = X[rng.permutation(np.arange(n_rows) % n_different)]
    if draw(st.booleans()):
        X[:, rng.integers(n_features)] = rng.choice([0.0, 7.25])
    X = X + draw(st.sampled_from([0.0, 1e3, 1e8])) * rng.standard_normal(n_features)
    decades = draw(st.sampled_from(COLUMN_DECADES))
    X = X * 10.0 ** rng.uniform(-decades, decades, size=n_features)
    single = decades <= 3 and draw(st.booleans())
    return X.astype(np.float32) if single else np.asarray(X)


@st.composite
def weights_of_rows(draw: st.DrawFn, rng: np.random.Generator, n_rows: int) -> Float64 | None:
    weights = row_weights(rng, draw(st.sampled_from(["none", "counts", "real"])), n_rows)
    decades = draw(st.sampled_from(WEIGHT_DECADES))
    return None if weights is None else weights * 10.0 ** rng.uniform(-decades, decades)


@st.composite
def tiny_fits(draw: st.DrawFn, covariance_type: str) -> TinyFit:
    """One call of `gaussmix.fit`, valid but for K, which may be more than there are rows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = draw(tables(rng))
    return TinyFit(
        X,
        draw(weights_of_rows(rng, len(X))),
        draw(st.integers(1, 8)),
        draw(options(covariance_type)),
    )
