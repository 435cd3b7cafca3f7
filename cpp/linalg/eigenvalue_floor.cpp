#include "linalg/eigenvalue_floor.hpp"

#include "linalg/spectral.hpp"

namespace gaussmix {

Floored floor_eigenvalues(MatrixMap covariance, const Vector& scale, double floor, MatrixMap lower,
                          MatrixMap inverse_lower) {
  Workspace workspace;
  const Spectrum spectrum = spectrum_of(in_units_of(scale, covariance, workspace), workspace);
  const Vector eigenvalues = spectrum.eigenvalues.cwiseMax(floor);
  const Eigen::MatrixXd root = eigenvalues.cwiseSqrt().asDiagonal() * spectrum.axes.transpose();
  const FactorReport factor = factor_of_root(root, scale, workspace, lower, inverse_lower);
  covariance.triangularView<Eigen::Lower>() = lower * lower.transpose();
  covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
  return {spectrum.eigenvalues.minCoeff(), factor};
}

}  // namespace gaussmix
