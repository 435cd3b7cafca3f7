// SQUAREM: extrapolates two EM steps along their second difference (Varadhan & Roland 2008, scheme S1).
#pragma once

#include "em/parameters.hpp"

namespace gaussmix {

// theta' = theta0 + 2 a r + a^2 v with r = theta1 - theta0, v = theta2 - 2 theta1 + theta0, a = |<r, v>| / <v, v> >= 1;
// a = 1 gives theta2, plain EM. The products are those of the complete-data information, in which EM is a symmetric map:
// measured on overlapping mixtures, this a needs fewer passes than |r| / |v| where EM is slowest. The caller evaluates theta' (its E-step is the next EM step as well, so the test of the likelihood costs
// nothing) and reports whether it was good.
class Squarem {
 public:
  Squarem(const Regularisation& regularisation, const Execution& execution, Index n_components);

  struct Extrapolation {
    double step_ratio;  // |theta2 - theta1| / |theta1 - theta0| in that metric
    bool found;         // false when it would be plain EM or leave the admissible covariances
  };
  // Writes theta' to `mixture`, which is none of the three.
  Extrapolation extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2, Mixture& mixture);

  void accepted();
  void rejected();

 private:
  bool make_admissible(Mixture& mixture, const Mixture& plain);
  void project(Mixture& mixture, const Mixture& plain);

  Regularisation quiet_;
  const Execution& execution_;
  double largest_ = 4;  // bound on a: grows while extrapolations at the bound succeed
  bool at_bound_ = false;
  SufficientStatistics scatter_;            // scratch: of project()
  Vector metric_, start_, first_, second_;  // scratch: the metric, theta0, r, v
  Repairs not_counted_;  // nothing is repaired yet: the likelihood has still to accept the extrapolation
};

}  // namespace gaussmix
