#include "em/accelerate.hpp"

#include <cmath>

namespace gaussmix {

namespace {

constexpr double kGrowth = 4;
constexpr double kLargestLogDeterminantChange = 2;  // of one component in one jump: keeps to this basin

}  // namespace

Squarem::Extrapolation Squarem::extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2) {
  const Coordinates coordinates{theta0.means, regularisation_.scale};
  const Vector p0 = coordinates.to_vector(theta0);
  const Vector p1 = coordinates.to_vector(theta1);
  const Vector p2 = coordinates.to_vector(theta2);
  const Vector r = p1 - p0;
  const Vector v = p2 - p1 - r;
  Extrapolation result{(p2 - p1).norm() / r.norm(), std::nullopt};
  const double bend = v.norm();
  if (!(bend > 0)) return result;
  const double wanted = r.norm() / bend;
  at_bound_ = wanted >= largest_;
  const double a = std::min(wanted, largest_);
  if (!(a > 1.0 + 1e-9)) return result;
  result.mixture = coordinates.from_vector(p0 + 2 * a * r + a * a * v, theta2);
  if (result.mixture && !admissible(*result.mixture, theta2)) result.mixture.reset();
  if (!result.mixture) rejected();
  return result;
}

// Inside the bound that every M-step respects, so that the likelihood stays comparable, and not in another basin.
bool Squarem::admissible(const Mixture& mixture, const Mixture& plain) const {
  const double change = (mixture.factors.log_determinants - plain.factors.log_determinants).cwiseAbs().maxCoeff();
  if (!(change <= kLargestLogDeterminantChange)) return false;
  if (regularisation_.ridge) return true;
  Covariances covariances = mixture.covariances;
  Regularisation quiet = regularisation_;
  quiet.raise = false;
  Repairs repairs(mixture.n_components());
  regularise(covariances, quiet, mixture.weights, repairs);
  for (const std::int64_t count : repairs.floored)
    if (count > 0) return false;
  return true;
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
