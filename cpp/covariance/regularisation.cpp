#include "covariance/regularisation.hpp"

#include <cmath>
#include <cstdio>

#include "base/errors.hpp"
#include "linalg/eigenvalue_floor.hpp"
#include "linalg/factor.hpp"

namespace gaussmix {

namespace {

void record(Index i, bool tied, double eigenvalue, double weight, const Regularisation& regularisation,
            Repairs& repairs) {
  if (!regularisation.raise) {
    if (tied)
      for (std::int64_t& count : repairs.floored) ++count;
    else
      ++repairs.floored[static_cast<std::size_t>(i)];
    return;
  }
  char numbers[128];
  std::snprintf(numbers, sizeof numbers,
                "effective weight %.6g, smallest eigenvalue %.3g in units of the columns' spread", weight, eigenvalue);
  throw Degenerate((tied ? std::string("the tied covariance") : "the covariance of component " + std::to_string(i)) +
                   " is singular (" + numbers + ")");
}

// Upper bound 1 / lambda_min <= trace of the inverse, which the factor gives for nothing: most covariances are cleared
// of the floor without an eigenvalue solver.
bool clear_of_floor(const Factor& factor, const Vector& scale) {
  return factor.positive_definite &&
         (factor.inverse_lower * scale.asDiagonal()).squaredNorm() <= 1.0 / Regularisation::kFloor;
}

struct Regularised {
  Factor factor;
  bool repaired = false;
  double smallest_eigenvalue = 0;  // when repaired
};

Regularised regularise_matrix(MatrixMap covariance, const Regularisation& regularisation) {
  if (regularisation.ridge) covariance.diagonal().array() += *regularisation.ridge;
  const Factor factor = factorise(covariance);
  if (regularisation.ridge ? factor.positive_definite : clear_of_floor(factor, regularisation.scale)) return {factor};
  const Floored floored = floor_eigenvalues(covariance, regularisation.scale, Regularisation::kFloor);
  // On the boundary up to rounding, where a floored covariance comes back to: nothing to repair.
  const bool repaired = floored.smallest_eigenvalue < Regularisation::kFloor * (1 - 1e-6) || !factor.positive_definite;
  return {floored.factor, repaired, floored.smallest_eigenvalue};
}

// Below this many operations a thread costs more than it saves.
constexpr Index kWorthThreads = Index{1} << 20;

Factors regularise_matrices(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                            const Execution& execution, Repairs& repairs) {
  const bool tied = covariances.shape == CovarianceShape::tied;
  const Index n = covariances.n_matrices(), d = covariances.n_features;
  Factors factors = make_factors(covariances.shape, covariances.n_components, d);
  std::vector<Regularised> results(static_cast<std::size_t>(n));
  parallel_for(n, n * d * d * d > kWorthThreads ? execution : execution.serial(), [&](Index i, int) {
    results[static_cast<std::size_t>(i)] = regularise_matrix(covariances.matrix(i), regularisation);
  });
  for (Index i = 0; i < n; ++i) {  // in order, so that the component an error names is always the same
    const Regularised& result = results[static_cast<std::size_t>(i)];
    if (result.repaired)
      record(i, tied, result.smallest_eigenvalue, tied ? weight.sum() : weight[i], regularisation, repairs);
    if (!result.factor.positive_definite)
      throw InvalidArgument(
          "a covariance is not positive definite even after repair: the data's scale leaves the range of float64; "
          "rescale it");
    factors.inverse_matrix(i) = result.factor.inverse_lower;
    factors.lower_matrix(i) = result.factor.lower;
    factors.log_determinants[i] = result.factor.log_determinant;
    factors.reciprocal_conditions[i] = result.factor.reciprocal_condition;
  }
  if (tied) {
    factors.log_determinants.setConstant(factors.log_determinants[0]);
    factors.reciprocal_conditions.setConstant(factors.reciprocal_conditions[0]);
  }
  return factors;
}

Factors regularise_variances(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                             Repairs& repairs) {
  const bool spherical = covariances.shape == CovarianceShape::spherical;
  const Index n = spherical ? 1 : covariances.n_features;
  for (Index k = 0; k < covariances.n_components; ++k) {
    double worst = 1;
    for (Index d = 0; d < n; ++d) {
      double& variance = covariances.values[static_cast<std::size_t>(k * n + d)];
      // One variance for all columns must respect the bound in the widest of them.
      const double scale = spherical ? regularisation.scale.maxCoeff() : regularisation.scale[d];
      const double bound = Regularisation::kFloor * scale * scale;
      if (regularisation.ridge) variance += *regularisation.ridge;
      if (regularisation.ridge ? variance > 0 : variance >= bound) continue;
      if (variance < bound * (1 - 1e-6)) worst = std::min(worst, variance / (scale * scale));
      variance = bound;
    }
    if (worst < 1) record(k, false, worst, weight[k], regularisation, repairs);
  }
  return factorise(covariances);
}

}  // namespace

Factors regularise(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                   const Execution& execution, Repairs& repairs) {
  switch (covariances.shape) {
    case CovarianceShape::full:
    case CovarianceShape::tied: return regularise_matrices(covariances, regularisation, weight, execution, repairs);
    case CovarianceShape::diag:
    case CovarianceShape::spherical: return regularise_variances(covariances, regularisation, weight, repairs);
  }
  return {};
}

}  // namespace gaussmix
