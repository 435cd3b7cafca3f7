// Sufficient statistics -> mixture.
#pragma once

#include "base/parallel.hpp"
#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// `previous` (may be null) supplies mean and covariance of a component that lost all its weight; without it the component
// gets the overall mean and covariance. Repairs are added to `repairs`.
Mixture m_step(const SufficientStatistics& statistics, const Structure& structure, const Regularisation& regularisation,
               const Mixture* previous, const Execution& execution, Repairs& repairs);

// Scale of every column (see ColumnMoments::scale) as far as the statistics show it.
Vector column_scale(const SufficientStatistics& statistics);

}  // namespace gaussmix
