// Sufficient statistics -> mixture.
#pragma once

#include "base/parallel.hpp"
#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

// `previous` (may be null) supplies mean and covariance of a component that lost all its weight; without it the component
// gets the overall mean and covariance. Repairs are added to `repairs`. Factor analysers take no loadings from statistics of the
// kind that they need at the start.
Mixture m_step(const SufficientStatistics& statistics, const Structure& structure, const Regularisation& regularisation,
               const Mixture* previous, const Execution& execution, Repairs& repairs);
// The same into `mixture`, which must not be `previous`, from statistics of the kind that the structure needs. Those of
// components that lost all their weight are filled in. Takes no memory from the heap once `mixture` has its shape and the
// workspace has been used, unless a covariance is close to singular or a component has lost all its weight.
void m_step(SufficientStatistics& statistics, const Structure& structure, const Regularisation& regularisation,
            const Mixture* previous, const Execution& execution, Workspace& workspace, Repairs& repairs,
            Mixture& mixture);

// Scale of every column (see ColumnMoments::scale) as far as the statistics show it.
ColumnScale column_scale(const SufficientStatistics& statistics);

}  // namespace gaussmix
