// The first M-step: from who is said to belong where to a mixture.
#pragma once

#include "base/random.hpp"
#include "covariance/regularisation.hpp"
#include "em/e_step.hpp"
#include "em/settings.hpp"

namespace gaussmix {

struct FirstStep {
  EStep& e_step;
  const Structure& structure;
  const ColumnMoments& moments;
  const Regularisation& regularisation;
  Random axes;  // factor analysers: where the search for their axes begins
  Repairs& repairs;

  // All of each row to the nearest centre, in units of the columns' scale.
  Mixture from_centres(const Matrix& centres) const;
  Mixture from_responsibilities(const double* responsibilities, Index n_components) const;
  // Of components that are much like all rows together.
  Mixture from_blurred(const SufficientStatistics& statistics) const;
};

}  // namespace gaussmix
