#include "covariance/prior.hpp"

namespace gaussmix {

namespace {

// What stands in the exponent of the determinant beside n_k, and for one variance of D equal ones per unit of D. The prior of
// a covariance counts once for all `sharers`, that of the means for each.
double prior_weight(ScatterKind kind, double dof, Index n_features, double sharers) {
  const auto d = static_cast<double>(n_features);
  switch (kind) {
    case ScatterKind::full:
    case ScatterKind::pooled: return (dof + d + 1) / sharers + 1;
    case ScatterKind::diag: return (dof + 2) / sharers + 1;
    case ScatterKind::trace: return (dof + 2) / (sharers * d) + 1;
    case ScatterKind::factor: break;  // has no prior
  }
  return 0;
}

ScatterKind kind_of(CovarianceShape shape) {
  switch (shape) {
    case CovarianceShape::full: return ScatterKind::full;
    case CovarianceShape::tied: return ScatterKind::pooled;
    case CovarianceShape::diag: return ScatterKind::diag;
    case CovarianceShape::spherical: return ScatterKind::trace;
    case CovarianceShape::factor: return ScatterKind::factor;
  }
  return ScatterKind::full;
}

}  // namespace

void Prior::add_to(SufficientStatistics& statistics, bool one_for_all, Workspace& workspace) const {
  const Workspace::Scope scope(workspace);
  const Index n_features = statistics.n_features(), n_components = statistics.n_components();
  const double tau = shrinkage / unit;
  const double sharers = one_for_all ? static_cast<double>(n_components) : 1.0, share = 1 / (unit * sharers);
  if (statistics.kind == ScatterKind::pooled) statistics.pooled() += scale / unit;
  VectorMap shift = workspace.vector(n_features);
  for (Index k = 0; k < n_components; ++k) {
    const double n = statistics.weight[k];
    shift = statistics.mean.row(k).transpose() - mean;
    const double shrunk = tau * n / (tau + n);
    switch (statistics.kind) {
      case ScatterKind::full:
        statistics.full(k) += share * scale;
        add_outer_product(statistics.full(k), shift, shrunk);
        break;
      case ScatterKind::pooled: add_outer_product(statistics.pooled(), shift, shrunk); break;
      case ScatterKind::diag:
        statistics.diag().row(k) += (share * scale.diagonal() + shrunk * shift.cwiseAbs2()).transpose();
        break;
      case ScatterKind::trace:
        statistics.scatter[static_cast<std::size_t>(k)] +=
            share * scale.diagonal().mean() + shrunk * shift.squaredNorm();
        break;
      case ScatterKind::factor: break;
    }
    statistics.mean.row(k) -= (tau / (tau + n) * shift).transpose();
    statistics.weight[k] += prior_weight(statistics.kind, dof, n_features, sharers) / unit;
  }
}

double Prior::log_density(const Matrix& means, const Factors& factors, bool one_for_all, Workspace& workspace) const {
  const Workspace::Scope scope(workspace);
  const Index n_components = means.rows(), n_features = means.cols();
  const ScatterKind kind = kind_of(factors.shape);
  const double sharers = one_for_all ? static_cast<double>(n_components) : 1.0;
  const double weight = prior_weight(kind, dof, n_features, sharers) *
                        (kind == ScatterKind::trace ? static_cast<double>(n_features) : 1.0);
  double sum = 0;
  VectorMap shift = workspace.vector(n_features);
  for (Index k = 0; k < n_components; ++k) {
    shift = means.row(k).transpose() - mean;
    double quadratic = 0, log_determinant = factors.log_determinants[k];
    if (has_matrices(factors.shape)) {
      const Index i = factors.shape == CovarianceShape::tied ? 0 : k;
      const Workspace::Scope of_one(workspace);
      const ConstMatrixMap inverse = factors.inverse_matrix(i);
      MatrixMap precision = workspace.matrix(n_features, n_features);
      VectorMap whitened = workspace.vector(n_features);
      precision.noalias() = inverse.transpose() * inverse;
      whitened.noalias() = inverse * shift;
      quadratic = precision.cwiseProduct(scale).sum() / sharers + shrinkage * whitened.squaredNorm();
    } else if (factors.shape == CovarianceShape::diag) {
      const ConstVectorMap inverse(factors.inverse.data() + k * n_features, n_features);
      quadratic = inverse.cwiseAbs2().dot(scale.diagonal() / sharers + shrinkage * shift.cwiseAbs2());
    } else {
      const double inverse = factors.inverse[static_cast<std::size_t>(k)];
      quadratic = inverse * inverse * (scale.diagonal().mean() / sharers + shrinkage * shift.squaredNorm());
      log_determinant /= static_cast<double>(n_features);
    }
    sum -= 0.5 * (weight * log_determinant + quadratic);
  }
  return sum / unit;
}

}  // namespace gaussmix
