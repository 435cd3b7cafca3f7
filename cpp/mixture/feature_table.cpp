#include "mixture/feature_table.hpp"

#include <cmath>

#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

const double* inverse_of(const Factors& factors, Index k) {
  return factors.inverse.data() + k * (static_cast<Index>(factors.inverse.size()) / factors.n_components);
}

// sum_i (sum_j |L^-1_ij| reach_j)^2
double largest_distance(const Factors& factors, Index k, const Vector& reach) {
  const Index n = factors.n_features;
  double sum = 0;
  switch (factors.shape) {
    case CovarianceShape::full:
      for (Index i = 0; i < n; ++i) {
        const double distance = factors.inverse_matrix(k).row(i).head(i + 1).cwiseAbs().dot(reach.head(i + 1));
        sum += distance * distance;
      }
      break;
    case CovarianceShape::diag:
      sum = reach.cwiseProduct(ConstVectorMap(inverse_of(factors, k), n)).squaredNorm();
      break;
    case CovarianceShape::spherical:
      sum = reach.squaredNorm() * *inverse_of(factors, k) * *inverse_of(factors, k);
      break;
    case CovarianceShape::tied: break;
  }
  return sum;
}

double variance(const Factors& factors, Index k, Index d) {
  if (factors.shape == CovarianceShape::full) return factors.lower_matrix(k).row(d).head(d + 1).squaredNorm();
  const double inverse = inverse_of(factors, k)[factors.shape == CovarianceShape::diag ? d : 0];
  return 1 / (inverse * inverse);
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

// constant - |F (z - d)|^2 = (constant - d.A d) + 2 (A d).z - sum A_ij z_i z_j with A = F^T F; F is the inverse factor as
// the kernels take it: |F (x - mean)|^2 is in units of log 2.
void fill_row(const Factors& factors, Index k, const Vector& d, double constant, double* row, Index size) {
  const Index n = d.size();
  double* linear = row + 1;
  double* quadratic = linear + n;
  double distance = 0;
  std::fill_n(row, size, 0.0);
  for (Index r = 0; r < n; ++r) {  // row r of F
    switch (factors.shape) {
      case CovarianceShape::full: {
        const auto f = factors.inverse_matrix(k).row(r).head(r + 1);
        const double along = kLogitScale * f.dot(d.head(r + 1));
        distance += along * along;
        double* out = quadratic;
        for (Index i = 0; i <= r; ++i) {
          const double scaled = kLogitScale * f[i];
          linear[i] += 2 * along * scaled;
          for (Index j = 0; j < i; ++j) *out++ -= 2 * scaled * (kLogitScale * f[j]);
          *out++ -= scaled * scaled;
        }
        break;
      }
      case CovarianceShape::diag:
      case CovarianceShape::spherical: {
        const bool diagonal = factors.shape == CovarianceShape::diag;
        const double f = kLogitScale * inverse_of(factors, k)[diagonal ? r : 0];
        distance += (f * d[r]) * (f * d[r]);
        linear[r] = 2 * f * f * d[r];
        quadratic[diagonal ? r : 0] = -f * f;
        break;
      }
      case CovarianceShape::tied: break;
    }
  }
  *row = std::max(constant - distance, kernels::kLowestLogit);
}

}  // namespace

kernels::Features FeatureTable::features() const {
  if (!usable) return {};
  return {table.data(), centre.data(), inverse_scale.data(), limit, table.cols()};
}

void feature_table(const Mixture& mixture, const Vector& log_constants, FeatureTable& out) {
  const Factors& factors = mixture.factors;
  const Index n_components = mixture.n_components();
  const Index size = n_features_of_row(factors.shape, mixture.n_features());
  out.usable = false;
  if (size == 0 || size > kMostFeatures) return;

  // About the mean of the mixture, in units of its standard deviations.
  const double total = mixture.weights.sum();
  out.centre.noalias() = mixture.means.transpose() * mixture.weights;
  out.centre /= total;
  out.scale.setZero(mixture.n_features());
  for (Index k = 0; k < n_components; ++k)
    for (Index d = 0; d < mixture.n_features(); ++d) {
      const double difference = mixture.means(k, d) - out.centre[d];
      out.scale[d] += mixture.weights[k] / total * (variance(factors, k, d) + difference * difference);
    }
  out.scale = out.scale.cwiseSqrt();
  out.inverse_scale = out.scale.cwiseInverse();

  double largest = 0;
  out.table.resize(n_components, size);
  for (Index k = 0; k < n_components; ++k) {
    out.difference = (mixture.means.row(k).transpose() - out.centre).cwiseAbs();
    if (!(largest_distance(factors, k, out.difference) <= kLargestFeatureDistance)) return;
    largest = std::max(largest, largest_distance(factors, k, out.scale));
    out.difference = mixture.means.row(k).transpose() - out.centre;
    fill_row(factors, k, out.difference, log_constants[k], out.table.data() + k * size, size);
  }
  if (!(largest > 0) || !std::isfinite(largest)) return;
  out.limit = std::sqrt(kLargestFeatureDistance / largest);
  out.usable = true;
}

}  // namespace gaussmix
