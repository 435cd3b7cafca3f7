#include "mixture/kernel_parameters.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "covariance/factor_form.hpp"

namespace gaussmix {

namespace {

void pack_lower(const ConstMatrixMap& matrix, double scale, double*& out) {
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) *out++ = scale * matrix(i, j);
}

// log pi_k - (D log 2 pi + log det Sigma_k) / 2, in units of log 2.
void log_constants(const Mixture& mixture, Vector& constants) {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  constants.resize(mixture.n_components());
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const double log_weight = mixture.weights[k] > 0 ? std::log(mixture.weights[k]) : kernels::kLowestLogit;
    const double density = static_cast<double>(mixture.n_features()) * log_two_pi + mixture.factors.log_determinants[k];
    constants[k] = std::max(std::numbers::log2e * (log_weight - 0.5 * density), kernels::kLowestLogit);
  }
}

void pack_full_factors(const Factors& source, KernelParameters& parameters) {
  parameters.factors.resize(static_cast<std::size_t>(source.n_components * kernels::packed_size(source.n_features)));
  double* out = parameters.factors.data();
  for (Index k = 0; k < source.n_components; ++k)
    pack_lower(source.inverse_matrix(source.shape == CovarianceShape::tied ? 0 : k), kLogitScale, out);
}

void take_means(const Mixture& mixture, KernelParameters& parameters) {
  parameters.means = mixture.means;
  parameters.origin.noalias() = mixture.means.transpose() * mixture.weights;
  parameters.origin /= mixture.weights.sum();
}

void whiten(const Mixture& mixture, KernelParameters& parameters) {
  const ConstMatrixMap inverse = mixture.factors.inverse_matrix(0);
  parameters.whitener.resize(static_cast<std::size_t>(kernels::packed_size(mixture.n_features())));
  double* out = parameters.whitener.data();
  pack_lower(inverse, 1.0, out);
  // About the heaviest component's mean: exact in the data's own coordinates, and near the bulk of the rows.
  Eigen::Index heaviest = 0;
  mixture.weights.maxCoeff(&heaviest);
  parameters.whitening_centre = mixture.means.row(heaviest).transpose();
  for (Index k = 0; k < mixture.n_components(); ++k) {
    parameters.difference = mixture.means.row(k).transpose() - parameters.whitening_centre;
    parameters.means.row(k).transpose().noalias() = inverse * parameters.difference;
  }
  parameters.origin = parameters.whitening_centre;
  parameters.factors.assign(static_cast<std::size_t>(mixture.n_components()), kLogitScale);
}

// Of the variances over those of the noise, which are what the rows' squared distances lose when the factors are subtracted.
double largest_explained_ratio(const Covariances& covariances) {
  double largest = 0;
  for (Index k = 0; k < covariances.n_components; ++k) {
    const ConstMatrixMap table = covariances.loadings_and_noise(k);
    const auto squares = table.leftCols(covariances.n_factors).rowwise().squaredNorm().array();
    largest = std::max(largest, (squares / table.col(covariances.n_factors).array()).mean());
  }
  return largest;
}

// [-Psi^1/2 P^T; M^-1/2], as Density::explained says.
void take_explained(const Mixture& mixture, KernelParameters& parameters) {
  const Index n_features = mixture.n_features(), n_factors = mixture.factors.n_factors, n = n_features + n_factors;
  parameters.explained.resize(mixture.n_components() * n, n_factors);
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const Workspace::Scope scope(parameters.workspace);
    const ConstMatrixMap table = mixture.factors.projections_and_noise(k);
    ColumnMap root = parameters.workspace.columns(n_factors, n_factors);
    factor_root(mixture.covariances.loadings_and_noise(k), parameters.workspace, root);
    parameters.explained.middleRows(k * n, n_features) =
        -(table.leftCols(n_factors).array().colwise() / table.col(n_factors).array());
    parameters.explained.middleRows(k * n + n_features, n_factors) = root;
  }
}

