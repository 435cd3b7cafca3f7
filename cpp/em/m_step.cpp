#include "em/m_step.hpp"

#include "base/errors.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

namespace {

// A share this small belongs to rounding, not to any row.
constexpr double kEmptyShare = 1e-30;

// Scatter of component k per unit of weight, in the layout of `statistics` <- the covariance of component k, or of the
// whole data. An empty component then keeps that covariance in any structure, at a weight too small to move the others.
void fill_empty(SufficientStatistics& statistics, Index k, const Mixture* previous, const SufficientStatistics& whole) {
  const Index n_features = statistics.n_features();
  const double weight = kEmptyShare * whole.weight[0];
  statistics.weight[k] = weight;
  statistics.mean.row(k) = previous != nullptr ? previous->means.row(k) : whole.mean.row(0);
  if (statistics.kind == ScatterKind::pooled) return;  // one covariance for all: nothing of its own to keep
  const double unit = previous != nullptr ? weight : weight / whole.weight[0];
  switch (statistics.kind) {
    case ScatterKind::full:
      statistics.full(k) = unit * (previous != nullptr ? previous->covariances.matrix(k) : whole.full(0));
      break;
    case ScatterKind::pooled: break;
    case ScatterKind::diag: {
      const double* from =
          previous != nullptr ? previous->covariances.values.data() + k * n_features : whole.scatter.data();
      statistics.diag().row(k) = unit * ConstVectorMap(from, n_features).transpose();
      break;
    }
    case ScatterKind::trace:
      statistics.scatter[static_cast<std::size_t>(k)] =
          unit * (previous != nullptr
                      ? previous->covariances.values[static_cast<std::size_t>(k)] * static_cast<double>(n_features)
                      : whole.scatter[0]);
      break;
  }
}

bool all_finite(const SufficientStatistics& statistics) {
  return statistics.weight.allFinite() && statistics.mean.allFinite() &&
         ConstVectorMap(statistics.scatter.data(), static_cast<Index>(statistics.scatter.size())).allFinite();
}

}  // namespace

Mixture m_step(const SufficientStatistics& given, const Structure& structure, const Regularisation& regularisation,
               const Mixture* previous, const Execution& execution, Repairs& repairs) {
  SufficientStatistics statistics = convert(given, structure.need());
  const SufficientStatistics whole = overall(statistics);
  if (!(whole.weight[0] > 0))
    throw InvalidArgument("the statistics have no weight: there is nothing to fit a mixture to");
  if (!all_finite(statistics))
    throw InvalidArgument(
        "the sums over the data are not finite: the values leave the range of float64; rescale the data");

  Mixture mixture;
  mixture.structure = &structure;
  mixture.weights = statistics.weight / whole.weight[0];
  if (previous != nullptr && previous->covariances.shape != structure.shape()) previous = nullptr;
  std::vector<Index> empty;
  for (Index k = 0; k < statistics.n_components(); ++k) {
    if (statistics.weight[k] > kEmptyShare * whole.weight[0]) continue;
    fill_empty(statistics, k, previous, whole);
    empty.push_back(k);
    ++repairs.emptied[static_cast<std::size_t>(k)];
  }
  mixture.means = statistics.mean;
  mixture.covariances = structure.maximise(statistics, previous != nullptr ? &previous->covariances : nullptr);
  mixture.factors = regularise(mixture.covariances, regularisation, given.weight, execution, repairs);
  if (previous != nullptr)
    for (const Index k : empty) {  // what is kept takes no further ridge
      copy_component(previous->covariances, mixture.covariances, k);
      copy_component(previous->factors, mixture.factors, k);
    }
  return mixture;
}

Vector column_scale(const SufficientStatistics& statistics) {
  const SufficientStatistics whole = overall(statistics);
  const Index n_features = statistics.n_features();
  Vector scale(n_features);
  for (Index d = 0; d < n_features; ++d) {
    double sum = 0;
    switch (statistics.kind) {
      case ScatterKind::full:
      case ScatterKind::pooled: sum = whole.full(0)(d, d); break;
      case ScatterKind::diag: sum = whole.diag()(0, d); break;
      case ScatterKind::trace: sum = whole.scatter[0] / static_cast<double>(n_features); break;
    }
    scale[d] = gaussmix::column_scale(sum / whole.weight[0], statistics.mean.col(d).cwiseAbs().maxCoeff());
  }
  return scale;
}

}  // namespace gaussmix
