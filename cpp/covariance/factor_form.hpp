// Covariances of factor analysers, Lambda Lambda^T + Psi with q columns of loadings Lambda and a diagonal Psi, without a matrix of
// D x D: what they are inverted by.
#pragma once

#include "covariance/covariances.hpp"

namespace gaussmix {

// With M = I + Lambda^T Psi^-1 Lambda and P = M^-1/2 Lambda^T Psi^-1 (q x D)
//   (Lambda Lambda^T + Psi)^-1 = Psi^-1 - P^T P (Sherman, Morrison & Woodbury),  log det = log det Psi + log det M.
// The root is the symmetric one, so that P turns with the loadings: to Lambda R belongs R^T P for any rotation R.
std::optional<Indefinite> factorise_factor_form(const Covariances& covariances, Workspace& workspace, Factors& factors);

// Of one component: writes [P^T, Psi^-1/2], returns the log-determinant.
double invert_factor_form(const ConstMatrixMap& loadings_and_noise, Workspace& workspace,
                          MatrixMap projections_and_noise);

// Writes M^-1/2, returns log det M.
double factor_root(const ConstMatrixMap& loadings_and_noise, Workspace& workspace, ColumnMap root);

// M^-1/2 of a symmetric M without eigenvalues below one, but for rounding; returns log det M.
double inverse_root(const ColumnView& m, Workspace& workspace, ColumnMap out);

// (Lambda Lambda^T + Psi) P^T.
void multiply_projections(const ConstMatrixMap& loadings_and_noise, const ConstMatrixMap& projections_and_noise,
                          Eigen::Ref<Matrix, 0, Eigen::OuterStride<>> out);

}  // namespace gaussmix
