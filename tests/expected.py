"""What the oracle says about a problem, and how exactly a double can know it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import gaussmix as gx
import reference as ref
from strategies import Problem

U = np.finfo(np.float64).eps / 2


@dataclass(frozen=True)
class Expected:
    """What the oracle says about a problem, and how exactly a double can know it."""

    problem: Problem
    mixture: gx.Mixture

    @cached_property
    def factors(self) -> ref.Array:
        return ref.matrices(
            self.problem.covariance_type,
            self.mixture.precisions_cholesky,
            self.problem.n_components,
            self.problem.n_features,
        )

    @cached_property
    def joint(self) -> ref.Array:
        return ref.joint_log_density_by_factor(
            self.problem.X, self.mixture.weights, self.mixture.means, self.factors
        )

    @cached_property
    def log_density(self) -> ref.Array:
        return ref.log_sum_exp(self.joint)

    @cached_property
    def responsibilities(self) -> ref.Array:
        return ref.responsibilities(self.joint)

    @cached_property
    def joint_bound(self) -> ref.Array:
        """Rounding error of the joint log density, by the analysis above."""
        rows, n_features = ref.real(self.problem.X), self.problem.n_features
        bound = np.zeros_like(self.joint)
        # Tied mixtures are whitened once, about the mean of the heaviest component, and the means
        # are subtracted after that.
        tied = self.problem.covariance_type == "tied"
        centre = ref.real(self.mixture.means[np.argmax(self.mixture.weights)])
        for k, factor in enumerate(self.factors):
            deviation = rows - self.mixture.means[k]
            exact = np.abs(deviation @ factor)
            size = np.abs(deviation)
            if tied:
                size = np.abs(rows - centre) + np.abs(self.mixture.means[k] - centre)
            majorant = size @ np.abs(factor)
            constant = n_features + np.sum(np.abs(np.log(np.diag(factor))))
            constant += np.abs(np.log(ref.Real(self.mixture.weights[k])))
            bound[:, k] = n_features * np.sum(majorant * exact, axis=1) + constant
            # To second order, which is all there is where a row lies on a mean and the sd is tiny.
            bound[:, k] += n_features**2 * U * np.sum(majorant**2, axis=1)
        return np.asarray(4 * U * (bound + np.abs(self.joint)))

    @cached_property
    def log_density_bound(self) -> ref.Array:
        """What that makes of log p(x): the bounds of those components that carry it."""
        return np.asarray(np.sum(self.responsibilities * self.joint_bound, axis=1))

    @cached_property
    def change_of_hands(self) -> ref.Array:
        """The most that it can make of each responsibility, where it is no small number.

        Rows so far out that their log density is rounded to whole nats may change hands.
        """
        shares, changed = self.responsibilities, np.zeros_like(self.joint)
        if np.max(self.joint_bound, initial=0) < 0.01:
            return changed
        for k in range(shares.shape[1]):
            for sign in (-1, 1):
                joint = self.joint - sign * self.joint_bound
                joint[:, k] += 2 * sign * self.joint_bound[:, k]
                most = ref.responsibilities(joint)[:, k]
                changed[:, k] = np.maximum(changed[:, k], np.abs(most - shares[:, k]))
        return changed

    @cached_property
    def share_bound(self) -> ref.Array:
        """What it makes of each weighted responsibility, to first order or where hands change."""
        shares = self.responsibilities
        own = np.where(shares > 0, shares * np.where(shares > 0, self.joint_bound, 0), 0)
        moved = own + shares * np.sum(own, axis=1, keepdims=True)
        moved = np.maximum(moved, self.change_of_hands)
        return np.asarray(ref.real(self.problem.row_weights())[:, None] * moved)

    @cached_property
    def whitened_ratio(self) -> float:
        """Largest squared distance of a mean from the heaviest one, in the covariance's metric.

        Statistics of a tied mixture are gathered in whitened coordinates about that mean, unless
        this ratio is beyond 1e4: then component by component, as for the other structures.
        """
        means = ref.real(self.mixture.means)
        offsets = (means - means[np.argmax(self.mixture.weights)]) @ self.factors[0]
        return min(max(1.0, float(np.max(np.sum(offsets**2, axis=1)))), 1e4)

    @cached_property
    def whitened_mean_bound(self) -> ref.Array:
        """Rounding of whitened rows and means, carried back."""
        reach = self.problem.n_features * np.sqrt(self.whitened_ratio)
        return np.asarray(4 * U * reach * self.standard_deviations)

    @cached_property
    def pooled_bound(self) -> ref.Array:
        """Stated error of total scatter less scatter of the means: 1e-14 times the ratio."""
        sd = self.standard_deviations
        error = 1e-14 * self.whitened_ratio * self.statistics.total_weight
        return np.asarray(error * np.outer(sd, sd))

    def by_features(self, actual: gx.SufficientStatistics) -> bool:
        """Whether the sums may come from products of features about the mean of the mixture.

        They do so only where the densities are made of the very products that are summed.
        """
        own = ref.SCATTER_KINDS[self.problem.covariance_type]
        return own == actual.scatter_kind != "pooled"

    @cached_property
    def reach(self) -> ref.Array:
        """Distances of rows and of means from the mean of the mixture, added: (K, n, D)."""
        means = ref.real(self.mixture.means)
        centre = ref.real(self.mixture.weights) @ means
        rows = np.abs(ref.real(self.problem.X) - centre)
        return np.asarray(rows[None] + np.abs(means - centre)[:, None])

    @cached_property
    def feature_bound(self) -> ref.Array:
        """Rounding of a log density made of features, (n,): no more than 2^20 is let in."""
        reach = np.einsum("kni,kij->knj", self.reach, np.abs(self.factors))
        largest = np.minimum(np.sum(reach**2, axis=2), 2.0**20).T
        return np.asarray(4 * U * np.sum(self.responsibilities * largest, axis=1))

    @cached_property
    def feature_moment_bound(self) -> ref.Array:
        """Rounding of sums about the mean of the mixture, (K, D)."""
        weights = self.responsibilities * ref.real(self.problem.row_weights())[:, None]
        return np.asarray(16 * U * np.einsum("nk,kni->ki", weights, self.reach))

    @cached_property
    def feature_scatter_bound(self) -> ref.Array:
        """Rounding of sums of products about the mean of the mixture, (K, D, D)."""
        weights = self.responsibilities * ref.real(self.problem.row_weights())[:, None]
        return np.asarray(
            16 * U * np.einsum("nk,kni,knj->kij", weights, self.reach, self.reach, optimize=True)
        )

    @property
    def standard_deviations(self) -> ref.Array:
        """Of a tied mixture, shape (D,)."""
        return np.asarray(np.sqrt(np.diag(self.problem.parameters().covariances[0])))

    @cached_property
    def statistics(self) -> ref.Statistics:
        return ref.statistics(
            self.problem.X,
            self.responsibilities,
            self.problem.sample_weight,
            self.log_density,
            self.mixture.means,
        )
