#include "mixture/kernel_parameters.hpp"

#include <cmath>
#include <numbers>

namespace gaussmix {

namespace {

void pack_lower(const ConstMatrixMap& matrix, std::vector<double>& out) {
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) out.push_back(matrix(i, j));
}

// log pi_k - (D log 2 pi + log det Sigma_k) / 2
Vector log_constants(const Mixture& mixture) {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  Vector constants(mixture.n_components());
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const double log_weight = mixture.weights[k] > 0 ? std::log(mixture.weights[k]) : kernels::kLowestLogit;
    constants[k] = std::max(log_weight - 0.5 * (static_cast<double>(mixture.n_features()) * log_two_pi +
                                                mixture.factors.log_determinants[k]),
                            kernels::kLowestLogit);
  }
  return constants;
}

void pack_full_factors(const Factors& source, KernelParameters& parameters) {
  for (Index k = 0; k < source.n_components; ++k)
    pack_lower(source.inverse_matrix(source.shape == CovarianceShape::tied ? 0 : k), parameters.factors);
}

void whiten(const Mixture& mixture, KernelParameters& parameters) {
  const ConstMatrixMap inverse = mixture.factors.inverse_matrix(0);
  pack_lower(inverse, parameters.whitener);
  // About the heaviest component's mean: exact in the data's own coordinates, and near the bulk of the rows.
  Eigen::Index heaviest = 0;
  mixture.weights.maxCoeff(&heaviest);
  parameters.whitening_centre = mixture.means.row(heaviest).transpose();
  for (Index k = 0; k < mixture.n_components(); ++k)
    parameters.means.row(k) = (inverse * (mixture.means.row(k).transpose() - parameters.whitening_centre)).transpose();
  parameters.factors.assign(static_cast<std::size_t>(mixture.n_components()), 1.0);
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
  return d;
}

KernelParameters kernel_parameters(const Mixture& mixture) {
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
      break;
    case CovarianceShape::diag:
      parameters.shape = kernels::Shape::diagonal;
      parameters.factors = mixture.factors.inverse;
      break;
    case CovarianceShape::spherical:
      parameters.shape = kernels::Shape::spherical;
      parameters.factors = mixture.factors.inverse;
      break;
  }
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
  parameters.factors.assign(static_cast<std::size_t>(means.rows()), 1.0);
  parameters.log_constants = Vector::Zero(means.rows());
  return parameters;
}

KernelParameters nearest_centre(const Matrix& means, const Vector& scale) {
  KernelParameters parameters = centres_only(means);
  parameters.shape = kernels::Shape::diagonal;
  const Matrix inverse = scale.cwiseInverse().transpose().replicate(means.rows(), 1);
  parameters.factors.assign(inverse.data(), inverse.data() + inverse.size());
  return parameters;
}

}  // namespace gaussmix
