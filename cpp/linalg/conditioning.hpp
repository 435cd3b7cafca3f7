// How near to singular a covariance is, from its factors.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

// Trace of the inverse correlation matrix, with covariance = L L^T: between 1 / lambda and D / lambda of its smallest eigenvalue.
// The units of the features do not enter.
double inverse_correlation_trace(const ConstMatrixMap& lower, const ConstMatrixMap& inverse_lower);

}  // namespace gaussmix
