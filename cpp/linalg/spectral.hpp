// A symmetric matrix and its eigenvectors.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

// The eigenvectors, as columns.
Eigen::MatrixXd axes_of(const Eigen::MatrixXd& symmetric);

// out = S A diag(variances) A^T S, to the bit symmetric, with S the diagonal matrix of `scale`.
void from_eigenvalues(const Vector& scale, const Eigen::MatrixXd& axes, const Vector& variances, MatrixMap out);

}  // namespace gaussmix
