#include "mixture/kernel_parameters.hpp"

#include <cmath>
#include <numbers>

namespace gaussmix {

namespace {

void pack_lower(const ConstMatrixMap& matrix, double scale, std::vector<double>& out) {
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) out.push_back(scale * matrix(i, j));
}

// log pi_k - (D log 2 pi + log det Sigma_k) / 2, in units of log 2.
Vector log_constants(const Mixture& mixture) {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  Vector constants(mixture.n_components());
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const double log_weight = mixture.weights[k] > 0 ? std::log(mixture.weights[k]) : kernels::kLowestLogit;
    const double density = static_cast<double>(mixture.n_features()) * log_two_pi + mixture.factors.log_determinants[k];
    constants[k] = std::max(std::numbers::log2e * (log_weight - 0.5 * density), kernels::kLowestLogit);
  }
  return constants;
}

void pack_full_factors(const Factors& source, KernelParameters& parameters) {
  for (Index k = 0; k < source.n_components; ++k)
    pack_lower(source.inverse_matrix(source.shape == CovarianceShape::tied ? 0 : k), kLogitScale, parameters.factors);
}

void whiten(const Mixture& mixture, KernelParameters& parameters) {
  const ConstMatrixMap inverse = mixture.factors.inverse_matrix(0);
  pack_lower(inverse, 1.0, parameters.whitener);
  // About the heaviest component's mean: exact in the data's own coordinates, and near the bulk of the rows.
  Eigen::Index heaviest = 0;
  mixture.weights.maxCoeff(&heaviest);
  parameters.whitening_centre = mixture.means.row(heaviest).transpose();
  for (Index k = 0; k < mixture.n_components(); ++k)
    parameters.means.row(k) = (inverse * (mixture.means.row(k).transpose() - parameters.whitening_centre)).transpose();
  parameters.factors.assign(static_cast<std::size_t>(mixture.n_components()), kLogitScale);
}

// In whitened coordinates the squared length of a row is common to all components: [1, y] are features enough, exact to
// rounding of the whitened means, which kernel_parameters() keeps small.
void whitened_features(KernelParameters& parameters) {
  const Index n_components = parameters.means.rows(), n_features = parameters.means.cols();
  FeatureTable& features = parameters.features;
  features.centre = Vector::Zero(n_features);
  features.inverse_scale = Vector::Zero(n_features);
  features.limit = 0;
  features.table.resize(n_components, n_features + 1);
  features.table.rightCols(n_features) = 2 * kLogitScale * kLogitScale * parameters.means;
  for (Index k = 0; k < n_components; ++k)
    features.table(k, 0) =
        std::max(parameters.log_constants[k] - kLogitScale * kLogitScale * parameters.means.row(k).squaredNorm(),
                 kernels::kLowestLogit);
}

std::vector<double> scaled(const std::vector<double>& values, double scale) {
  std::vector<double> out(values);
  for (double& value : out) value *= scale;
  return out;
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
  if (!whitener.empty()) {
    d.whitener = whitener.data();
    d.whitening_centre = whitening_centre.data();
  }
  d.features = features.features();
  return d;
}

KernelParameters kernel_parameters(const Mixture& mixture, Form form) {
  KernelParameters parameters;
  parameters.means = mixture.means;
  parameters.log_constants = log_constants(mixture);
  switch (mixture.factors.shape) {
    case CovarianceShape::full:
      parameters.shape = kernels::Shape::full;
      pack_full_factors(mixture.factors, parameters);
      break;
    case CovarianceShape::tied:
      parameters.shape = kernels::Shape::spherical;
      whiten(mixture, parameters);
      if (parameters.means.rowwise().squaredNorm().maxCoeff() > kLargestWhitenedRatio)
        return unwhitened_kernel_parameters(mixture);
      if (form == Form::features) whitened_features(parameters);
      return parameters;
    case CovarianceShape::diag:
      parameters.shape = kernels::Shape::diagonal;
      parameters.factors = scaled(mixture.factors.inverse, kLogitScale);
      break;
    case CovarianceShape::spherical:
      parameters.shape = kernels::Shape::spherical;
      parameters.factors = scaled(mixture.factors.inverse, kLogitScale);
      break;
  }
  if (form == Form::features) parameters.features = feature_table(mixture, parameters.log_constants);
  return parameters;
}

KernelParameters unwhitened_kernel_parameters(const Mixture& mixture) {
  if (mixture.factors.shape != CovarianceShape::tied) return kernel_parameters(mixture);
  KernelParameters parameters;
  parameters.shape = kernels::Shape::full;
  parameters.means = mixture.means;
  parameters.log_constants = log_constants(mixture);
  pack_full_factors(mixture.factors, parameters);
  return parameters;
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
