// Keeps the eigenvalues of a covariance above a bound, in coordinates scaled per feature.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

// Replaces `covariance` by the covariance nearest in likelihood whose eigenvalues, in units of `scale` per feature, are
// at least `floor`: eigenvalues below are raised to it. That is the constrained maximiser of the M-step objective
// -log det S - tr(S^-1 W / n), so a likelihood under this bound never falls. Returns the smallest eigenvalue before.
double floor_eigenvalues(Eigen::Ref<Matrix> covariance, const Vector& scale, double floor);

}  // namespace gaussmix
