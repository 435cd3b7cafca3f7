#include "covariance/factor_form.hpp"

#include <cmath>

#include <Eigen/Eigenvalues>

namespace gaussmix {

namespace {

// Writes [P^T, Psi^-1/2] and returns the log-determinant.
double invert(const ConstMatrixMap& loadings_and_noise, MatrixMap projections_and_noise) {
  const Index n_factors = loadings_and_noise.cols() - 1;
  const auto loadings = loadings_and_noise.leftCols(n_factors);
  const auto noise = loadings_and_noise.col(n_factors).array();
  const Matrix weighted = loadings.array().colwise() / noise;  // Psi^-1 Lambda
  Eigen::MatrixXd m = loadings.transpose() * weighted;
  m.diagonal().array() += 1;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(m);
  const Eigen::ArrayXd eigenvalues = solver.eigenvalues().array().max(1.0);  // they are, but for rounding
  const Eigen::MatrixXd inverse_root =
      solver.eigenvectors() * eigenvalues.sqrt().inverse().matrix().asDiagonal() * solver.eigenvectors().transpose();
  projections_and_noise.leftCols(n_factors).noalias() = weighted * inverse_root;
  projections_and_noise.col(n_factors) = noise.sqrt().inverse();
  return noise.log().sum() + eigenvalues.log().sum();
}

}  // namespace

std::optional<Indefinite> factorise_factor_form(const Covariances& covariances, Factors& factors) {
  for (Index k = 0; k < covariances.n_components; ++k) {
    const ConstMatrixMap table = covariances.loadings_and_noise(k);
    const auto noise = table.col(covariances.n_factors);
    if (!(noise.minCoeff() > 0) || !table.allFinite()) return Indefinite{k, noise.minCoeff()};
    factors.log_determinants[k] = invert(table, factors.projections_and_noise(k));
  }
  return std::nullopt;
}

void multiply_projections(const ConstMatrixMap& loadings_and_noise, const ConstMatrixMap& projections_and_noise,
                          Eigen::Ref<Matrix, 0, Eigen::OuterStride<>> out) {
  const Index n_factors = loadings_and_noise.cols() - 1;
  const auto loadings = loadings_and_noise.leftCols(n_factors);
  const auto projections = projections_and_noise.leftCols(n_factors);
  const Eigen::MatrixXd inner = loadings.transpose() * projections;
  out = (projections.array().colwise() * loadings_and_noise.col(n_factors).array()).matrix() + loadings * inner;
}

}  // namespace gaussmix
