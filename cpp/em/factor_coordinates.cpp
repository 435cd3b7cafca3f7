#include "em/factor_coordinates.hpp"

#include <cmath>

#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

constexpr double kLeastRatio = 0.1;  // of sd of the noise, in one step

}  // namespace

FactorCoordinates::FactorCoordinates(const Mixture& origin, Index k, Workspace& workspace)
    : origin_(origin),
      k_(k),
      n_features_(origin.n_features()),
      n_factors_(origin.covariances.n_factors),
      workspace_(workspace),
      deviation_(workspace.vector(n_features_)),
      principal_(workspace.columns(n_features_, n_factors_)),
      axes_(workspace.columns(n_factors_, n_factors_)),
      squares_(workspace.vector(n_factors_)) {
  const Workspace::Scope scope(workspace);
  const ConstMatrixMap table = origin.covariances.loadings_and_noise(k);
  deviation_ = table.col(n_factors_).cwiseSqrt();
  ColumnMap scaled = workspace.columns(n_features_, n_factors_), inner = workspace.columns(n_factors_, n_factors_);
  scaled = table.leftCols(n_factors_).array().colwise() / deviation_.array();
  inner.noalias() = scaled.transpose() * scaled;
  const Spectrum spectrum = spectrum_of(inner, workspace);
  squares_ = spectrum.eigenvalues.cwiseMax(0.0);
  axes_ = spectrum.axes;
  principal_.noalias() = scaled * axes_;
}

// Times Sigma^-1/2, in units of the noise: I - U diag(1 - 1 / t) U^T with t^2 = 1 + s^2; or its inverse.
void FactorCoordinates::stretch(Way way, VectorMap mean) const {
  const Workspace::Scope scope(workspace_);
  VectorMap along = workspace_.vector(n_factors_);
  along.noalias() = principal_.transpose() * mean;
  for (Index i = 0; i < n_factors_; ++i) {
    const double t = std::sqrt(1 + squares_[i]);
    along[i] *= way == Way::in ? -1 / (t * (t + 1)) : 1 / (t + 1);
  }
  mean.noalias() += principal_ * along;
}

// Along the directions of the expansion by 1 / h, h^2 = 1 + (s_i^2 + s_j^2) / 4; or by h.
void FactorCoordinates::stretch(Way way, MatrixMap loadings) const {
  const Workspace::Scope scope(workspace_);
  ColumnMap turned = workspace_.columns(n_features_, n_factors_), along = workspace_.columns(n_factors_, n_factors_),
            share = workspace_.columns(n_factors_, n_factors_);
  turned.noalias() = loadings * axes_;
  along.noalias() = principal_.transpose() * turned;
  for (Index i = 0; i < n_factors_; ++i)
    for (Index j = 0; j < n_factors_; ++j) {
      const double h = std::sqrt(1 + (squares_[i] + squares_[j]) / 4);
      share(i, j) = (along(i, j) + along(j, i)) / (way == Way::in ? -4 * h * (h + 1) : 4 * (h + 1));
    }
  turned.noalias() = principal_ * share;
  loadings.noalias() += turned * axes_.transpose();
}

void FactorCoordinates::to_vector(const Mixture& mixture, double* parameters) const {
  const ConstMatrixMap table = mixture.covariances.loadings_and_noise(k_),
                       own = origin_.covariances.loadings_and_noise(k_);
  VectorMap mean(parameters, n_features_);
  mean = (mixture.means.row(k_) - origin_.means.row(k_)).transpose().cwiseQuotient(deviation_);
  stretch(Way::in, mean);
  MatrixMap loadings(parameters + n_features_, n_features_, n_factors_);
  loadings = (table.leftCols(n_factors_) - own.leftCols(n_factors_)).array().colwise() / deviation_.array();
  stretch(Way::in, loadings);
  VectorMap noise(parameters + n_features_ * (n_factors_ + 1), n_features_);
  noise = (table.col(n_factors_).array() / own.col(n_factors_).array()).sqrt() - 1;
}

void FactorCoordinates::from_vector(const double* parameters, Mixture& mixture) const {
  const Workspace::Scope scope(workspace_);
  const ConstMatrixMap own = origin_.covariances.loadings_and_noise(k_);
  MatrixMap table = mixture.covariances.loadings_and_noise(k_);
  VectorMap mean = workspace_.vector(n_features_);
  mean = ConstVectorMap(parameters, n_features_);
  stretch(Way::out, mean);
  mixture.means.row(k_) = origin_.means.row(k_) + mean.cwiseProduct(deviation_).transpose();
  MatrixMap loadings = workspace_.matrix(n_features_, n_factors_);
  loadings = ConstMatrixMap(parameters + n_features_, n_features_, n_factors_);
  stretch(Way::out, loadings);
  table.leftCols(n_factors_) = own.leftCols(n_factors_) + (loadings.array().colwise() * deviation_.array()).matrix();
  const ConstVectorMap noise(parameters + n_features_ * (n_factors_ + 1), n_features_);
  table.col(n_factors_) = own.col(n_factors_).array() * (1 + noise.array()).max(kLeastRatio).square();
}

void FactorCoordinates::metric(Index n_features, Index n_factors, double weight, double* information) {
  VectorMap(information, n_features * (n_factors + 1)).setConstant(weight);
  VectorMap(information + n_features * (n_factors + 1), n_features).setConstant(2 * weight);
}

}  // namespace gaussmix
