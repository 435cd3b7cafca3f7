#include "em/parameters.hpp"

#include <cmath>

#include "base/errors.hpp"
#include "kernels/interface.hpp"

namespace gaussmix {

namespace {

Index covariance_length(const Factors& factors) {
  return factors.lower.empty() ? static_cast<Index>(factors.inverse.size())
                               : factors.n_matrices() * kernels::packed_size(factors.n_features);
}

// Lower triangle of L in column units, logs on the diagonal.
void write_factor(const ConstMatrixMap& lower, const Vector& scale, double*& out) {
  for (Eigen::Index i = 0; i < lower.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      const double value = lower(i, j) / scale[i];
      *out++ = i == j ? std::log(value) : value;
    }
}

Matrix read_factor(Index n_features, const Vector& scale, const double*& in) {
  Matrix lower = Matrix::Zero(n_features, n_features);
  for (Index i = 0; i < n_features; ++i)
    for (Index j = 0; j <= i; ++j) {
      const double value = *in++;
      lower(i, j) = (i == j ? std::exp(value) : value) * scale[i];
    }
  return lower;
}

double mean_movement(const Mixture& a, const Mixture& b, Index k) {
  const Index n_features = a.n_features();
  const Vector d = (b.means.row(k) - a.means.row(k)).transpose();
  switch (a.factors.shape) {
    case CovarianceShape::full: return (a.factors.inverse_matrix(k).triangularView<Eigen::Lower>() * d).norm();
    case CovarianceShape::tied: return (a.factors.inverse_matrix(0).triangularView<Eigen::Lower>() * d).norm();
    case CovarianceShape::diag:
      return d.cwiseProduct(ConstVectorMap(a.factors.inverse.data() + k * n_features, n_features)).norm();
    case CovarianceShape::spherical: return d.norm() * a.factors.inverse[static_cast<std::size_t>(k)];
  }
  return 0;
}

}  // namespace

Vector Coordinates::to_vector(const Mixture& mixture) const {
  const Index k = mixture.n_components(), d = mixture.n_features();
  Vector parameters(k + k * d + covariance_length(mixture.factors));
  double* out = parameters.data();
  for (Index i = 0; i < k; ++i) *out++ = mixture.weights[i] > 0 ? std::log(mixture.weights[i]) : 0.0;
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < d; ++j) *out++ = (mixture.means(i, j) - origin(i, j)) / column_scale[j];
  if (mixture.factors.lower.empty()) {
    for (const double inverse : mixture.factors.inverse) *out++ = -2 * std::log(inverse);
  } else {
    for (Index i = 0; i < mixture.factors.n_matrices(); ++i)
      write_factor(mixture.factors.lower_matrix(i), column_scale, out);
  }
  return parameters;
}

std::optional<Mixture> Coordinates::from_vector(const Vector& parameters, const Mixture& like) const {
  if (!parameters.allFinite()) return std::nullopt;
  Mixture mixture = like;
  const Index k = like.n_components(), d = like.n_features();
  const double* in = parameters.data();
  for (Index i = 0; i < k; ++i, ++in) mixture.weights[i] = like.weights[i] > 0 ? std::exp(*in) : 0.0;
  mixture.weights /= mixture.weights.sum();
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < d; ++j) mixture.means(i, j) = origin(i, j) + *in++ * column_scale[j];
  if (like.factors.lower.empty()) {
    for (double& variance : mixture.covariances.values) variance = std::exp(*in++);
  } else {
    for (Index i = 0; i < like.factors.n_matrices(); ++i) {
      const Matrix lower = read_factor(d, column_scale, in);
      mixture.covariances.matrix(i) = lower * lower.transpose();
    }
  }
  try {
    mixture.factors = factorise(mixture.covariances);
  } catch (const InvalidArgument&) {  // extrapolated to the edge of what float64 can hold
    return std::nullopt;
  }
  return mixture;
}

double largest_step(const Mixture& a, const Mixture& b) {
  constexpr double kNegligibleWeight = 1e-12;
  double largest = 0;
  for (Index k = 0; k < a.n_components(); ++k) {
    if (a.weights[k] < kNegligibleWeight && b.weights[k] < kNegligibleWeight) continue;
    const double volume = std::abs(b.factors.log_determinants[k] - a.factors.log_determinants[k]) /
                          (2 * static_cast<double>(a.n_features()));
    largest = std::max({largest, mean_movement(a, b, k), volume, std::abs(b.weights[k] - a.weights[k])});
  }
  return largest;
}

}  // namespace gaussmix
