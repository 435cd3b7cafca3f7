#include "em/e_step.hpp"

#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

kernels::Scatter kernel_scatter(ScatterKind kind) {
  switch (kind) {
    case ScatterKind::full:
    case ScatterKind::pooled: return kernels::Scatter::full;
    case ScatterKind::diag: return kernels::Scatter::diagonal;
    case ScatterKind::trace: return kernels::Scatter::trace;
  }
  return kernels::Scatter::none;
}

void unpack_symmetric(const double* packed, MatrixMap out) {
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) out(i, j) = out(j, i) = *packed++;
}

// The feature form sums just those products that its densities are made of.
Form features_serve(CovarianceShape shape, ScatterKind kind) {
  const bool same = (shape == CovarianceShape::full && kind == ScatterKind::full) ||
                    (shape == CovarianceShape::diag && kind == ScatterKind::diag) ||
                    (shape == CovarianceShape::spherical && kind == ScatterKind::trace);
  return same ? Form::features : Form::centred;
}

// Sums about `centre` -> weight, mean, scatter about the mean: W = S - s s^T / n. The centre is the previous mean, so s / n
// is one step of EM and nothing cancels.
void finish_component(const double* sums, const kernels::Layout& layout, Index k, const Matrix& centres,
                      SufficientStatistics& statistics) {
  const Index n_features = statistics.n_features();
  const double weight = sums[layout.weight + k];
  const ConstVectorMap first(sums + layout.sum + k * n_features, n_features);
  const double* scatter = sums + layout.scatter + k * layout.scatter_size;
  statistics.weight[k] = weight;
  statistics.mean.row(k) = centres.row(k);
  if (!(weight > 0)) return;
  const Vector shift = first / weight;
  statistics.mean.row(k) += shift.transpose();
  switch (statistics.kind) {
    case ScatterKind::full: {
      MatrixMap out = statistics.full(k);
      unpack_symmetric(scatter, out);
      add_outer_product(out, shift, -weight);
      break;
    }
    case ScatterKind::pooled: break;  // summed from `full` by convert()
    case ScatterKind::diag:
      statistics.diag().row(k) =
          (ConstVectorMap(scatter, n_features) - weight * shift.cwiseProduct(shift)).cwiseMax(0.0).transpose();
      break;
    case ScatterKind::trace:
      statistics.scatter[static_cast<std::size_t>(k)] = std::max(0.0, *scatter - weight * shift.squaredNorm());
      break;
  }
}

}  // namespace

kernels::Task EStep::task(const kernels::Density& density, kernels::Source source) const {
  kernels::Task task;
  task.density = density;
  task.rows = data_.rows();
  task.source = source;
  return task;
}

SufficientStatistics EStep::new_statistics(ScatterKind kind, Index n_components) const {
  SufficientStatistics statistics = make_statistics(kind, n_components, data_.n_features);
  statistics.total_weight = totals_.weight;
  statistics.total_squared_weight = totals_.squared_weight;
  statistics.n_rows = totals_.n_rows;
  return statistics;
}

SufficientStatistics EStep::run(const kernels::Density& density, kernels::Source source, const Matrix& centres,
                                ScatterKind kind, const double* responsibilities) {
  kernels::Task task = this->task(density, source);
  task.rows.responsibilities = responsibilities;
  task.scatter = kernel_scatter(kind);
  const double* sums = pass_.run(task, data_.n_rows);
  const kernels::Layout layout =
      kernels::make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter);

  const ScatterKind gathered = kind == ScatterKind::pooled ? ScatterKind::full : kind;
  SufficientStatistics statistics = new_statistics(gathered, density.n_components);
  statistics.log_likelihood = sums[layout.log_likelihood];
  for (Index k = 0; k < density.n_components; ++k) finish_component(sums, layout, k, centres, statistics);
  return convert(statistics, kind);
}

