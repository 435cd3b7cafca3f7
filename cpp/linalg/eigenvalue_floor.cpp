#include "linalg/eigenvalue_floor.hpp"

#include <Eigen/Eigenvalues>

namespace gaussmix {

Floored floor_eigenvalues(Eigen::Ref<Matrix> covariance, const Vector& scale, double floor) {
  const Vector inverse = scale.cwiseInverse();
  const Eigen::MatrixXd scaled = inverse.asDiagonal() * covariance * inverse.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled);
  const Vector eigenvalues = solver.eigenvalues().cwiseMax(floor);
  const Eigen::MatrixXd root = eigenvalues.cwiseSqrt().asDiagonal() * solver.eigenvectors().transpose();
  Floored result{solver.eigenvalues().minCoeff(), factor_of_root(root, scale)};
  result.factor.smallest_pivot = eigenvalues.minCoeff();
  result.factor.reciprocal_condition = eigenvalues.minCoeff() / eigenvalues.maxCoeff();
  covariance.triangularView<Eigen::Lower>() = result.factor.lower * result.factor.lower.transpose();
  covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
  return result;
}

}  // namespace gaussmix
