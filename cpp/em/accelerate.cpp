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
  regularise(mixture.covariances, quiet, mixture.weights, execution_, not_counted, mixture.factors);
  return true;
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
