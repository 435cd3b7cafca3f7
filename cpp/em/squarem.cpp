#include "em/squarem.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

constexpr double kGrowth = 4;

}  // namespace

bool Squarem::extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2, Mixture& mixture) {
  const Coordinates coordinates(theta0);
  coordinates.metric(metric_);
  coordinates.to_vector(theta0, start_);
  coordinates.to_vector(theta1, first_);
  coordinates.to_vector(theta2, second_);
  const auto product = [&](const Vector& a, const Vector& b) { return metric_.cwiseProduct(a).dot(b); };
  second_ -= first_;
  first_ -= start_;   // r
  second_ -= first_;  // v
  const double bend = product(second_, second_);
  if (!(bend > 0)) return false;
  const double wanted = std::abs(product(first_, second_)) / bend;
  at_bound_ = wanted >= largest_;
  const double a = std::min(wanted, largest_);
  if (!(a > 1.0 + 1e-9)) return false;
  start_ += 2 * a * first_;
  start_ += a * a * second_;
  const bool found = coordinates.from_vector(start_, theta2, mixture);
  if (!found) rejected();
  return found;
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
