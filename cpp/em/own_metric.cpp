#include "em/own_metric.hpp"

#include <limits>

#include "linalg/conditioning.hpp"
#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

// Where a scatter of x keeps no more than 1e-10 of the thinnest direction.
constexpr double kLargestCondition = 1e6;

// A root that the pivoted factorisation would call singular to working precision is left to it.
bool above_rounding(const MatrixMap& root) {
  const double smallest = static_cast<double>(root.rows()) * std::numeric_limits<double>::epsilon();
  for (Eigen::Index i = 0; i < root.rows(); ++i)
    if (!(root(i, i) * root(i, i) > smallest * root.row(i).head(i + 1).squaredNorm())) return false;
  return true;
}

}  // namespace

bool OwnMetric::needed(const Mixture& mixture, ScatterKind kind) {
  const Factors& factors = mixture.factors;
  if (mixture.repaired) return false;
  if (!(factors.shape == CovarianceShape::full && kind == ScatterKind::full) &&
      !(factors.shape == CovarianceShape::tied && kind == ScatterKind::pooled))
    return false;
  for (Index i = 0; i < factors.n_matrices(); ++i)
    if (inverse_correlation_trace(factors.lower_matrix(i), factors.inverse_matrix(i)) > kLargestCondition) return true;
  return false;
}

// square_ += S - s s^T / n, in the units of y.
void OwnMetric::take_square(const double* packed, double weight, const Vector& shift) {
  constexpr double kUnit = 1 / (kLogitScale * kLogitScale);
  for (Eigen::Index i = 0; i < square_.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) square_(i, j) += kUnit * *packed++ - weight * shift[i] * shift[j];
}

// square_ = M M^T -> root L M, or zero; scatter.
void OwnMetric::take_root(const ConstMatrixMap& lower, MatrixMap scatter, MatrixMap root) {
  factor_ = square_;
  Eigen::LLT<Eigen::Ref<Matrix>> llt(factor_);
  const bool found = llt.info() == Eigen::Success;
  if (found) {
    factor_.triangularView<Eigen::StrictlyUpper>().setZero();
    root.noalias() = lower.triangularView<Eigen::Lower>() * factor_;
  }
  if (found && above_rounding(root)) {
    scatter.setZero();
    scatter.selfadjointView<Eigen::Lower>().rankUpdate(root);
  } else {
    square_.triangularView<Eigen::StrictlyUpper>() = square_.transpose();
    factor_.noalias() = lower.triangularView<Eigen::Lower>() * square_;
    scatter.noalias() = lower.triangularView<Eigen::Lower>() * factor_.transpose();
    root.setZero();
  }
  scatter.triangularView<Eigen::StrictlyUpper>() = scatter.transpose();
}

void OwnMetric::finish(const double* sums, const kernels::Layout& layout, const Mixture& mixture,
                       SufficientStatistics& statistics) {
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  const bool pooled = statistics.kind == ScatterKind::pooled;
  statistics.root.resize(statistics.scatter.size());
  const auto root_of = [&](Index k) {
    return MatrixMap(statistics.root.data() + k * n_features * n_features, n_features, n_features);
  };
  square_.setZero(n_features, n_features);
  for (Index k = 0; k < n_components; ++k) {
    const Index i = mixture.factors.shape == CovarianceShape::tied ? 0 : k;
    const double weight = sums[layout.weight + k];
    statistics.weight[k] = weight;
    statistics.mean.row(k) = mixture.means.row(k);
    if (!pooled) square_.setZero();
    if (weight > 0) {
      first_ = ConstVectorMap(sums + layout.sum + k * n_features, n_features) / (kLogitScale * weight);
      shift_.noalias() = mixture.factors.lower_matrix(i).triangularView<Eigen::Lower>() * first_;
      statistics.mean.row(k) += shift_.transpose();
      take_square(sums + layout.scatter + k * layout.scatter_size, weight, first_);
    }
    if (!pooled) take_root(mixture.factors.lower_matrix(k), statistics.full(k), root_of(k));
  }
  if (pooled) take_root(mixture.factors.lower_matrix(0), statistics.pooled(), root_of(0));
}

}  // namespace gaussmix
