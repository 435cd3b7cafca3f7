#include "linalg/factor.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/QR>

namespace gaussmix {

namespace {

// P^T L D L^T P = lower lower^T: the QR factor of sqrt(D) L^T P is lower^T. Orthogonal transformations need no
// definiteness of their own, so this cannot fail where LDLT has succeeded.
Matrix lower_in_feature_order(const Eigen::LDLT<Eigen::MatrixXd>& ldlt) {
  const Eigen::Index n = ldlt.rows();
  const Eigen::MatrixXd permutation = ldlt.transpositionsP() * Eigen::MatrixXd::Identity(n, n);
  const Eigen::MatrixXd root =
      ldlt.vectorD().cwiseSqrt().asDiagonal() * (Eigen::MatrixXd(ldlt.matrixU()) * permutation);
  Matrix upper = root.householderQr().matrixQR().triangularView<Eigen::Upper>();
  for (Eigen::Index i = 0; i < upper.rows(); ++i)
    if (upper(i, i) < 0) upper.row(i) *= -1;
  return upper.transpose();
}

}  // namespace

Factor factorise(const Eigen::Ref<const Matrix>& covariance) {
  Factor factor;
  const Eigen::Index n = covariance.rows();
  const Vector scale = covariance.diagonal().cwiseSqrt();
  if (!(covariance.diagonal().minCoeff() > 0) || !covariance.allFinite()) {
    factor.smallest_pivot = covariance.diagonal().minCoeff();
    return factor;
  }
  const Vector inverse_scale = scale.cwiseInverse();
  const Eigen::MatrixXd correlation = inverse_scale.asDiagonal() * covariance * inverse_scale.asDiagonal();
  const Eigen::LDLT<Eigen::MatrixXd> ldlt(correlation);
  factor.smallest_pivot = ldlt.vectorD().minCoeff();
  // Rounding of the factorisation itself: a pivot below it has no correct digit.
  const double rounding = static_cast<double>(n) * std::numeric_limits<double>::epsilon();
  if (ldlt.info() != Eigen::Success || !(factor.smallest_pivot > rounding)) return factor;

  factor.positive_definite = true;
  factor.log_determinant = ldlt.vectorD().array().log().sum() + 2 * scale.array().log().sum();
  factor.reciprocal_condition = ldlt.rcond();
  factor.lower = lower_in_feature_order(ldlt);
  factor.inverse_lower = Matrix::Identity(n, n);
  factor.lower.triangularView<Eigen::Lower>().solveInPlace(factor.inverse_lower);
  factor.inverse_lower = factor.inverse_lower * inverse_scale.asDiagonal();
  factor.lower = scale.asDiagonal() * factor.lower;
  return factor;
}

}  // namespace gaussmix
