#include "em/parameters.hpp"

#include <cmath>
#include <utility>

#include "em/factor_coordinates.hpp"
#include "kernels/interface.hpp"

namespace gaussmix {

namespace {

Index covariance_length(const Factors& factors) {
  return factors.lower.empty() ? static_cast<Index>(factors.inverse.size())
                               : factors.n_matrices() * kernels::packed_size(factors.n_features);
}

// The entries of a lower triangle in the order of the coordinates.
template <class Visit>
void for_each_entry(Eigen::Index n_features, Visit&& visit) {
  for (Eigen::Index i = 0; i < n_features; ++i)
    for (Eigen::Index j = 0; j <= i; ++j) visit(i, j);
}

// Entry (i, j) of the product of two lower triangles.
double product_entry(const ConstMatrixMap& a, const ConstMatrixMap& b, Eigen::Index i, Eigen::Index j) {
  double sum = 0;
  for (Eigen::Index l = j; l <= i; ++l) sum += a(i, l) * b(l, j);
  return sum;
}

// covariance = lower lower^T, to the bit symmetric.
void multiply_factor(const ConstMatrixMap& lower, MatrixMap covariance) {
  for_each_entry(lower.rows(), [&](Eigen::Index i, Eigen::Index j) {
    covariance(i, j) = covariance(j, i) = lower.row(i).head(j + 1).dot(lower.row(j).head(j + 1));
  });
}

// The matrix of component k, or the one for all.
Index matrix_of(const Factors& factors, Index k) { return factors.n_matrices() == 1 ? 0 : k; }

// Number i of the 1 / sd of component k.
double inverse_deviation(const Factors& factors, Index k, Index i) {
  const Index at = factors.shape == CovarianceShape::diag ? k * factors.n_features + i : k;
  return factors.inverse[static_cast<std::size_t>(at)];
}

// Entry i of L^-1 d.
template <class Difference>
double whitened(const Factors& factors, Index k, const Difference& d, Index i) {
  if (factors.lower.empty()) return inverse_deviation(factors, k, i) * d[i];
  return factors.inverse_matrix(matrix_of(factors, k)).row(i).head(i + 1).dot(d.head(i + 1));
}

// Entry i of L d.
double coloured(const Factors& factors, Index k, const double* d, Index i) {
  if (factors.lower.empty()) return d[i] / inverse_deviation(factors, k, i);
  return factors.lower_matrix(matrix_of(factors, k)).row(i).head(i + 1).transpose().dot(ConstVectorMap(d, i + 1));
}

// Enough for a ratio of weights to be a number.
bool has_weight(const Mixture& mixture, Index k) { return mixture.weights[k] > 1e-300; }

double mean_movement(const Mixture& a, const Mixture& b, Index k) {
  const auto d = b.means.row(k) - a.means.row(k);
  if (a.factors.shape == CovarianceShape::factor) {
    const ConstMatrixMap table = a.factors.projections_and_noise(k);
    const Index n_factors = table.cols() - 1;
    double squares = table.col(n_factors).cwiseProduct(d.transpose()).squaredNorm();
    for (Index i = 0; i < n_factors; ++i) {
      const double explained = d.dot(table.col(i));
      squares -= explained * explained;
    }
    return std::sqrt(std::max(0.0, squares));
  }
  double squares = 0;
  for (Index i = 0; i < a.n_features(); ++i) {
    const double distance = whitened(a.factors, k, d, i);
    squares += distance * distance;
  }
  return std::sqrt(squares);
}

}  // namespace

// visit(coordinates of component k, offset of its numbers from the first component's).
template <class Visit>
void Coordinates::for_each_analyser(Visit&& visit) const {
  const Index length = FactorCoordinates::length(origin_.n_features(), origin_.covariances.n_factors);
  for (Index k = 0; k < origin_.n_components(); ++k) {
    const Workspace::Scope scope(workspace_);
    visit(FactorCoordinates(origin_, k, workspace_), k * length);
  }
}

void Coordinates::to_vector(const Mixture& mixture, Vector& parameters) const {
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  const Factors& units = origin_.factors;
  parameters.resize(n_components * (1 + n_features) + covariance_length(units));
  double* out = parameters.data();
  for (Index k = 0; k < n_components; ++k)
    *out++ = has_weight(origin_, k) && has_weight(mixture, k) ? std::log(mixture.weights[k] / origin_.weights[k]) : 0.0;
  if (units.shape == CovarianceShape::factor)
    return for_each_analyser(
        [&](const FactorCoordinates& analyser, Index offset) { analyser.to_vector(mixture, out + offset); });
  for (Index k = 0; k < n_components; ++k)
    for (Index i = 0; i < n_features; ++i) *out++ = whitened(units, k, mixture.means.row(k) - origin_.means.row(k), i);
  if (units.lower.empty()) {
    for (std::size_t i = 0; i < units.inverse.size(); ++i)
      *out++ = std::log(units.inverse[i] / mixture.factors.inverse[i]);
    return;
  }
  for (Index m = 0; m < units.n_matrices(); ++m)
    for_each_entry(n_features, [&](Eigen::Index i, Eigen::Index j) {
      const double entry = product_entry(units.inverse_matrix(m), mixture.factors.lower_matrix(m), i, j);
      *out++ = i == j ? std::log(entry) : entry;
    });
}

bool Coordinates::from_vector(const Vector& parameters, const Mixture& like, Mixture& mixture) const {
  if (!parameters.allFinite()) return false;
  const Index n_components = like.n_components(), n_features = like.n_features();
  const Factors& units = origin_.factors;
  mixture.structure = like.structure;
  mixture.repaired = like.repaired;
  mixture.weights.resize(n_components);
  mixture.means.resize(n_components, n_features);
  reshape(mixture.covariances, like.covariances.shape, n_components, n_features, like.covariances.n_factors);
  reshape(mixture.factors, like.factors.shape, n_components, n_features, like.factors.n_factors);
  const double* in = parameters.data();
  for (Index k = 0; k < n_components; ++k, ++in)
    mixture.weights[k] =
        has_weight(origin_, k) && has_weight(like, k) ? origin_.weights[k] * std::exp(*in) : like.weights[k];
  mixture.weights /= mixture.weights.sum();
  if (units.shape == CovarianceShape::factor)
    for_each_analyser(
        [&](const FactorCoordinates& analyser, Index offset) { analyser.from_vector(in + offset, mixture); });
  else
    write_gaussians(in, mixture);
  // Unless at the edge of what float64 can hold.
  return !try_factorise(mixture.covariances, workspace_, mixture.factors);
}

// Means and covariances.
void Coordinates::write_gaussians(const double* in, Mixture& mixture) const {
  const Index n_components = origin_.n_components(), n_features = origin_.n_features();
  const Factors& units = origin_.factors;
  for (Index k = 0; k < n_components; ++k, in += n_features)
    for (Index i = 0; i < n_features; ++i) mixture.means(k, i) = origin_.means(k, i) + coloured(units, k, in, i);
  if (units.lower.empty()) {
    for (std::size_t i = 0; i < units.inverse.size(); ++i) {
      const double deviation = std::exp(*in++) / units.inverse[i];
      mixture.covariances.values[i] = deviation * deviation;
    }
  } else {
    for (Index m = 0; m < units.n_matrices(); ++m) {
      MatrixMap relative = mixture.covariances.matrix(m);  // until the covariance itself is there
      MatrixMap lower = mixture.factors.lower_matrix(m);
      for_each_entry(n_features,
                     [&](Eigen::Index i, Eigen::Index j) { relative(i, j) = i == j ? std::exp(*in++) : *in++; });
      lower.setZero();
      for_each_entry(n_features, [&](Eigen::Index i, Eigen::Index j) {
        lower(i, j) = product_entry(units.lower_matrix(m), std::as_const(mixture.covariances).matrix(m), i, j);
      });
      multiply_factor(std::as_const(mixture.factors).lower_matrix(m), mixture.covariances.matrix(m));
    }
  }
}

void Coordinates::metric(Vector& information) const {
  const Index n_components = origin_.n_components(), n_features = origin_.n_features();
  const Factors& factors = origin_.factors;
  information.resize(n_components * (1 + n_features) + covariance_length(factors));
  double* out = information.data();
  for (Index k = 0; k < n_components; ++k) *out++ = origin_.weights[k];
  if (factors.shape == CovarianceShape::factor) {
    const Index n_factors = factors.n_factors, length = FactorCoordinates::length(n_features, n_factors);
    for (Index k = 0; k < n_components; ++k)
      FactorCoordinates::metric(n_features, n_factors, origin_.weights[k], out + k * length);
    return;
  }
  for (Index i = 0; i < n_components * n_features; ++i) *out++ = origin_.weights[i / n_features];
  const auto write_triangle = [&](double weight) {
    for_each_entry(n_features, [&](Eigen::Index i, Eigen::Index j) { *out++ = i == j ? 2 * weight : weight; });
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
    case CovarianceShape::factor: break;  // see above
  }
}

void Coordinates::leave_out_vanishing_noise(Vector& parameters) const {
  const Index n_components = origin_.n_components(), n_features = origin_.n_features();
  const Index length = FactorCoordinates::length(n_features, origin_.factors.n_factors);
  for (Index k = 0; k < n_components; ++k) {
    auto noise = parameters.segment(n_components + (k + 1) * length - n_features, n_features);
    noise = noise.cwiseMax(0.0);
  }
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
