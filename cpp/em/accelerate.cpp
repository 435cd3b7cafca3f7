#include "em/accelerate.hpp"

#include <cmath>

namespace gaussmix {

namespace {

constexpr double kGrowth = 4;
constexpr double kLargestLogDeterminantChange = 2;  // of one component in one jump: keeps to this basin

}  // namespace

Squarem::Squarem(const Regularisation& regularisation, const Execution& execution, Index n_components)
    : quiet_(regularisation), execution_(execution), not_counted_(n_components) {
  quiet_.raise = false;
  if (quiet_.ridge) quiet_.ridge = 0.0;  // it belongs to M-steps
}

Squarem::Extrapolation Squarem::extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2,
                                            Mixture& mixture) {
  const Coordinates coordinates(theta0);
  coordinates.metric(metric_);
  coordinates.to_vector(theta0, start_);
  coordinates.to_vector(theta1, first_);
  coordinates.to_vector(theta2, second_);
  const auto product = [&](const Vector& a, const Vector& b) { return metric_.cwiseProduct(a).dot(b); };
  second_ -= first_;
  first_ -= start_;  // r
  Extrapolation result{std::sqrt(product(second_, second_) / product(first_, first_)), false};
  second_ -= first_;  // v
  const double bend = product(second_, second_);
  if (!(bend > 0)) return result;
  const double wanted = std::abs(product(first_, second_)) / bend;
  at_bound_ = wanted >= largest_;
  const double a = std::min(wanted, largest_);
  if (!(a > 1.0 + 1e-9)) return result;
  start_ += 2 * a * first_;
  start_ += a * a * second_;
  result.found = coordinates.from_vector(start_, theta2, mixture) && make_admissible(mixture, theta2);
  if (!result.found) rejected();
  return result;
}

// Not in another basin, and inside the bound that every M-step respects: beyond it likelihoods are not comparable.
bool Squarem::make_admissible(Mixture& mixture, const Mixture& plain) {
  const double change = (mixture.factors.log_determinants - plain.factors.log_determinants).cwiseAbs().maxCoeff();
  if (!(change <= kLargestLogDeterminantChange)) return false;
  if (!mixture.structure->extrapolates())
    project(mixture, plain);
  else if (quiet_.ridge && !quiet_.max_ratio)
    return true;
  not_counted_.begin(0);
  regularise(mixture.covariances, quiet_, mixture.weights, execution_, not_counted_, mixture.factors);
  mixture.repaired = not_counted_.happened();
  return true;
}

// The likeliest covariances of the structure for scatters that those of the extrapolation would have.
void Squarem::project(Mixture& mixture, const Mixture& plain) {
  constexpr double kLeast = 1e-30;
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  reshape(scatter_, mixture.structure->need(), n_components, n_features);
  scatter_.weight = mixture.weights.cwiseMax(kLeast);
  scatter_.mean = mixture.means;
  const Index size = static_cast<Index>(scatter_.scatter.size()) / n_components;
  MatrixMap(scatter_.scatter.data(), n_components, size) =
      scatter_.weight.asDiagonal() * ConstMatrixMap(mixture.covariances.values.data(), n_components, size);
  const EigenvalueBound bound = quiet_.bound();
  mixture.structure->maximise(scatter_, &plain.covariances, bound, mixture.covariances);
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
