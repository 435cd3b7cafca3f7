#include "em/single_precision.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

// Fewer are done soon, and their stopping rule asks for no more than single precision has.
constexpr Index kFewestRows = 4096;

// More leaves than this share make single precision a waste.
constexpr double kMostRefused = 0.2;

// Standard deviations and mean weights between these: their squares, times the weight of a row, stay normal numbers.
constexpr double kLargestScale = 1e6;

// Condition of covariances up to which float32 leaves 1e-6 of them (relative errors of their own metric, many rows).
constexpr double kLargestCondition = 1e5;

bool within_scale(double value) { return value <= kLargestScale && value >= 1 / kLargestScale; }

// (sum_j |L^-1_ij| sigma_j)^2 at most: how much larger than a row's distance the terms are that it is summed from, whatever
// the units of the features.
bool well_conditioned(const ConstMatrixMap& lower, const ConstMatrixMap& inverse) {
  for (Eigen::Index i = 0; i < lower.rows(); ++i) {
    double sum = 0;
    for (Eigen::Index j = 0; j <= i; ++j) sum += std::abs(inverse(i, j)) * lower.row(j).head(j + 1).norm();
    if (!(sum * sum <= kLargestCondition) || !within_scale(lower.row(i).head(i + 1).norm())) return false;
  }
  return true;
}

}  // namespace

void SinglePrecision::begin(const Data& data, const WeightTotals& totals) {
  on_ = data.single_precision && data.origin == nullptr && data.n_rows >= kFewestRows &&
        within_scale(totals.weight / static_cast<double>(std::max<Index>(totals.n_rows, 1)));
}

bool SinglePrecision::serves(const Mixture& mixture) const {
  if (!on_) return false;
  const Factors& factors = mixture.factors;
  if (factors.shape == CovarianceShape::factor) return false;
  if (factors.shape == CovarianceShape::diag || factors.shape == CovarianceShape::spherical)
    return std::all_of(factors.inverse.begin(), factors.inverse.end(), within_scale);
  const Index n = factors.shape == CovarianceShape::tied ? 1 : mixture.n_components();
  for (Index k = 0; k < n; ++k)
    if (!well_conditioned(factors.lower_matrix(k), factors.inverse_matrix(k))) return false;
  return true;
}

void SinglePrecision::observe(double refused) { on_ = on_ && refused <= kMostRefused; }

}  // namespace gaussmix
