// SQUAREM: extrapolates two EM steps along their second difference (Varadhan & Roland 2008, scheme S1).
#pragma once

#include "em/last_steps.hpp"

namespace gaussmix {

// theta' = theta0 + 2 a r + a^2 v with r = theta1 - theta0, v = theta2 - 2 theta1 + theta0, a = |<r, v>| / <v, v> >= 1;
// a = 1 gives theta2, plain EM. The products are those of the complete-data information, in which EM is a symmetric map:
// measured on overlapping mixtures, this a needs fewer passes than |r| / |v| where EM is slowest.
class Squarem {
 public:
  // Of the last two steps, which ended at `next`: writes theta' to `mixture`, which is not `next`. False when it would be plain
  // EM or no mixture.
  bool extrapolate(const LastSteps& steps, const Mixture& next, Mixture& mixture);

  // Whether the likelihood was higher there.
  void accepted();
  void rejected();

 private:
  double largest_ = 4;  // bound on a: grows while extrapolations at the bound succeed
  bool at_bound_ = false;
  Vector way_;  // from theta1 to theta'
};

}  // namespace gaussmix
