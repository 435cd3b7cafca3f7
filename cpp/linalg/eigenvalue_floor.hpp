// Keeps the eigenvalues of a covariance above a bound, in coordinates scaled per feature.
#pragma once

#include "linalg/factor.hpp"

namespace gaussmix {

// Raises the eigenvalues of `covariance`, in units of `scale` per feature, to at least `floor`, and returns the factor of
// the result with the smallest eigenvalue there was. The result is the constrained maximiser of the M-step objective
// -log det S - tr(S^-1 W / n), so a likelihood under this bound never falls. The factor comes from the eigenvectors and not
// from the matrix: at the floor the matrix holds only half the digits, and the likelihood would flicker.
struct Floored {
  double smallest_eigenvalue;
  Factor factor;
};
Floored floor_eigenvalues(Eigen::Ref<Matrix> covariance, const Vector& scale, double floor);

}  // namespace gaussmix
