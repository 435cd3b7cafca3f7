// Components that the data cannot carry: which they are, and what can be done instead of repairing them for ever.
#pragma once

#include "base/random.hpp"
#include "covariance/regularisation.hpp"
#include "em/e_step.hpp"
#include "em/settings.hpp"

namespace gaussmix {

struct DegenerateComponent {
  Index number;
  double eigenvalue;  // the smallest, in units of the columns' spread; nan when all that is wrong is its weight
};

// The lightest component that has no weight, or whose covariance lies at the floor in more directions than the mixture as a
// whole does: columns that are constant or collinear are no fault of a component. A covariance that all share is none either.
std::optional<DegenerateComponent> degenerate_component(const Mixture& mixture, const ColumnScale& scale);

// The mixture without component k.
Mixture without_component(const Mixture& mixture, Index k);

// Component k anew, with a weight of 1 / K and the average covariance of the others, about a row drawn with probability
// proportional to its weight times how far its log-density lies below the largest one: where the model explains worst. For
// K > 1.
Mixture reseeded(const Mixture& mixture, Index k, const EStep& e_step, const Regularisation& regularisation,
                 const Random& random);

}  // namespace gaussmix
