// Units that can be changed without rounding.
#pragma once

#include <algorithm>
#include <cmath>

namespace gaussmix {

// The power of two 2^e <= value < 2^(e + 1), or the nearest that is a normal number and has a normal reciprocal; 1 for what is
// not positive and finite.
inline double power_of_two_near(double value) {
  if (!(value > 0) || !std::isfinite(value)) return 1;
  return std::ldexp(1.0, std::clamp(std::ilogb(value), -1022, 1022));
}

}  // namespace gaussmix