// Densities of factor analysers: the inverse sd of the noise, and the projections, a row each.
void take_factor_form(const Mixture& mixture, KernelParameters& parameters) {
  const Factors& source = mixture.factors;
  const Index n_features = source.n_features, n_factors = source.n_factors;
  parameters.factors.resize(static_cast<std::size_t>(source.n_components * n_features));
  parameters.projections.resize(source.n_components * n_factors, n_features);
  parameters.projection_scale = kLogitScale;
  for (Index k = 0; k < source.n_components; ++k) {
    const ConstMatrixMap table = source.projections_and_noise(k);
    VectorMap(parameters.factors.data() + k * n_features, n_features) = kLogitScale * table.col(n_factors);
    parameters.projections.middleRows(k * n_factors, n_factors) = kLogitScale * table.leftCols(n_factors).transpose();
  }
  parameters.cancels = largest_explained_ratio(mixture.covariances) > kLargestWhitenedRatio;
  if (parameters.cancels) take_explained(mixture, parameters);
}

void scale_into(const std::vector<double>& values, std::vector<double>& out) {
  out = values;
  for (double& value : out) value *= kLogitScale;
}

}  // namespace

kernels::Density KernelParameters::density() const {
  kernels::Density d;
  d.shape = shape;
  d.n_components = means.rows();
  d.n_features = means.cols();
  d.means = means.data();
  d.factors = factors.data();
  d.log_constants = log_constants.data();
  if (projections.size() > 0) {
    d.n_projections = n_projections();
    d.projections = projections.data();
    if (shape == kernels::Shape::factor && cancels) d.explained = explained.data();
  }
  if (!whitener.empty()) {
    d.whitener = whitener.data();
    d.whitening_centre = whitening_centre.data();
  }
  d.features = features.features();
  return d;
}

void kernel_parameters(const Mixture& mixture, Form form, KernelParameters& parameters) {
  take_means(mixture, parameters);
  parameters.whitener.clear();
  log_constants(mixture, parameters.log_constants);
  switch (mixture.factors.shape) {
    case CovarianceShape::full:
      parameters.shape = kernels::Shape::full;
      pack_full_factors(mixture.factors, parameters);
      break;
    case CovarianceShape::tied:
      parameters.shape = kernels::Shape::spherical;
      whiten(mixture, parameters);
      if (parameters.means.rowwise().squaredNorm().maxCoeff() > kLargestWhitenedRatio)
        return unwhitened_kernel_parameters(mixture, parameters);
      break;
    case CovarianceShape::diag:
      parameters.shape = kernels::Shape::diagonal;
      scale_into(mixture.factors.inverse, parameters.factors);
      break;
    case CovarianceShape::spherical:
      parameters.shape = kernels::Shape::spherical;
      scale_into(mixture.factors.inverse, parameters.factors);
      break;
    case CovarianceShape::factor:
      parameters.shape = kernels::Shape::factor;
      take_factor_form(mixture, parameters);
      break;
  }
  if (form == Form::centred)
    parameters.features.clear();
  else if (parameters.whitened())
    parameters.features.fill_whitened(parameters.means, parameters.log_constants);
  else
    parameters.features.fill(mixture, parameters.log_constants);
}

KernelParameters kernel_parameters(const Mixture& mixture) {
  KernelParameters parameters;
  kernel_parameters(mixture, Form::centred, parameters);
  return parameters;
}

void unwhitened_kernel_parameters(const Mixture& mixture, KernelParameters& parameters) {
  if (mixture.factors.shape != CovarianceShape::tied) return kernel_parameters(mixture, Form::centred, parameters);
  parameters.shape = kernels::Shape::full;
  take_means(mixture, parameters);
  parameters.whitener.clear();
  parameters.features.clear();
  log_constants(mixture, parameters.log_constants);
  pack_full_factors(mixture.factors, parameters);
}

KernelParameters centres_only(const Matrix& means) {
  KernelParameters parameters;
  parameters.shape = kernels::Shape::spherical;
  parameters.means = means;
  parameters.factors.assign(static_cast<std::size_t>(means.rows()), kLogitScale);
  parameters.log_constants = Vector::Zero(means.rows());
  return parameters;
}

KernelParameters nearest_centre(const Matrix& means, const Vector& scale) {
  KernelParameters parameters = centres_only(means);
  parameters.shape = kernels::Shape::diagonal;
  const Matrix inverse = kLogitScale * scale.cwiseInverse().transpose().replicate(means.rows(), 1);
  parameters.factors.assign(inverse.data(), inverse.data() + inverse.size());
  return parameters;
}

}  // namespace gaussmix
