#include "em/squarem.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

constexpr double kGrowth = 4;

}  // namespace

bool Squarem::extrapolate(const LastSteps& steps, const Mixture& next, Mixture& mixture) {
  if (!steps.two()) return false;
  const Vector &r = steps.first(), &second = steps.second();
  way_ = second - r;  // v
  const double bend = steps.product(way_, way_);
  if (!(bend > 0)) return false;
  const double wanted = std::abs(steps.product(r, way_)) / bend;
  at_bound_ = wanted >= largest_;
  const double a = std::min(wanted, largest_);
  if (!(a > 1.0 + 1e-9)) return false;
  way_ = (2 * a - 1) * r + a * a * way_;
  const bool found = steps.go(way_, next, mixture);
  if (!found) rejected();
  return found;
}

void Squarem::accepted() {
  if (at_bound_) largest_ *= kGrowth;
}

void Squarem::rejected() { largest_ = std::max(kGrowth, largest_ / kGrowth); }

}  // namespace gaussmix
