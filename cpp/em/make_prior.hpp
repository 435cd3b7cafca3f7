// The prior of a fit, with what the caller left open taken from the data.
#pragma once

#include "covariance/prior.hpp"
#include "em/e_step.hpp"
#include "em/settings.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

// Defaults of Fraley & Raftery (2007): the mean of the data; D + 2 degrees of freedom; their covariance over K^(2/D), as if
// the K components shared its volume; of that the diagonal alone where rows are no more than columns. `e_step` belongs to
// the data, whose weights are in `unit`.
Prior make_prior(const PriorSettings& settings, Index n_components, const ColumnMoments& moments, double unit,
                 EStep& e_step);

}  // namespace gaussmix
