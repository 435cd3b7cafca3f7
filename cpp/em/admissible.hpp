// Whether EM may go on from extrapolated parameters.
#pragma once

#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// Makes extrapolated mixtures such that an M-step could have led there: not in another basin, of their structure, and inside
// the bound that every M-step respects. Beyond it likelihoods are not comparable.
class Admissible {
 public:
  Admissible(const Regularisation& regularisation, const Execution& execution, Index n_components);

  // False, with `mixture` in no defined state, where it is too far from `plain`, where EM itself led.
  bool make(Mixture& mixture, const Mixture& plain);

 private:
  void project(Mixture& mixture, const Mixture& plain);

  Regularisation quiet_;
  const Execution& execution_;
  Workspace workspace_;
  SufficientStatistics scatter_;  // scratch
  Repairs not_counted_;           // nothing is repaired yet: the likelihood has still to accept the extrapolation
};

}  // namespace gaussmix
