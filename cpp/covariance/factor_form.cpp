#include "covariance/factor_form.hpp"

#include <cmath>

#include "linalg/spectral.hpp"

namespace gaussmix {

double inverse_root(const ColumnView& m, Workspace& workspace, ColumnMap out) {
  const Workspace::Scope scope(workspace);
  Spectrum spectrum = spectrum_of(m, workspace);
  spectrum.eigenvalues = spectrum.eigenvalues.cwiseMax(1.0);
  ColumnMap scaled = workspace.columns(m.rows(), m.cols());
  for (Index j = 0; j < m.cols(); ++j) scaled.col(j) = spectrum.axes.col(j) / std::sqrt(spectrum.eigenvalues[j]);
  out.noalias() = scaled * spectrum.axes.transpose();
  return spectrum.eigenvalues.array().log().sum();
}

double factor_root(const ConstMatrixMap& loadings_and_noise, Workspace& workspace, ColumnMap root) {
  const Workspace::Scope scope(workspace);
  const Index n_features = loadings_and_noise.rows(), n_factors = loadings_and_noise.cols() - 1;
  VectorMap deviations = workspace.vector(n_features);  // of the noise
  deviations = loadings_and_noise.col(n_factors).cwiseSqrt();
  MatrixMap scaled = workspace.matrix(n_features, n_factors);
  scaled = loadings_and_noise.leftCols(n_factors).array().colwise() / deviations.array();
  ColumnMap m = workspace.columns(n_factors, n_factors);
  m.noalias() = scaled.transpose() * scaled;
  m.diagonal().array() += 1;
  return inverse_root(m, workspace, root);
}

double invert_factor_form(const ConstMatrixMap& loadings_and_noise, Workspace& workspace,
                          MatrixMap projections_and_noise) {
  const Workspace::Scope scope(workspace);
  const Index n_factors = loadings_and_noise.cols() - 1;
  const auto noise = loadings_and_noise.col(n_factors).array();
  ColumnMap root = workspace.columns(n_factors, n_factors);
  const double log_determinant = factor_root(loadings_and_noise, workspace, root);
  MatrixMap weighted = workspace.matrix(loadings_and_noise.rows(), n_factors);  // Psi^-1 Lambda
  weighted = loadings_and_noise.leftCols(n_factors).array().colwise() / noise;
  projections_and_noise.leftCols(n_factors).noalias() = weighted * root;
  projections_and_noise.col(n_factors) = noise.sqrt().inverse();
  return noise.log().sum() + log_determinant;
}

std::optional<Indefinite> factorise_factor_form(const Covariances& covariances, Workspace& workspace,
                                                Factors& factors) {
  for (Index k = 0; k < covariances.n_components; ++k) {
    const ConstMatrixMap table = covariances.loadings_and_noise(k);
    const auto noise = table.col(covariances.n_factors);
    if (!(noise.minCoeff() > 0) || !table.allFinite()) return Indefinite{k, noise.minCoeff()};
    factors.log_determinants[k] = invert_factor_form(table, workspace, factors.projections_and_noise(k));
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
