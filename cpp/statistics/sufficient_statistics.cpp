#include "statistics/sufficient_statistics.hpp"

#include "base/errors.hpp"

namespace gaussmix {

namespace {

// scatter_k += factor d d^T, in as much detail as the statistics keep.
void add_to_scatter(SufficientStatistics& s, Index k, const Vector& d, double factor) {
  switch (s.kind) {
    case ScatterKind::full: add_outer_product(s.full(k), d, factor); break;
    case ScatterKind::pooled: add_outer_product(s.pooled(), d, factor); break;
    case ScatterKind::diag: s.diag().row(k) += factor * d.cwiseProduct(d).transpose(); break;
    case ScatterKind::trace: s.scatter[static_cast<std::size_t>(k)] += factor * d.squaredNorm(); break;
    case ScatterKind::factor: throw InvalidArgument("statistics of factor analysers do not add up");
  }
}

// Of two data sets together, from sum w^2 = (sum w)^2 / n_effective. Shares of the weight stay in the range of float64 where
// squares of weights do not.
double joint_n_effective(const SufficientStatistics& a, const SufficientStatistics& b) {
  if (!(a.total_weight > 0)) return b.n_effective;
  if (!(b.total_weight > 0)) return a.n_effective;
  const double total = a.total_weight + b.total_weight;
  const double p = a.total_weight / total, q = b.total_weight / total;
  return 1 / (p * p / a.n_effective + q * q / b.n_effective);
}

}  // namespace

void add_outer_product(MatrixMap out, const VectorView& d, double factor) {
  for (Eigen::Index i = 0; i < out.rows(); ++i) {
    const double scaled = factor * d[i];
    for (Eigen::Index j = 0; j < i; ++j) out(j, i) = out(i, j) += scaled * d[j];
    out(i, i) += scaled * d[i];
  }
}

bool can_convert(ScatterKind from, ScatterKind to) {
  return from == to || (from == ScatterKind::full && to != ScatterKind::factor) ||
         (from == ScatterKind::diag && to == ScatterKind::trace);
}

Index scatter_size(ScatterKind kind, Index n_components, Index n_features, Index n_projections) {
  switch (kind) {
    case ScatterKind::full: return n_components * n_features * n_features;
    case ScatterKind::pooled: return n_features * n_features;
    case ScatterKind::diag: return n_components * n_features;
    case ScatterKind::trace: return n_components;
    case ScatterKind::factor: return n_components * n_features * (n_projections + 1);
  }
  return 0;
}

void reshape(SufficientStatistics& statistics, ScatterKind kind, Index n_components, Index n_features,
             Index n_projections) {
  statistics.kind = kind;
  statistics.weight.resize(n_components);
  statistics.mean.resize(n_components, n_features);
  statistics.scatter.resize(static_cast<std::size_t>(scatter_size(kind, n_components, n_features, n_projections)));
  statistics.n_projections = n_projections;
  statistics.root.clear();
}

SufficientStatistics make_statistics(ScatterKind kind, Index n_components, Index n_features) {
  SufficientStatistics s;
  reshape(s, kind, n_components, n_features);
  s.weight.setZero();
  s.mean.setZero();
  return s;
}

void scale(SufficientStatistics& statistics, double factor) {
  statistics.weight *= factor;
  for (double& value : statistics.scatter) value *= factor;
  statistics.root.clear();
  statistics.log_likelihood *= factor;
  statistics.total_weight *= factor;
}

SufficientStatistics convert(const SufficientStatistics& statistics, ScatterKind kind) {
  if (!can_convert(statistics.kind, kind))
    throw InvalidArgument("the statistics keep less of the scatter than this covariance structure needs");
  if (statistics.kind == kind) return statistics;
  SufficientStatistics s = statistics;
  s.kind = kind;
  s.root.clear();
  s.scatter.assign(static_cast<std::size_t>(scatter_size(kind, s.n_components(), s.n_features())), 0.0);
  for (Index k = 0; k < s.n_components(); ++k) {
    switch (kind) {
      case ScatterKind::full:
      case ScatterKind::factor: break;  // only from itself
      case ScatterKind::pooled: s.pooled() += statistics.full(k); break;
      case ScatterKind::diag: s.diag().row(k) = statistics.full(k).diagonal().transpose(); break;
      case ScatterKind::trace:
        s.scatter[static_cast<std::size_t>(k)] =
            statistics.kind == ScatterKind::full ? statistics.full(k).trace() : statistics.diag().row(k).sum();
        break;
    }
  }
  return s;
}

void merge(SufficientStatistics& a, const SufficientStatistics& b) {
  if (a.kind != b.kind || a.mean.rows() != b.mean.rows() || a.mean.cols() != b.mean.cols())
    throw InvalidArgument("statistics of different shape or kind cannot be merged");
  a.root.clear();
  for (std::size_t i = 0; i < a.scatter.size(); ++i) a.scatter[i] += b.scatter[i];
  for (Index k = 0; k < a.n_components(); ++k) {
    const double weight = a.weight[k] + b.weight[k];
    if (!(b.weight[k] > 0)) continue;
    if (!(a.weight[k] > 0)) {
      a.mean.row(k) = b.mean.row(k);
    } else {
      const Vector d = (b.mean.row(k) - a.mean.row(k)).transpose();
      const double share = b.weight[k] / weight;
      a.mean.row(k) += share * d.transpose();
      add_to_scatter(a, k, d, a.weight[k] * share);
    }
    a.weight[k] = weight;
  }
  a.log_likelihood += b.log_likelihood;
  a.n_effective = joint_n_effective(a, b);
  a.total_weight += b.total_weight;
  a.n_rows += b.n_rows;
}

SufficientStatistics overall(const SufficientStatistics& statistics) {
  SufficientStatistics s = make_statistics(statistics.kind, 1, statistics.n_features());
  s.log_likelihood = statistics.log_likelihood;
  s.total_weight = statistics.total_weight;
  s.n_effective = statistics.n_effective;
  s.n_rows = statistics.n_rows;
  s.weight[0] = statistics.weight.sum();
  if (!(s.weight[0] > 0)) return s;
  // Relative to the heaviest mean, so that a common offset cannot cancel.
  Eigen::Index heaviest = 0;
  statistics.weight.maxCoeff(&heaviest);
  const Vector origin = statistics.mean.row(heaviest).transpose();
  Vector shift = Vector::Zero(statistics.n_features());
  for (Index k = 0; k < statistics.n_components(); ++k)
    shift += statistics.weight[k] / s.weight[0] * (statistics.mean.row(k).transpose() - origin);
  s.mean.row(0) = (origin + shift).transpose();
  for (Index k = 0; k < statistics.n_components(); ++k) {
    switch (s.kind) {
      case ScatterKind::full: s.full(0) += statistics.full(k); break;
      case ScatterKind::pooled: break;
      case ScatterKind::diag: s.diag().row(0) += statistics.diag().row(k); break;
      case ScatterKind::trace: s.scatter[0] += statistics.scatter[static_cast<std::size_t>(k)]; break;
      case ScatterKind::factor: break;  // adding to it throws
    }
    const Vector d = statistics.mean.row(k).transpose() - origin - shift;
    add_to_scatter(s, 0, d, statistics.weight[k]);
  }
  if (s.kind == ScatterKind::pooled) s.pooled() += statistics.pooled();
  return s;
}

}  // namespace gaussmix
