#include "em/accelerate.hpp"

#include <cmath>

namespace gaussmix {

namespace {

constexpr double kGrowth = 4;
constexpr double kLargestLogDeterminantChange = 2;  // of one component in one jump: keeps to this basin

}  // namespace

Squarem::Extrapolation Squarem::extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2) {
  const Coordinates coordinates(theta0);
  const Vector metric = coordinates.metric();
  const Vector p0 = coordinates.to_vector(theta0);
  const Vector r = coordinates.to_vector(theta1) - p0;
  const Vector next = coordinates.to_vector(theta2) - p0 - r;
  const Vector v = next - r;
  const Vector weighted_r = metric.cwiseProduct(r), weighted_v = metric.cwiseProduct(v);
  Extrapolation result{std::sqrt(next.dot(metric.cwiseProduct(next)) / r.dot(weighted_r)), std::nullopt};
  const double bend = v.dot(weighted_v);
  if (!(bend > 0)) return result;
  const double wanted = std::abs(r.dot(weighted_v)) / bend;
  at_bound_ = wanted >= largest_;
  const double a = std::min(wanted, largest_);
  if (!(a > 1.0 + 1e-9)) return result;
  result.mixture = coordinates.from_vector(p0 + 2 * a * r + a * a * v, theta2);
  if (result.mixture && !make_admissible(*result.mixture, theta2)) result.mixture.reset();
  if (!result.mixture) rejected();
  return result;
}

// Not in another basin, and inside the bound that every M-step respects: beyond it likelihoods are not comparable.
bool Squarem::make_admissible(Mixture& mixture, const Mixture& plain) const {
  const double change = (mixture.factors.log_determinants - plain.factors.log_determinants).cwiseAbs().maxCoeff();
  if (!(change <= kLargestLogDeterminantChange)) return false;
  if (regularisation_.ridge) return true;
  Regularisation quiet = regularisation_;
  quiet.raise = false;
  Repairs not_counted(mixture.n_components());  // nothing is repaired yet: the likelihood has still to accept this
  mixture.factors = regularise(mixture.covariances, quiet, mixture.weights, execution_, not_counted);
  return true;
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
