#include "em/parameters.hpp"

#include <cmath>
#include <utility>

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

void read_factor(const Vector& scale, const double*& in, MatrixMap lower) {
  lower.setZero();
  for (Eigen::Index i = 0; i < lower.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      const double value = *in++;
      lower(i, j) = (i == j ? std::exp(value) : value) * scale[i];
    }
}

// covariance = lower lower^T, to the bit symmetric.
void multiply_factor(const ConstMatrixMap& lower, MatrixMap covariance) {
  for (Eigen::Index i = 0; i < lower.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j)
      covariance(i, j) = covariance(j, i) = lower.row(i).head(j + 1).dot(lower.row(j).head(j + 1));
}

double mean_movement(const Mixture& a, const Mixture& b, Index k) {
  const Factors& factors = a.factors;
  const auto d = b.means.row(k) - a.means.row(k);
  switch (factors.shape) {
    case CovarianceShape::full:
    case CovarianceShape::tied: {
      const ConstMatrixMap inverse = factors.inverse_matrix(factors.shape == CovarianceShape::full ? k : 0);
      double squares = 0;
      for (Eigen::Index i = 0; i < inverse.rows(); ++i) {
        const double distance = inverse.row(i).head(i + 1).dot(d.head(i + 1));
        squares += distance * distance;
      }
      return std::sqrt(squares);
    }
    case CovarianceShape::diag:
      return d.transpose()
          .cwiseProduct(ConstVectorMap(factors.inverse.data() + k * factors.n_features, factors.n_features))
          .norm();
    case CovarianceShape::spherical: return d.norm() * factors.inverse[static_cast<std::size_t>(k)];
  }
  return 0;
}

}  // namespace

void Coordinates::to_vector(const Mixture& mixture, Vector& parameters) const {
  const Index k = mixture.n_components(), d = mixture.n_features();
  parameters.resize(k + k * d + covariance_length(mixture.factors));
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
}

bool Coordinates::from_vector(const Vector& parameters, const Mixture& like, Mixture& mixture) const {
  if (!parameters.allFinite()) return false;
  const Index k = like.n_components(), d = like.n_features();
  mixture.structure = like.structure;
  mixture.weights.resize(k);
  mixture.means.resize(k, d);
  reshape(mixture.covariances, like.covariances.shape, k, d);
  reshape(mixture.factors, like.factors.shape, k, d);
  const double* in = parameters.data();
  for (Index i = 0; i < k; ++i, ++in) mixture.weights[i] = like.weights[i] > 0 ? std::exp(*in) : 0.0;
  mixture.weights /= mixture.weights.sum();
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < d; ++j) mixture.means(i, j) = origin(i, j) + *in++ * column_scale[j];
  if (like.factors.lower.empty()) {
    for (double& variance : mixture.covariances.values) variance = std::exp(*in++);
  } else {
    for (Index i = 0; i < like.factors.n_matrices(); ++i) {
      read_factor(column_scale, in, mixture.factors.lower_matrix(i));
      multiply_factor(std::as_const(mixture.factors).lower_matrix(i), mixture.covariances.matrix(i));
    }
  }
  return !try_factorise(mixture.covariances, mixture.factors);  // unless at the edge of what float64 can hold
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
