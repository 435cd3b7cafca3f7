#include "linalg/factor.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/QR>

namespace gaussmix {

namespace {

// A square root of P^T L D L^T P.
Eigen::MatrixXd root_of(const Eigen::LDLT<Eigen::MatrixXd>& ldlt) {
  Eigen::MatrixXd root = ldlt.vectorD().cwiseSqrt().asDiagonal() * Eigen::MatrixXd(ldlt.matrixU());
  // root P: P is the product of the transpositions, the last one leftmost, so that one meets the columns first.
  const auto& transpositions = ldlt.transpositionsP().indices();
  for (Eigen::Index i = root.cols() - 1; i >= 0; --i) root.col(i).swap(root.col(transpositions[i]));
  return root;
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

  const double reciprocal_condition = ldlt.rcond();
  factor = factor_of_root(root_of(ldlt), scale);
  factor.smallest_pivot = ldlt.vectorD().minCoeff();
  factor.reciprocal_condition = reciprocal_condition;
  return factor;
}

// With root = Q R, root^T root = R^T R. Orthogonal transformations need no definiteness of their own, so this cannot fail
// where the decision was made elsewhere.
Factor factor_of_root(const Eigen::MatrixXd& root, const Vector& scale) {
  const Eigen::Index n = root.rows();
  Matrix upper = root.householderQr().matrixQR().triangularView<Eigen::Upper>();
  for (Eigen::Index i = 0; i < n; ++i)
    if (upper(i, i) < 0) upper.row(i) *= -1;
  Factor factor;
  factor.positive_definite = upper.diagonal().minCoeff() > 0;
  factor.lower = upper.transpose();
  factor.inverse_lower = Matrix::Identity(n, n);
  factor.lower.triangularView<Eigen::Lower>().solveInPlace(factor.inverse_lower);
  factor.inverse_lower = factor.inverse_lower * scale.cwiseInverse().asDiagonal();
  factor.lower = scale.asDiagonal() * factor.lower;
  factor.log_determinant = -2 * factor.inverse_lower.diagonal().array().log().sum();
  return factor;
}

}  // namespace gaussmix
