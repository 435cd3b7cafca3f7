#include "covariance/regularisation.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "base/errors.hpp"
#include "covariance/eigenvalue_ratio.hpp"
#include "linalg/eigenvalue_floor.hpp"
#include "linalg/factor.hpp"

namespace gaussmix {

namespace {

void record(Index i, bool tied, double eigenvalue, double weight, const Regularisation& regularisation,
            Repairs& repairs) {
  if (!regularisation.raise) {
    tied ? repairs.floor_common(weight, eigenvalue) : repairs.floor(i, weight, eigenvalue);
    return;
  }
  char numbers[128];
  std::snprintf(numbers, sizeof numbers,
                "%.6g effective rows, smallest eigenvalue %.3g in units of the columns' spread",
                weight * regularisation.rows_per_weight, eigenvalue);
  throw Degenerate((tied ? std::string("the common covariance") : "the covariance of component " + std::to_string(i)) +
                   " is singular (" + numbers +
                   "); use fewer components or a simpler covariance_type, leave out columns that are constant or "
                   "combinations of others, give a prior, or let on_degenerate repair, restart or drop it");
}

// Upper bound 1 / lambda_min <= trace of the inverse, which the factor gives for nothing: most covariances are cleared
// of the floor without an eigenvalue solver.
bool clear_of_floor(const Eigen::Ref<const Matrix>& inverse_lower, const Vector& scale) {
  double trace = 0;
  for (Eigen::Index i = 0; i < inverse_lower.rows(); ++i)
    trace += inverse_lower.row(i).head(i + 1).cwiseProduct(scale.head(i + 1).transpose()).squaredNorm();
  return trace <= 1.0 / Regularisation::kFloor;
}

struct Repaired {
  FactorReport factor;
  bool changed = false;
  double smallest_eigenvalue = 0;  // when changed
};

// A covariance that is not clear of singular, or of the floor.
Repaired repair(MatrixMap covariance, const Regularisation& regularisation, MatrixMap lower, MatrixMap inverse_lower) {
  const FactorReport factor = factorise(covariance, lower, inverse_lower);
  if (factor.positive_definite && (regularisation.ridge || clear_of_floor(inverse_lower, regularisation.scale.each)))
    return {factor};
  // Where the ridge is more than a column's spread, the column is measured in units of the ridge: in its own, the others
  // would be lost in rounding.
  const double ridge = std::sqrt(regularisation.ridge.value_or(0));
  const Vector scale = regularisation.scale.each.unaryExpr([=](double spread) { return std::hypot(spread, ridge); });
  const Floored floored = floor_eigenvalues(covariance, scale, Regularisation::kFloor, lower, inverse_lower);
  // On the boundary up to rounding, where a floored covariance comes back to: nothing to repair.
  const bool changed = floored.smallest_eigenvalue < Regularisation::kFloor * (1 - 1e-6) || !factor.positive_definite;
  return {floored.factor, changed, floored.smallest_eigenvalue};
}

void repair_matrices(Covariances& covariances, const std::vector<Index>& which, const Regularisation& regularisation,
                     const Vector& weight, const Execution& execution, Repairs& repairs, Factors& factors) {
  const bool tied = covariances.shape == CovarianceShape::tied;
  std::vector<Repaired> results(which.size());
  parallel_for(static_cast<Index>(which.size()), execution, [&](Index at, int) {
    const Index i = which[static_cast<std::size_t>(at)];
    results[static_cast<std::size_t>(at)] =
        repair(covariances.matrix(i), regularisation, factors.lower_matrix(i), factors.inverse_matrix(i));
  });
  for (std::size_t at = 0; at < which.size();
       ++at) {  // in order, so that the component an error names is always the same
    const Index i = which[at];
    if (results[at].changed)
      record(i, tied, results[at].smallest_eigenvalue, tied ? weight.sum() : weight[i], regularisation, repairs);
    if (!results[at].factor.positive_definite)
      throw InvalidArgument(
          "a covariance is not positive definite even after repair: the data's scale leaves the range of float64; "
          "rescale it");
    factors.log_determinants[i] = results[at].factor.log_determinant;
  }
}

// Below this many operations a thread costs more than it saves.
constexpr Index kWorthThreads = Index{1} << 20;

// From its root where that is known, which holds what the covariance itself has lost.
bool factorise_known(Covariances& covariances, Index i, Factors& factors, FactorReport& report) {
  MatrixMap lower = factors.lower_matrix(i), inverse = factors.inverse_matrix(i);
  return (!covariances.root.empty() && factorise_root(covariances.root_matrix(i), lower, inverse, report)) ||
         factorise_clear(covariances.matrix(i), lower, inverse, report);
}

void regularise_matrices(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                         const Execution& execution, Repairs& repairs, Factors& factors) {
  constexpr double kDoubtful = std::numeric_limits<double>::quiet_NaN();
  const Index n = covariances.n_matrices(), d = covariances.n_features;
  const Execution& threads = n * d * d * d > kWorthThreads ? execution : execution.serial();
  parallel_for(n, threads, [&](Index i, int) {
    MatrixMap covariance = covariances.matrix(i);
    if (regularisation.ridge) covariance.diagonal().array() += *regularisation.ridge;
    FactorReport report;
    const bool clear = factorise_known(covariances, i, factors, report) &&
                       (regularisation.ridge || covariances.within_bound ||
                        clear_of_floor(factors.inverse_matrix(i), regularisation.scale.each));
    factors.log_determinants[i] = clear ? report.log_determinant : kDoubtful;
  });
  std::vector<Index> doubtful;
  for (Index i = 0; i < n; ++i)
    if (std::isnan(factors.log_determinants[i])) doubtful.push_back(i);
  if (!doubtful.empty()) repair_matrices(covariances, doubtful, regularisation, weight, threads, repairs, factors);
  if (covariances.shape == CovarianceShape::tied) factors.log_determinants.setConstant(factors.log_determinants[0]);
}

void regularise_variances(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                          Repairs& repairs) {
  const bool spherical = covariances.shape == CovarianceShape::spherical;
  const Index n = spherical ? 1 : covariances.n_features;
  for (Index k = 0; k < covariances.n_components; ++k) {
    double worst = 1;
    for (Index d = 0; d < n; ++d) {
      double& variance = covariances.values[static_cast<std::size_t>(k * n + d)];
      const double scale = spherical ? regularisation.scale.largest : regularisation.scale.each[d];
      const double bound = Regularisation::kFloor * scale * scale;
      if (regularisation.ridge) variance += *regularisation.ridge;
      if (regularisation.ridge ? variance > 0 : variance >= bound) continue;
      if (variance < bound * (1 - 1e-6)) worst = std::min(worst, variance / (scale * scale));
      variance = bound;
    }
    if (worst < 1) record(k, false, worst, weight[k], regularisation, repairs);
  }
}

}  // namespace

ColumnScale eigenvalue_scale(const Structure& structure, const ColumnScale& columns, bool one_unit) {
  if (!one_unit && (!structure.one_unit() || structure.shape() == CovarianceShape::spherical)) return columns;
  return {Vector::Constant(columns.each.size(), columns.smallest), columns.smallest, columns.smallest};
}

void regularise(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                const Execution& execution, Repairs& repairs, Factors& factors) {
  for (const Lifted& lifted : covariances.lifted) {
    const bool common = lifted.component == Lifted::kCommon;
    record(lifted.component, common, lifted.eigenvalue, common ? weight.sum() : weight[lifted.component],
           regularisation, repairs);
  }
  covariances.lifted.clear();
  if (!regularisation.takes_roots()) covariances.root.clear();
  if (regularisation.max_ratio)
    restrict_eigenvalues(covariances, weight, regularisation.scale, *regularisation.max_ratio,
                         regularisation.ridge ? 0.0 : Regularisation::kFloor);
  switch (covariances.shape) {
    case CovarianceShape::full:
    case CovarianceShape::tied:
      reshape(factors, covariances.shape, covariances.n_components, covariances.n_features);
      regularise_matrices(covariances, regularisation, weight, execution, repairs, factors);
      covariances.root.clear();
      covariances.within_bound = false;
      break;
    case CovarianceShape::diag:
    case CovarianceShape::spherical:
      regularise_variances(covariances, regularisation, weight, repairs);
      factorise(covariances, factors);
      break;
  }
}

}  // namespace gaussmix
