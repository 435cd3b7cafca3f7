// Covariances of which eigenvectors and eigenvalues are known.
#pragma once

#include "covariance/covariances.hpp"

namespace gaussmix {

// Covariance k <- S axes diag(variances) axes^T S, with S the diagonal matrix of `scale`, and where the variances are far apart
// its root, which holds what the product loses. The variances heed the bound on eigenvalues.
void set_spectral(Covariances& covariances, Index k, const Vector& scale, const Eigen::MatrixXd& axes,
                  const Vector& variances);

}  // namespace gaussmix