SufficientStatistics EStep::operator()(const Mixture& mixture, ScatterKind kind) {
  if (mixture.factors.shape == CovarianceShape::tied) {
    if (kind == ScatterKind::pooled) return run_whitened(mixture);
    const KernelParameters parameters = unwhitened_kernel_parameters(mixture);
    return run(parameters.density(), kernels::Source::softmax, mixture.means, kind, nullptr);
  }
  const KernelParameters parameters = kernel_parameters(mixture, features_serve(mixture.factors.shape, kind));
  return run(parameters.density(), kernels::Source::softmax, mixture.means, kind, nullptr);
}

// With y = L^-1 (x - c) the log-densities need D operations per component instead of D^2 / 2, and the within scatter is the
// constant total scatter less the scatter of the means.
SufficientStatistics EStep::run_whitened(const Mixture& mixture) {
  const KernelParameters parameters = kernel_parameters(mixture, Form::features);
  const Index n_features = data_.n_features;
  const ConstMatrixMap inverse = mixture.factors.inverse_matrix(0);
  const double ratio =
      total_scatter_.known ? (inverse * total_scatter_.scatter * inverse.transpose()).trace() / totals_.weight : 1;
  if (!parameters.whitened() || ratio > kLargestWhitenedRatio) {
    const KernelParameters full = unwhitened_kernel_parameters(mixture);
    return run(full.density(), kernels::Source::softmax, mixture.means, ScatterKind::pooled, nullptr);
  }

  kernels::Task task = this->task(parameters.density(), kernels::Source::softmax);
  task.total_scatter = !total_scatter_.known;
  const double* sums = pass_.run(task, data_.n_rows);
  const kernels::Layout layout =
      kernels::make_layout(mixture.n_components(), n_features, task.scatter, task.total_scatter);

  SufficientStatistics statistics = new_statistics(ScatterKind::pooled, mixture.n_components());
  statistics.log_likelihood = sums[layout.log_likelihood];
  const ConstMatrixMap lower = mixture.factors.lower_matrix(0);
  const ConstMatrixMap first(sums + layout.sum, mixture.n_components(), n_features);
  Vector overall = Vector::Zero(n_features);  // sum of all whitened rows
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const double weight = sums[layout.weight + k];
    statistics.weight[k] = weight;
    statistics.mean.row(k) = mixture.means.row(k);
    if (!(weight > 0)) continue;
    statistics.mean.row(k) += (lower * first.row(k).transpose() / weight).transpose();
    overall += first.row(k).transpose() + weight * parameters.means.row(k).transpose();
  }
  overall /= statistics.weight.sum();
  if (task.total_scatter) {
    Matrix total(n_features, n_features);
    unpack_symmetric(sums + layout.total, MatrixMap(total.data(), n_features, n_features));
    add_outer_product(MatrixMap(total.data(), n_features, n_features), overall, -totals_.weight);
    total_scatter_ = {true, lower * total * lower.transpose()};
  }
  const Vector centre = parameters.whitening_centre + lower * overall;
  Matrix within = total_scatter_.scatter;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const Vector d = statistics.mean.row(k).transpose() - centre;
    add_outer_product(MatrixMap(within.data(), n_features, n_features), d, -statistics.weight[k]);
  }
  statistics.pooled() = 0.5 * (within + within.transpose());
  return statistics;
}

Likelihood EStep::likelihood(const Mixture& mixture) {
  const KernelParameters parameters = kernel_parameters(mixture);
  kernels::Task task = this->task(parameters.density(), kernels::Source::softmax);
  task.accumulate = false;
  const double* sums = pass_.run(task, data_.n_rows);
  const kernels::Layout layout = kernels::make_layout(mixture.n_components(), data_.n_features, task.scatter, false);
  return {sums[layout.log_likelihood], sums[layout.certainty]};
}

SufficientStatistics EStep::nearest_centre(const Matrix& centres, const Vector& scale, ScatterKind kind) {
  const KernelParameters parameters = gaussmix::nearest_centre(centres, scale);
  return run(parameters.density(), kernels::Source::hard, centres, kind, nullptr);
}

SufficientStatistics EStep::given(const double* responsibilities, const Matrix& centres, ScatterKind kind) {
  const KernelParameters parameters = centres_only(centres);
  return run(parameters.density(), kernels::Source::given, centres, kind, responsibilities);
}

}  // namespace gaussmix
