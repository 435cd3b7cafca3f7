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

[[noreturn]] void throw_degenerate(const std::string& what, const char* measured, double number, double weight,
                                   const Regularisation& regularisation, const char* remedies) {
  char numbers[128];
  std::snprintf(numbers, sizeof numbers, " (%.6g effective rows, smallest %s %.3g in units of the columns' spread); ",
                weight * regularisation.rows_per_weight, measured, number);
  throw Degenerate(what + numbers + remedies);
}

void record(Index i, bool tied, double eigenvalue, double weight, const Regularisation& regularisation,
            Repairs& repairs) {
  if (!regularisation.raise) {
    tied ? repairs.floor_common(weight, eigenvalue) : repairs.floor(i, weight, eigenvalue);
    return;
  }
  throw_degenerate((tied ? std::string("the common covariance") : "the covariance of component " + std::to_string(i)) +
                       " is singular",
                   "eigenvalue", eigenvalue, weight, regularisation,
                   "use fewer components or a simpler covariance_type, leave out columns that are constant or "
                   "combinations of others, give a prior, or let on_degenerate repair, restart or drop it");
}

// The factors explain all of a feature: a Heywood case.
void record_noise(Index k, double variance, double weight, const Regularisation& regularisation, Repairs& repairs) {
  if (!regularisation.raise) return repairs.floor(k, weight, variance);
  throw_degenerate("the factors of component " + std::to_string(k) + " leave a column no noise",
                   "variance of the noise", variance, weight, regularisation,
                   "use fewer factors or components, leave out columns that are constant or combinations of others, or "
                   "let on_degenerate repair, restart or drop it");
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
          "a covariance is not positive definite even after repair: its eigenvalues leave what float64 can tell apart; "
          "rescale the data, and leave reg_covar at None or make it larger");
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
  // A look at the clock takes as long as factorising the smallest.
  const Execution threads = n * d * d * d > kWorthThreads ? execution : Execution{};
  parallel_for(n, threads, [&](Index i, int) {
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

// Of factor analysers: those of the noise, the last number of each feature.
void regularise_variances(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                          Repairs& repairs) {
  const bool spherical = covariances.shape == CovarianceShape::spherical;
  const Index n = spherical ? 1 : covariances.n_features, step = covariances.n_factors + 1;
  for (Index k = 0; k < covariances.n_components; ++k) {
    double worst = 1;
    for (Index d = 0; d < n; ++d) {
      double& variance = covariances.values[static_cast<std::size_t>((k * n + d + 1) * step - 1)];
      const double scale = spherical ? regularisation.scale.largest : regularisation.scale.each[d];
      const double bound = Regularisation::kFloor * scale * scale;
      if (regularisation.ridge ? variance > 0 : variance >= bound) continue;
      if (variance < bound * (1 - 1e-6)) worst = std::min(worst, variance / (scale * scale));
      variance = bound;
    }
    if (!(worst < 1)) continue;
    if (covariances.shape == CovarianceShape::factor)
      record_noise(k, worst, weight[k], regularisation, repairs);
    else
      record(k, false, worst, weight[k], regularisation, repairs);
  }
}

void add_ridge(double ridge, Covariances& covariances) {
  if (has_matrices(covariances.shape)) {
    for (Index i = 0; i < covariances.n_matrices(); ++i) covariances.matrix(i).diagonal().array() += ridge;
    return;
  }
  const std::size_t step = static_cast<std::size_t>(covariances.n_factors) + 1;  // the last number of each feature
  for (std::size_t i = step - 1; i < covariances.values.size(); i += step) covariances.values[i] += ridge;
}

}  // namespace

ColumnScale with_noise(const ColumnScale& columns, double deviation) {
  const auto widened = [=](double spread) { return std::hypot(spread, deviation); };
  // A constant column has the noise alone, which must stay above the bound that there is beside a ridge.
  constexpr double kLargestUnit = 1e6;
  const double smallest = widened(columns.smallest);
  return {columns.each.unaryExpr(widened), widened(columns.largest),
          deviation > 0 ? std::min(smallest, kLargestUnit * deviation) : smallest};
}

namespace {

// The unit of features that are measured in one: the spread of the narrowest, but not so little that the rounding of the widest
// feature's scatter is more than a hundredth of the floor (note_lost() says where it is in spite of the second bound).
double one_unit_of(const ColumnScale& columns) {
  constexpr double kOfWidest = 2e-3, kOfNarrowest = 100;
  const double of_widest = kOfWidest * std::sqrt(static_cast<double>(columns.each.size())) * columns.largest;
  return std::clamp(of_widest, columns.smallest, kOfNarrowest * columns.smallest);
}

std::string too_far_apart(const Structure& structure, const ColumnScale& columns) {
  char spreads[64];
  std::snprintf(spreads, sizeof spreads, "from %.3g to %.3g", columns.smallest, columns.largest);
  return "a covariance is singular, and the spreads of the columns of X, " + std::string(spreads) +
         ", are too far apart to repair it where covariance_type='" + std::string(structure.name()) +
         "' compares variances along turned axes: standardise the columns, leave out those that are combinations of "
         "others, or take VVV, EEE, VEE, EVV or an axis-aligned structure, to which units do not matter";
}

}  // namespace

Regularisation regularisation_for(const Structure& structure, std::optional<double> ridge, const ColumnScale& columns,
                                  bool one_unit) {
  Regularisation regularisation;
  ColumnScale& scale = regularisation.scale = columns;
  const bool compares = structure.one_unit() && structure.shape() != CovarianceShape::spherical;
  if (compares) regularisation.beyond_repair = too_far_apart(structure, columns);
  // Where components restrict one another, a ridge on the covariances would lead out of the structure: what is maximised over
  // it instead is what the data with a ridge on their scatters say, which is the same where they do not.
  if (ridge && !structure.one_for_all() && !structure.each_its_own()) {
    regularisation.scatter_ridge = *ridge;
    ridge = 0.0;
    scale = with_noise(columns, std::sqrt(regularisation.scatter_ridge));
  }
  regularisation.ridge = ridge;
  if (compares || one_unit) {
    const double unit = one_unit_of(scale), widest = scale.largest / unit;
    regularisation.most = widest * widest;
    scale.largest = scale.smallest = unit;
    scale.each.setConstant(scale.largest);
  }
  return regularisation;
}

void regularise(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                const Execution& execution, Workspace& workspace, Repairs& repairs, Factors& factors) {
  if (covariances.lost_in_rounding && !regularisation.beyond_repair.empty())
    throw Degenerate(regularisation.beyond_repair);
  for (const Lifted& lifted : covariances.lifted) {
    const bool common = lifted.component == Lifted::kCommon;
    record(lifted.component, common, lifted.eigenvalue, common ? weight.sum() : weight[lifted.component],
           regularisation, repairs);
  }
  covariances.lifted.clear();
  // Those of statistics hold neither ridge nor prior; those of a structure that kept the bound itself hold all but a ratio.
  if (regularisation.max_ratio || (!covariances.within_bound && !regularisation.takes_roots()))
    covariances.root.clear();
  if (regularisation.ridge) add_ridge(*regularisation.ridge, covariances);
  if (regularisation.max_ratio)
    restrict_eigenvalues(covariances, weight, regularisation.scale, *regularisation.max_ratio,
                         regularisation.ridge ? 0.0 : Regularisation::kFloor, workspace);
  switch (covariances.shape) {
    case CovarianceShape::full:
    case CovarianceShape::tied:
      reshape(factors, covariances.shape, covariances.n_components, covariances.n_features);
      regularise_matrices(covariances, regularisation, weight, execution, repairs, factors);
      covariances.root.clear();
      covariances.within_bound = covariances.lost_in_rounding = false;
      break;
    case CovarianceShape::diag:
    case CovarianceShape::spherical:
    case CovarianceShape::factor:
      regularise_variances(covariances, regularisation, weight, repairs);
      factorise(covariances, workspace, factors);
      break;
  }
}

}  // namespace gaussmix
