#include "linalg/eigenvalue_floor.hpp"

#include <Eigen/Eigenvalues>

namespace gaussmix {

double floor_eigenvalues(Eigen::Ref<Matrix> covariance, const Vector& scale, double floor) {
  const Vector inverse = scale.cwiseInverse();
  const Eigen::MatrixXd scaled = inverse.asDiagonal() * covariance * inverse.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled);
  const double smallest = solver.eigenvalues().minCoeff();
  if (smallest >= floor) return smallest;
  // Only the part below the floor is added: the rest of the matrix keeps its bits.
  const Vector missing = (floor - solver.eigenvalues().array()).max(0.0).matrix();
  const Eigen::MatrixXd vectors = scale.asDiagonal() * solver.eigenvectors();
  covariance += vectors * missing.asDiagonal() * vectors.transpose();
  covariance = (0.5 * (covariance + covariance.transpose())).eval();
  return smallest;
}

}  // namespace gaussmix
