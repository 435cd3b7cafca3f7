#include "linalg/eigenvalue_floor.hpp"

#include <Eigen/Eigenvalues>

namespace gaussmix {

Floored floor_eigenvalues(MatrixMap covariance, const Vector& scale, double floor, MatrixMap lower,
                          MatrixMap inverse_lower) {
  const Vector inverse = scale.cwiseInverse();
  const Eigen::MatrixXd scaled = inverse.asDiagonal() * covariance * inverse.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled);
  const Vector eigenvalues = solver.eigenvalues().cwiseMax(floor);
  const Eigen::MatrixXd root = eigenvalues.cwiseSqrt().asDiagonal() * solver.eigenvectors().transpose();
  const FactorReport factor = factor_of_root(root, scale, lower, inverse_lower);
  covariance.triangularView<Eigen::Lower>() = lower * lower.transpose();
  covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
  return {solver.eigenvalues().minCoeff(), factor};
}

}  // namespace gaussmix
