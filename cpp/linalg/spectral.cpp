#include "linalg/spectral.hpp"

#include <Eigen/Eigenvalues>

namespace gaussmix {

Eigen::MatrixXd axes_of(const Eigen::MatrixXd& symmetric) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric).eigenvectors();
}

void from_eigenvalues(const Vector& scale, const Eigen::MatrixXd& axes, const Vector& variances, MatrixMap out) {
  const Eigen::MatrixXd root = scale.asDiagonal() * axes * variances.cwiseSqrt().asDiagonal();
  out.noalias() = root * root.transpose();
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
}

}  // namespace gaussmix
