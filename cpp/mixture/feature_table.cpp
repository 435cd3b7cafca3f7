#include "mixture/feature_table.hpp"

#include <cmath>

#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

// The inverse factor of a component as the kernels take it: |factor (x - mean)|^2 is in units of log 2.
Matrix inverse_factor(const Factors& factors, Index k) {
  const Index n = factors.n_features;
  switch (factors.shape) {
    case CovarianceShape::full: return kLogitScale * factors.inverse_matrix(k);
    case CovarianceShape::tied: return kLogitScale * factors.inverse_matrix(0);
    case CovarianceShape::diag: return (kLogitScale * ConstVectorMap(factors.inverse.data() + k * n, n)).asDiagonal();
    case CovarianceShape::spherical:
      return kLogitScale * factors.inverse[static_cast<std::size_t>(k)] * Matrix::Identity(n, n);
  }
  return {};
}

double largest_distance(const Matrix& inverse, const Vector& reach) {
  return (inverse.cwiseAbs() * reach).squaredNorm() / (kLogitScale * kLogitScale);
}

Vector variances(const Factors& factors, Index k) {
  const Index n = factors.n_features;
  switch (factors.shape) {
    case CovarianceShape::full: return factors.lower_matrix(k).rowwise().squaredNorm();
    case CovarianceShape::tied: return factors.lower_matrix(0).rowwise().squaredNorm();
    case CovarianceShape::diag: return ConstVectorMap(factors.inverse.data() + k * n, n).cwiseAbs2().cwiseInverse();
    case CovarianceShape::spherical:
      return Vector::Constant(
          n, 1 / (factors.inverse[static_cast<std::size_t>(k)] * factors.inverse[static_cast<std::size_t>(k)]));
  }
  return {};
}

Index n_features_of_row(CovarianceShape shape, Index n) {
  switch (shape) {
    case CovarianceShape::full: return kernels::packed_size(n + 1);
    case CovarianceShape::diag: return 2 * n + 1;
    case CovarianceShape::spherical: return n + 2;
    case CovarianceShape::tied: break;
  }
  return 0;
}

// constant - |F (z - d)|^2 = (constant - d.A d) + 2 (A d).z - sum A_ij z_i z_j with A = F^T F.
void fill_row(CovarianceShape shape, const Matrix& inverse, const Vector& d, double constant, double* row) {
  const Index n = d.size();
  const Matrix a = inverse.transpose() * inverse;
  const Vector ad = a * d;
  *row++ = std::max(constant - d.dot(ad), kernels::kLowestLogit);
  for (Index i = 0; i < n; ++i) *row++ = 2 * ad[i];
  switch (shape) {
    case CovarianceShape::full:
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) *row++ = (i == j ? -1 : -2) * a(i, j);
      break;
    case CovarianceShape::diag:
      for (Index i = 0; i < n; ++i) *row++ = -a(i, i);
      break;
    case CovarianceShape::spherical: *row = -a(0, 0); break;
    case CovarianceShape::tied: break;
  }
}

}  // namespace

kernels::Features FeatureTable::features() const {
  if (table.size() == 0) return {};
  return {table.data(), centre.data(), inverse_scale.data(), limit, table.cols()};
}

FeatureTable feature_table(const Mixture& mixture, const Vector& log_constants) {
  const Factors& factors = mixture.factors;
  const Index n_components = mixture.n_components();
  const Index size = n_features_of_row(factors.shape, mixture.n_features());
  FeatureTable out;
  if (size == 0 || size > kMostFeatures) return out;

  // About the mean of the mixture, in units of its standard deviations.
  const double total = mixture.weights.sum();
  out.centre = mixture.means.transpose() * mixture.weights / total;
  Vector variance = Vector::Zero(mixture.n_features());
  for (Index k = 0; k < n_components; ++k) {
    const Vector d = mixture.means.row(k).transpose() - out.centre;
    variance += mixture.weights[k] / total * (variances(factors, k) + d.cwiseAbs2());
  }
  const Vector scale = variance.cwiseSqrt();
  out.inverse_scale = scale.cwiseInverse();

  double largest = 0;
  Matrix table(n_components, size);
  for (Index k = 0; k < n_components; ++k) {
    const Matrix inverse = inverse_factor(factors, k);
    const Vector d = mixture.means.row(k).transpose() - out.centre;
    if (!(largest_distance(inverse, d.cwiseAbs()) <= kLargestFeatureDistance)) return out;
    largest = std::max(largest, largest_distance(inverse, scale));
    fill_row(factors.shape, inverse, d, log_constants[k], table.data() + k * size);
  }
  if (!(largest > 0) || !std::isfinite(largest)) return out;
  out.limit = std::sqrt(kLargestFeatureDistance / largest);
  out.table = std::move(table);
  return out;
}

}  // namespace gaussmix
