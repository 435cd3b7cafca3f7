#include "em/m_step.hpp"

#include <cstdio>
#include <optional>

#include "base/errors.hpp"
#include "covariance/factor_form.hpp"

namespace gaussmix {

namespace {

// A share this small belongs to rounding, not to any row.
constexpr double kEmptyShare = 1e-30;

// Scatter of component k per unit of weight, in the layout of `statistics` <- the covariance of component k. An empty
// component then keeps that covariance in any structure, at a weight too small to move the others.
void keep_previous(SufficientStatistics& statistics, Index k, double weight, const Mixture& previous) {
  const Index n_features = statistics.n_features();
  statistics.weight[k] = weight;
  statistics.mean.row(k) = previous.means.row(k);
  const std::vector<double>& values = previous.covariances.values;
  switch (statistics.kind) {
    case ScatterKind::full: statistics.full(k) = weight * previous.covariances.matrix(k); break;
    case ScatterKind::pooled: break;  // one covariance for all: nothing of its own to keep
    case ScatterKind::diag:
      statistics.diag().row(k) = weight * ConstVectorMap(values.data() + k * n_features, n_features).transpose();
      break;
    case ScatterKind::trace:
      statistics.scatter[static_cast<std::size_t>(k)] =
          weight * (values[static_cast<std::size_t>(k)] * static_cast<double>(n_features));
      break;
    case ScatterKind::factor: {
      const Index n_factors = statistics.n_projections;
      const ConstMatrixMap table = previous.covariances.loadings_and_noise(k);
      MatrixMap projected = statistics.projected(k);
      multiply_projections(table, previous.factors.projections_and_noise(k), projected.leftCols(n_factors));
      projected.col(n_factors) = table.leftCols(n_factors).rowwise().squaredNorm() + table.col(n_factors);
      projected *= weight;
      break;
    }
  }
}

// The same with the mean and covariance of the whole data.
void take_overall(SufficientStatistics& statistics, Index k, double weight, const SufficientStatistics& whole) {
  statistics.weight[k] = weight;
  statistics.mean.row(k) = whole.mean.row(0);
  const double unit = weight / whole.weight[0];
  switch (statistics.kind) {
    case ScatterKind::full: statistics.full(k) = unit * whole.full(0); break;
    case ScatterKind::pooled: break;
    case ScatterKind::diag: statistics.diag().row(k) = unit * whole.diag().row(0); break;
    case ScatterKind::trace: statistics.scatter[static_cast<std::size_t>(k)] = unit * whole.scatter[0]; break;
    case ScatterKind::factor: break;  // comes with a previous mixture
  }
}

[[noreturn]] void throw_empty(Index k, double n_effective) {
  char number[32];
  std::snprintf(number, sizeof number, "%.3g", n_effective);
  throw Degenerate("no row is left to component " + std::to_string(k) + " (" + number +
                   " effective rows): use fewer components, begin elsewhere, or let on_degenerate repair, restart or "
                   "drop it");
}

// Fills in the components of at most `negligible` weight.
void fill_empty(SufficientStatistics& statistics, double negligible, const Mixture* previous,
                const Regularisation& regularisation, Repairs& repairs) {
  std::optional<SufficientStatistics> whole;
  for (Index k = 0; k < statistics.n_components(); ++k) {
    if (statistics.weight[k] > negligible) continue;
    if (regularisation.raise) throw_empty(k, statistics.weight[k] * regularisation.rows_per_weight);
    repairs.empty(k, statistics.weight[k]);
    statistics.root.clear();
    if (previous != nullptr) {
      keep_previous(statistics, k, negligible, *previous);
      continue;
    }
    if (!whole) whole = overall(statistics);
    take_overall(statistics, k, negligible, *whole);
  }
}

void add_ridge(SufficientStatistics& statistics, double ridge, double negligible) {
  const auto n_features = static_cast<double>(statistics.n_features());
  for (Index k = 0; k < statistics.n_components(); ++k) {
    const double n = statistics.weight[k];
    if (!(n > negligible)) continue;  // what is kept takes no further ridge
    switch (statistics.kind) {
      case ScatterKind::full: statistics.full(k).diagonal().array() += n * ridge; break;
      case ScatterKind::pooled:
      case ScatterKind::factor: break;  // of structures whose components do not restrict one another
      case ScatterKind::diag: statistics.diag().row(k).array() += n * ridge; break;
      case ScatterKind::trace: statistics.scatter[static_cast<std::size_t>(k)] += n * ridge * n_features; break;
    }
  }
}

// Zero times anything finite is zero.
bool all_finite(const ConstVectorMap& values) { return (0.0 * values).sum() == 0; }

bool all_finite(const SufficientStatistics& statistics) {
  return statistics.weight.allFinite() && statistics.mean.allFinite() &&
         all_finite(ConstVectorMap(statistics.scatter.data(), static_cast<Index>(statistics.scatter.size())));
}

}  // namespace

void m_step(SufficientStatistics& statistics, const Structure& structure, const Regularisation& regularisation,
            const Mixture* previous, const Execution& execution, Workspace& workspace, Repairs& repairs,
            Mixture& mixture) {
  const double total = statistics.weight.sum();
  if (!(total > 0)) throw InvalidArgument("the statistics have no weight: there is nothing to fit a mixture to");
  if (!all_finite(statistics))
    throw InvalidArgument(
        "the sums over the data are not finite: the values leave the range of float64; rescale the data");

  mixture.structure = &structure;
  mixture.weights = statistics.weight / total;
  if (previous != nullptr &&
      (previous->covariances.shape != structure.shape() || previous->covariances.n_factors != structure.n_factors()))
    previous = nullptr;
  const double negligible = kEmptyShare * total;
  if (regularisation.prior) regularisation.prior->add_to(statistics, structure.one_for_all(), workspace);
  fill_empty(statistics, negligible, previous, regularisation, repairs);
  mixture.means = statistics.mean;
  if (regularisation.scatter_ridge > 0) add_ridge(statistics, regularisation.scatter_ridge, negligible);
  structure.maximise(statistics, previous != nullptr ? &previous->covariances : nullptr, regularisation.bound(),
                     workspace, mixture.covariances);
  regularise(mixture.covariances, regularisation, statistics.weight, execution, workspace, repairs, mixture.factors);
  mixture.repaired = repairs.happened();
  // Under a bound on the ratio it is kept as the bound allows, which the others decide.
  if (previous == nullptr || !structure.each_its_own() || regularisation.max_ratio) return;
  for (Index k = 0; k < statistics.n_components(); ++k) {  // what is kept takes no further ridge
    if (statistics.weight[k] > negligible) continue;
    copy_component(previous->covariances, mixture.covariances, k);
    copy_component(previous->factors, mixture.factors, k);
  }
}

Mixture m_step(const SufficientStatistics& given, const Structure& structure, const Regularisation& regularisation,
               const Mixture* previous, const Execution& execution, Repairs& repairs) {
  SufficientStatistics statistics =
      convert(given, given.kind == structure.need_at_start() ? given.kind : structure.need());
  Workspace workspace;
  Mixture mixture;
  m_step(statistics, structure, regularisation, previous, execution, workspace, repairs, mixture);
  return mixture;
}

ColumnScale column_scale(const SufficientStatistics& statistics) {
  const SufficientStatistics whole = overall(statistics);
  const Index n_features = statistics.n_features();
  Vector variance(n_features);
  for (Index d = 0; d < n_features; ++d) {
    double sum = 0;
    switch (statistics.kind) {
      case ScatterKind::full:
      case ScatterKind::pooled: sum = whole.full(0)(d, d); break;
      case ScatterKind::diag: sum = whole.diag()(0, d); break;
      case ScatterKind::trace: sum = whole.scatter[0] / static_cast<double>(n_features); break;
      case ScatterKind::factor: break;  // overall() throws
    }
    variance[d] = sum / whole.weight[0];
  }
  return column_scale(variance, whole.mean.row(0).transpose());
}

}  // namespace gaussmix
