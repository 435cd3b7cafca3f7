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

// The entries of a lower triangle in the order of the coordinates.
template <class Visit>
void for_each_entry(Index n_features, Visit&& visit) {
  for (Index i = 0; i < n_features; ++i)
    for (Index j = 0; j <= i; ++j) visit(i, j);
}

// L^-1 d and L d of component k.
Vector whitened(const Factors& factors, Index k, const Vector& d) {
  switch (factors.shape) {
    case CovarianceShape::full: return factors.inverse_matrix(k).triangularView<Eigen::Lower>() * d;
    case CovarianceShape::tied: return factors.inverse_matrix(0).triangularView<Eigen::Lower>() * d;
    case CovarianceShape::diag:
      return d.cwiseProduct(ConstVectorMap(factors.inverse.data() + k * factors.n_features, factors.n_features));
    case CovarianceShape::spherical: return d * factors.inverse[static_cast<std::size_t>(k)];
  }
  return d;
}

Vector coloured(const Factors& factors, Index k, const Vector& d) {
  switch (factors.shape) {
    case CovarianceShape::full: return factors.lower_matrix(k).triangularView<Eigen::Lower>() * d;
    case CovarianceShape::tied: return factors.lower_matrix(0).triangularView<Eigen::Lower>() * d;
    case CovarianceShape::diag:
      return d.cwiseQuotient(ConstVectorMap(factors.inverse.data() + k * factors.n_features, factors.n_features));
    case CovarianceShape::spherical: return d / factors.inverse[static_cast<std::size_t>(k)];
  }
  return d;
}

}  // namespace

Vector Coordinates::to_vector(const Mixture& mixture) const {
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  const Factors& factors = origin_.factors;
  Vector parameters(n_components * (1 + n_features) + covariance_length(mixture.factors));
  double* out = parameters.data();
  for (Index k = 0; k < n_components; ++k) *out++ = mixture.weights[k] > 0 ? std::log(mixture.weights[k]) : 0.0;
  for (Index k = 0; k < n_components; ++k, out += n_features)
    VectorMap(out, n_features) = whitened(factors, k, (mixture.means.row(k) - origin_.means.row(k)).transpose());
  if (factors.lower.empty()) {
    for (const double inverse : mixture.factors.inverse) *out++ = -std::log(inverse);
    return parameters;
  }
  for (Index i = 0; i < factors.n_matrices(); ++i) {
    const Matrix relative = factors.inverse_matrix(i).triangularView<Eigen::Lower>() * mixture.factors.lower_matrix(i);
    for_each_entry(n_features, [&](Index r, Index c) { *out++ = r == c ? std::log(relative(r, c)) : relative(r, c); });
  }
  return parameters;
}

std::optional<Mixture> Coordinates::from_vector(const Vector& parameters, const Mixture& like) const {
  if (!parameters.allFinite()) return std::nullopt;
  Mixture mixture = like;
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  const Factors& factors = origin_.factors;
  const double* in = parameters.data();
  for (Index k = 0; k < n_components; ++k, ++in) mixture.weights[k] = like.weights[k] > 0 ? std::exp(*in) : 0.0;
  mixture.weights /= mixture.weights.sum();
  for (Index k = 0; k < n_components; ++k, in += n_features)
    mixture.means.row(k) = origin_.means.row(k) + coloured(factors, k, ConstVectorMap(in, n_features)).transpose();
  if (factors.lower.empty()) {
    for (double& variance : mixture.covariances.values) variance = std::exp(2 * *in++);
  } else {
    for (Index i = 0; i < factors.n_matrices(); ++i) {
      Matrix relative = Matrix::Zero(n_features, n_features);
      for_each_entry(n_features, [&](Index r, Index c) { relative(r, c) = r == c ? std::exp(*in++) : *in++; });
      const Matrix lower = factors.lower_matrix(i).triangularView<Eigen::Lower>() * relative;
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

Vector Coordinates::metric() const {
  const Index n_components = origin_.n_components(), n_features = origin_.n_features();
  const Factors& factors = origin_.factors;
  Vector information(n_components * (1 + n_features) + covariance_length(factors));
  double* out = information.data();
  for (Index k = 0; k < n_components; ++k) *out++ = origin_.weights[k];
  for (Index i = 0; i < n_components * n_features; ++i) *out++ = origin_.weights[i / n_features];
  const auto write_triangle = [&](double weight) {
    for_each_entry(n_features, [&](Index r, Index c) { *out++ = r == c ? 2 * weight : weight; });
  };
  switch (factors.shape) {
    case CovarianceShape::full:
      for (Index k = 0; k < n_components; ++k) write_triangle(origin_.weights[k]);
      break;
    case CovarianceShape::tied: write_triangle(1); break;
    case CovarianceShape::diag:
      for (Index i = 0; i < n_components * n_features; ++i) *out++ = 2 * origin_.weights[i / n_features];
      break;
    case CovarianceShape::spherical:
      for (Index k = 0; k < n_components; ++k) *out++ = 2 * static_cast<double>(n_features) * origin_.weights[k];
      break;
  }
  return information;
}

double largest_step(const Mixture& a, const Mixture& b) {
  constexpr double kNegligibleWeight = 1e-12;
  double largest = 0;
  for (Index k = 0; k < a.n_components(); ++k) {
    if (a.weights[k] < kNegligibleWeight && b.weights[k] < kNegligibleWeight) continue;
    const double volume = std::abs(b.factors.log_determinants[k] - a.factors.log_determinants[k]) /
                          (2 * static_cast<double>(a.n_features()));
    const double movement = whitened(a.factors, k, (b.means.row(k) - a.means.row(k)).transpose()).norm();
    largest = std::max({largest, movement, volume, std::abs(b.weights[k] - a.weights[k])});
  }
  return largest;
}

}  // namespace gaussmix
