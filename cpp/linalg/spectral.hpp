// A symmetric positive semi-definite matrix by its eigenvectors.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

struct Spectrum {
  Vector eigenvalues;    // ascending; of a singular matrix rounding may make some of them negative
  Eigen::MatrixXd axes;  // the eigenvectors, as columns
};

// To the rounding of the matrix's own entries, also where its features come in very different units.
Spectrum spectrum_of(const Eigen::MatrixXd& matrix);

// out = S A diag(variances) A^T S, to the bit symmetric, with S the diagonal matrix of `scale`.
void from_eigenvalues(const Vector& scale, const Eigen::MatrixXd& axes, const Vector& variances, MatrixMap out);

}  // namespace gaussmix
