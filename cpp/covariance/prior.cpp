#include "covariance/prior.hpp"

namespace gaussmix {

namespace {

// What stands in the exponent of the determinant beside n_k, and for one variance of D equal ones per unit of D.
double prior_weight(ScatterKind kind, double dof, Index n_features, Index n_components) {
  const auto d = static_cast<double>(n_features);
  switch (kind) {
    case ScatterKind::full: return dof + d + 2;
    case ScatterKind::pooled: return (dof + d + 1) / static_cast<double>(n_components) + 1;  // times K in all
    case ScatterKind::diag: return dof + 3;
    case ScatterKind::trace: return (dof + d + 2) / d;
  }
  return 0;
}

ScatterKind kind_of(CovarianceShape shape) {
  switch (shape) {
    case CovarianceShape::full: return ScatterKind::full;
    case CovarianceShape::tied: return ScatterKind::pooled;
    case CovarianceShape::diag: return ScatterKind::diag;
    case CovarianceShape::spherical: return ScatterKind::trace;
  }
  return ScatterKind::full;
}

}  // namespace

void Prior::add_to(SufficientStatistics& statistics) const {
  const Index n_features = statistics.n_features(), n_components = statistics.n_components();
  const double tau = shrinkage / unit;
  if (statistics.kind == ScatterKind::pooled) statistics.pooled() += scale / unit;
  for (Index k = 0; k < n_components; ++k) {
    const double n = statistics.weight[k];
    const Vector shift = statistics.mean.row(k).transpose() - mean;
    const double shrunk = tau * n / (tau + n);
    switch (statistics.kind) {
      case ScatterKind::full:
        statistics.full(k) += scale / unit;
        add_outer_product(statistics.full(k), shift, shrunk);
        break;
      case ScatterKind::pooled: add_outer_product(statistics.pooled(), shift, shrunk); break;
      case ScatterKind::diag:
        statistics.diag().row(k) += (scale.diagonal() / unit + shrunk * shift.cwiseAbs2()).transpose();
        break;
      case ScatterKind::trace:
        statistics.scatter[static_cast<std::size_t>(k)] +=
            scale.diagonal().mean() / unit + shrunk * shift.squaredNorm();
        break;
    }
    statistics.mean.row(k) -= (tau / (tau + n) * shift).transpose();
    statistics.weight[k] += prior_weight(statistics.kind, dof, n_features, n_components) / unit;
  }
}

double Prior::log_density(const Matrix& means, const Factors& factors) const {
  const Index n_components = means.rows(), n_features = means.cols();
  const ScatterKind kind = kind_of(factors.shape);
  const double weight = prior_weight(kind, dof, n_features, n_components) *
                        (kind == ScatterKind::trace ? static_cast<double>(n_features) : 1.0);
  double sum = 0;
  for (Index k = 0; k < n_components; ++k) {
    const Vector shift = means.row(k).transpose() - mean;
    double quadratic = 0, log_determinant = factors.log_determinants[k];
    if (factors.shape == CovarianceShape::full || factors.shape == CovarianceShape::tied) {
      const Index i = factors.shape == CovarianceShape::tied ? 0 : k;
      const Matrix precision = factors.inverse_matrix(i).transpose() * factors.inverse_matrix(i);
      const double share = factors.shape == CovarianceShape::tied ? 1.0 / static_cast<double>(n_components) : 1.0;
      quadratic = share * precision.cwiseProduct(scale).sum() + shrinkage * shift.dot(precision * shift);
    } else if (factors.shape == CovarianceShape::diag) {
      const ConstVectorMap inverse(factors.inverse.data() + k * n_features, n_features);
      quadratic = inverse.cwiseAbs2().dot(scale.diagonal() + shrinkage * shift.cwiseAbs2());
    } else {
      const double inverse = factors.inverse[static_cast<std::size_t>(k)];
      quadratic = inverse * inverse * (scale.diagonal().mean() + shrinkage * shift.squaredNorm());
      log_determinant /= static_cast<double>(n_features);
    }
    sum -= 0.5 * (weight * log_determinant + quadratic);
  }
  return sum / unit;
}

}  // namespace gaussmix
