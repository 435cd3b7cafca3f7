#include "covariance/covariances.hpp"

#include <cmath>
#include <cstdio>

#include "base/errors.hpp"
#include "covariance/factor_form.hpp"
#include "linalg/factor.hpp"

namespace gaussmix {

namespace {

[[noreturn]] void throw_not_positive_definite(const Covariances& covariances, const Indefinite& found) {
  char number[32];
  std::snprintf(number, sizeof number, "%.3g", found.pivot);
  std::string which = "the tied covariance";
  if (covariances.shape != CovarianceShape::tied) which = "the covariance of component " + std::to_string(found.number);
  const char* what =
      has_matrices(covariances.shape) ? " (smallest pivot of its correlation matrix: " : " (smallest variance: ";
  throw InvalidArgument(which + " is not positive definite" + what + number + ")");
}

// From the inverse standard deviations of component k; one that stands for all features counts for each.
double log_determinant_of(const Factors& factors, Index k) {
  const Index n = static_cast<Index>(factors.inverse.size()) / factors.n_components;
  const double repeats = static_cast<double>(factors.n_features) / static_cast<double>(n);
  return -2 * repeats * ConstVectorMap(factors.inverse.data() + k * n, n).array().log().sum();
}

std::optional<Indefinite> factorise_variances(const Covariances& covariances, Factors& factors) {
  const Index n = static_cast<Index>(covariances.values.size()) / covariances.n_components;
  for (Index k = 0; k < covariances.n_components; ++k) {
    for (Index d = 0; d < n; ++d) {
      const double variance = covariances.values[static_cast<std::size_t>(k * n + d)];
      if (!(variance > 0) || !std::isfinite(variance)) return Indefinite{k, variance};
      factors.inverse[static_cast<std::size_t>(k * n + d)] = 1.0 / std::sqrt(variance);
    }
    factors.log_determinants[k] = log_determinant_of(factors, k);
  }
  return std::nullopt;
}

std::optional<Indefinite> factorise_matrices(const Covariances& covariances, Factors& factors) {
  for (Index i = 0; i < covariances.n_matrices(); ++i) {
    const FactorReport report = factorise(covariances.matrix(i), factors.lower_matrix(i), factors.inverse_matrix(i));
    if (!report.positive_definite) return Indefinite{i, report.smallest_pivot};
    factors.log_determinants[i] = report.log_determinant;
  }
  if (covariances.shape == CovarianceShape::tied) factors.log_determinants.setConstant(factors.log_determinants[0]);
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CovarianceShape shape) {
  switch (shape) {
    case CovarianceShape::full: return "full";
    case CovarianceShape::tied: return "tied";
    case CovarianceShape::diag: return "diag";
    case CovarianceShape::spherical: return "spherical";
    case CovarianceShape::factor: return "factor";
  }
  return "";
}

Index Covariances::size(CovarianceShape shape, Index n_components, Index n_features, Index n_factors) {
  switch (shape) {
    case CovarianceShape::full: return n_components * n_features * n_features;
    case CovarianceShape::tied: return n_features * n_features;
    case CovarianceShape::diag: return n_components * n_features;
    case CovarianceShape::spherical: return n_components;
    case CovarianceShape::factor: return n_components * n_features * (n_factors + 1);
  }
  return 0;
}

namespace {

// Copies the k-th of n_components equal blocks.
void copy_block(const std::vector<double>& from, std::vector<double>& to, Index k, Index n_components) {
  const Index size = static_cast<Index>(from.size()) / n_components;
  std::copy_n(from.data() + k * size, size, to.data() + k * size);
}

}  // namespace

void copy_component(const Covariances& from, Covariances& to, Index k) {
  if (from.shape != CovarianceShape::tied) copy_block(from.values, to.values, k, from.n_components);
}

void copy_component(const Factors& from, Factors& to, Index k) {
  if (from.shape == CovarianceShape::tied) return;
  copy_block(from.inverse, to.inverse, k, from.n_components);
  if (!from.lower.empty()) copy_block(from.lower, to.lower, k, from.n_components);
  to.log_determinants[k] = from.log_determinants[k];
}

void reshape(Covariances& covariances, CovarianceShape shape, Index n_components, Index n_features, Index n_factors) {
  covariances.shape = shape;
  covariances.n_components = n_components;
  covariances.n_features = n_features;
  covariances.n_factors = n_factors;
  covariances.root.clear();
  covariances.axes.clear();
  covariances.lifted.clear();
  covariances.within_bound = covariances.lost_in_rounding = false;
  covariances.values.resize(static_cast<std::size_t>(Covariances::size(shape, n_components, n_features, n_factors)));
}

void reshape(Factors& factors, CovarianceShape shape, Index n_components, Index n_features, Index n_factors) {
  factors.shape = shape;
  factors.n_components = n_components;
  factors.n_features = n_features;
  factors.n_factors = n_factors;
  const auto size = static_cast<std::size_t>(Covariances::size(shape, n_components, n_features, n_factors));
  factors.inverse.resize(size);
  factors.lower.resize(has_matrices(shape) ? size : 0);
  factors.log_determinants.resize(n_components);
}

std::optional<Indefinite> try_factorise(const Covariances& covariances, Workspace& workspace, Factors& factors) {
  reshape(factors, covariances.shape, covariances.n_components, covariances.n_features, covariances.n_factors);
  if (covariances.shape == CovarianceShape::factor) return factorise_factor_form(covariances, workspace, factors);
  return has_matrices(covariances.shape) ? factorise_matrices(covariances, factors)
                                         : factorise_variances(covariances, factors);
}

void factorise(const Covariances& covariances, Workspace& workspace, Factors& factors) {
  if (const auto found = try_factorise(covariances, workspace, factors))
    throw_not_positive_definite(covariances, *found);
}

Factors factorise(const Covariances& covariances) {
  Workspace workspace;
  Factors factors;
  factorise(covariances, workspace, factors);
  return factors;
}

Vector reciprocal_conditions(const Covariances& covariances) {
  Vector conditions = Vector::Ones(covariances.n_components);
  if (!has_matrices(covariances.shape)) return conditions;
  for (Index i = 0; i < covariances.n_matrices(); ++i) conditions[i] = reciprocal_condition(covariances.matrix(i));
  if (covariances.shape == CovarianceShape::tied) conditions.setConstant(conditions[0]);
  return conditions;
}

Factors from_precisions_cholesky(CovarianceShape shape, Index n_components, Index n_features, const double* upper,
                                 Lower wanted) {
  Factors factors;
  reshape(factors, shape, n_components, n_features);
  std::copy_n(upper, factors.inverse.size(), factors.inverse.data());
  if (!has_matrices(shape)) {
    for (Index k = 0; k < n_components; ++k) factors.log_determinants[k] = log_determinant_of(factors, k);
    return factors;
  }
  for (Index i = 0; i < factors.n_matrices(); ++i) {
    factors.inverse_matrix(i).transposeInPlace();
    factors.log_determinants[i] = -2 * factors.inverse_matrix(i).diagonal().array().log().sum();
    if (wanted == Lower::omitted) continue;
    MatrixMap lower = factors.lower_matrix(i);
    lower.setIdentity();
    factors.inverse_matrix(i).triangularView<Eigen::Lower>().solveInPlace(lower);
  }
  if (shape == CovarianceShape::tied) factors.log_determinants.setConstant(factors.log_determinants[0]);
  return factors;
}

std::vector<double> precisions_cholesky(const Factors& factors) {
  std::vector<double> upper = factors.inverse;
  if (has_matrices(factors.shape))
    for (Index i = 0; i < factors.n_matrices(); ++i)
      MatrixMap(upper.data() + i * factors.n_features * factors.n_features, factors.n_features, factors.n_features)
          .transposeInPlace();
  return upper;
}

}  // namespace gaussmix
