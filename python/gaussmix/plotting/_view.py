"""What a picture shows: a mixture, some of its features, and perhaps rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gaussmix._fitted import Fitted, mixture_of
from gaussmix._marginal import Features, columns_of, listed, marginal
from gaussmix._typing import AnyArray, ArrayLike, Float64Array, FloatArray, Int64Array
from gaussmix._validation import (
    check_feature_names,
    check_sample_weight,
    check_X,
    feature_names_of,
    shown_names,
)
from gaussmix.exceptions import GaussmixError
from gaussmix.mixture import Mixture


@dataclass(frozen=True)
class View:
    """Some features of a mixture, with rows to draw if there are any, all of positive weight."""

    mixture: Mixture
    columns: tuple[int, ...]
    all_names: tuple[str, ...] | None
    data: FloatArray | None
    weights: Float64Array | None
    kept: AnyArray | None  # which of the rows that were given are in `data`; None: all

    @property
    def names(self) -> tuple[str, ...]:
        """What to write at the axes."""
        names = shown_names(self.all_names, self.mixture.n_features)
        # matplotlib takes what stands between dollars for mathematics.
        return tuple(names[column].replace("$", r"\$") for column in self.columns)

    @cached_property
    def shown(self) -> Mixture:
        """The marginal mixture of the features that are shown."""
        return marginal(self.mixture, self.columns)

    def of(self, *columns: int) -> View:
        """Return the view of other features; the labels of the rows depend on none of them."""
        other = replace(self, columns=columns)
        other.__dict__["labels"] = self.labels
        return other

    @property
    def rows(self) -> FloatArray:
        """The shown columns of the rows."""
        return self._checked[:, list(self.columns)]

    @property
    def n_given(self) -> int:
        """How many rows were given."""
        return len(self._checked if self.kept is None else self.kept)

    def drawn_of(self, values: AnyArray) -> AnyArray:
        """Return of one value for each row that was given those of the rows that are drawn."""
        return values if self.kept is None else values[self.kept]

    def areas(self, usual: Any) -> Any:
        """Return the areas of the marks of the rows: as their weights, `usual` on average."""
        return usual if self.weights is None else usual * (self.weights / self.weights.mean())

    @cached_property
    def labels(self) -> Int64Array:
        """The most probable component of each row, given all features."""
        labels: Int64Array = self.mixture._evaluate_checked(self._checked, None, "labels")
        return labels

    @cached_property
    def responsibilities(self) -> FloatArray:
        """The probability of each component given all features of the row."""
        values: FloatArray = self.mixture._evaluate_checked(self._checked, None, "responsibilities")
        return values

    @property
    def _checked(self) -> FloatArray:
        assert self.data is not None, "a picture without rows was asked for rows"
        return self.data


def view(
    mixture: Fitted,
    X: ArrayLike | None,
    features: Features | None,
    sample_weight: ArrayLike | None = None,
    *,
    most: int | None = 2,
) -> View:
    """Check all that a picture is made from.

    Parameters
    ----------
    mixture : Mixture, FitResult or GaussianMixture
    X : array-like or frame of shape (n, D), optional
    features : int, str or sequence of them, optional
        None: the first `most` features, or all there are.
    sample_weight : array-like of shape (n,), optional
        Frequency weights of the rows; those of weight zero are left out.
    most : int, optional
        How many features the picture can show at the same time; None: any number.
    """
    chosen = mixture_of(mixture, "mixture")
    given = None if X is None else feature_names_of(X)
    check_feature_names(given, chosen.feature_names)
    D = chosen.n_features
    data = None if X is None else check_X(X, n_features=D, estimator_name="the mixture")
    names = chosen.feature_names or given
    columns = _columns(features, names, D, most)
    if data is None:
        if sample_weight is not None:
            raise GaussmixError(
                "sample_weight holds the weights of the rows of X, but there is no X: give both or "
                "neither."
            )
        return View(chosen, columns, names, None, None, None)
    return View(chosen, columns, names, *weighted_rows(data, sample_weight))


def weighted_rows(
    data: FloatArray, sample_weight: ArrayLike | None
) -> tuple[FloatArray, Float64Array | None, AnyArray | None]:
    """Return the rows of positive weight, their weights, and which of all rows they are.

    None for weights that are all the same; None for all rows where there are no weights.
    """
    if sample_weight is None:
        return data, None, None
    weights = check_sample_weight(sample_weight, len(data))
    assert weights is not None
    kept = weights > 0
    others = weights[kept]
    return data[kept], None if (others == others[0]).all() else others, kept


def require_two(seen: View, what: str) -> None:
    """Refuse a picture of a plane where there is a line."""
    if len(seen.columns) != 2:
        raise GaussmixError(
            f"{what} need two features, but there is one, {seen.names[0]!r}: name two with "
            "features=(0, 1), or draw one feature with gaussmix.plotting.density."
        )


def _columns(
    features: Features | None, names: tuple[str, ...] | None, n_features: int, most: int | None
) -> tuple[int, ...]:
    if features is None:
        return tuple(range(n_features if most is None else min(most, n_features)))
    count = len(listed(features))
    if most is not None and not 0 < count <= most:
        raise GaussmixError(
            f"features must name one or two features, got {count}: {features!r}."
            + (" gaussmix.plotting.pairs draws more." if count else "")
        )
    return columns_of(features, names, n_features)
