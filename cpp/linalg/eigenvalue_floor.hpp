// Keeps the eigenvalues of a covariance above a bound, in coordinates scaled per feature.
#pragma once

#include "linalg/factor.hpp"

namespace gaussmix {

// Raises the eigenvalues of `covariance`, in units of `scale` per feature, to at least `floor`, and writes the factor of
// the result. The result is the constrained maximiser of the M-step objective
// -log det S - tr(S^-1 W / n), so a likelihood under this bound never falls. The factor comes from the eigenvectors and not
// from the matrix: at the floor the matrix holds only half the digits, and the likelihood would flicker.
struct Floored {
  double smallest_eigenvalue;  // that there was
  FactorReport factor;
};
Floored floor_eigenvalues(MatrixMap covariance, const Vector& scale, double floor, MatrixMap lower,
                          MatrixMap inverse_lower);

}  // namespace gaussmix
