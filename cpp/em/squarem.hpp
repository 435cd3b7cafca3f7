// SQUAREM: extrapolates two EM steps along their second difference (Varadhan & Roland 2008, scheme S1).
#pragma once

#include "em/parameters.hpp"

namespace gaussmix {

// theta' = theta0 + 2 a r + a^2 v with r = theta1 - theta0, v = theta2 - 2 theta1 + theta0, a = |<r, v>| / <v, v> >= 1;
// a = 1 gives theta2, plain EM. The products are those of the complete-data information, in which EM is a symmetric map:
// measured on overlapping mixtures, this a needs fewer passes than |r| / |v| where EM is slowest.
class Squarem {
 public:
  // Writes theta' to `mixture`, which is none of the three. False when it would be plain EM or no mixture.
  bool extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2, Mixture& mixture);

  // Whether the likelihood was higher there.
  void accepted();
  void rejected();

 private:
  double largest_ = 4;  // bound on a: grows while extrapolations at the bound succeed
  bool at_bound_ = false;
  Vector metric_, start_, first_, second_;  // scratch: the metric, theta0, r, v
};

}  // namespace gaussmix
