#include "em/e_step.hpp"

namespace gaussmix {

kernels::Scatter kernel_scatter(ScatterKind kind) {
  switch (kind) {
    case ScatterKind::full:
    case ScatterKind::pooled: return kernels::Scatter::full;
    case ScatterKind::diag: return kernels::Scatter::diagonal;
    case ScatterKind::trace: return kernels::Scatter::trace;
    case ScatterKind::factor: return kernels::Scatter::factor;
  }
  return kernels::Scatter::none;
}

namespace {

void unpack_symmetric(const double* packed, MatrixMap out) {
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) out(i, j) = out(j, i) = *packed++;
}

// The feature form sums just those products that its densities are made of.
Form form_for(CovarianceShape shape, ScatterKind kind) {
  const bool same = (shape == CovarianceShape::full && kind == ScatterKind::full) ||
                    (shape == CovarianceShape::diag && kind == ScatterKind::diag) ||
                    (shape == CovarianceShape::spherical && kind == ScatterKind::trace);
  return same ? Form::features : Form::centred;
}

MatrixMap map_of(Matrix& matrix) { return {matrix.data(), matrix.rows(), matrix.cols()}; }

}  // namespace

// Sums about `centre` -> weight, mean, scatter about the mean: W = S - s s^T / n. The centre is the previous mean, so s / n
// is one step of EM and nothing cancels.
void EStep::finish_component(const double* sums, const kernels::Layout& layout, Index k, const Matrix& centres,
                             const KernelParameters& parameters, SufficientStatistics& statistics) {
  const Index n_features = statistics.n_features();
  const double weight = sums[layout.weight + k];
  const bool present = weight > 0;
  statistics.weight[k] = weight;
  statistics.mean.row(k) = centres.row(k);
  if (present) {
    shift_ = ConstVectorMap(sums + layout.sum + k * n_features, n_features) / weight;
    statistics.mean.row(k) += shift_.transpose();
  }
  const double* scatter = sums + layout.scatter + k * layout.scatter_size;
  switch (statistics.kind) {
    case ScatterKind::full:
    case ScatterKind::pooled: {
      const bool pooled = statistics.kind == ScatterKind::pooled;
      if (pooled) scatter_.resize(n_features, n_features);
      MatrixMap out = pooled ? map_of(scatter_) : statistics.full(k);
      if (present) {
        unpack_symmetric(scatter, out);
        add_outer_product(out, shift_, -weight);
      } else {
        out.setZero();
      }
      if (pooled) statistics.pooled() += out;
      break;
    }
    case ScatterKind::diag:
      statistics.diag().row(k).setZero();
      if (present)
        statistics.diag().row(k) =
            (ConstVectorMap(scatter, n_features) - weight * shift_.cwiseProduct(shift_)).cwiseMax(0.0).transpose();
      break;
    case ScatterKind::trace:
      statistics.scatter[static_cast<std::size_t>(k)] =
          present ? std::max(0.0, *scatter - weight * shift_.squaredNorm()) : 0.0;
      break;
    case ScatterKind::factor: {
      const Index n = statistics.n_projections;
      MatrixMap out = statistics.projected(k);
      out.setZero();
      if (!present) break;
      const auto projections = parameters.projections.middleRows(k * n, n);
      out = ConstMatrixMap(scatter, n_features, n + 1);
      for (Index i = 0; i < n; ++i) out.col(i) -= weight * projections.row(i).dot(shift_) * shift_;
      out.leftCols(n) /= parameters.projection_scale;
      out.col(n) = (out.col(n) - weight * shift_.cwiseAbs2()).cwiseMax(0.0);
      break;
    }
  }
}

kernels::Task EStep::task(const kernels::Density& density, kernels::Source source) const {
  kernels::Task task;
  task.density = density;
  task.rows = data_.rows();
  task.source = source;
  return task;
}

void EStep::prepare(SufficientStatistics& statistics, ScatterKind kind, Index n_components, Index n_projections) const {
  reshape(statistics, kind, n_components, data_.n_features, n_projections);
  statistics.total_weight = totals_.weight;
  statistics.n_effective = totals_.n_effective;
  statistics.n_rows = totals_.n_rows;
}

const double* EStep::run_pass(kernels::Task& task, bool single_precision) {
  task.single_precision = single_precision;
  if (single_precision) task.origin = parameters_.origin.data();
  const double* sums = pass_.run(task, data_.n_rows);
  if (single_precision) single_precision_.observe(pass_.refused());
  return sums;
}

void EStep::run(const KernelParameters& parameters, kernels::Source source, const Matrix& centres, ScatterKind kind,
                const double* responsibilities, SufficientStatistics& statistics, const kernels::Sparse& sparse,
                bool single_precision) {
  const kernels::Density density = parameters.density();
  kernels::Task task = this->task(density, source);
  task.rows.responsibilities = responsibilities;
  task.sparse = sparse;
  task.scatter = kernel_scatter(kind);
  const double* sums = run_pass(task, single_precision);
  const kernels::Layout layout = kernels::make_layout(density.n_components, density.n_features, task.scatter,
                                                      task.total_scatter, density.n_projections);

  prepare(statistics, kind, density.n_components, kind == ScatterKind::factor ? density.n_projections : 0);
  statistics.log_likelihood = sums[layout.log_likelihood];
  if (kind == ScatterKind::pooled) statistics.pooled().setZero();
  for (Index k = 0; k < density.n_components; ++k) finish_component(sums, layout, k, centres, parameters, statistics);
}

void EStep::run_in_own_metric(const Mixture& mixture, ScatterKind kind, SufficientStatistics& statistics) {
  unwhitened_kernel_parameters(mixture, parameters_);
  kernels::Task task = this->task(parameters_.density(), kernels::Source::softmax);
  task.scatter = kernels::Scatter::full;
  task.own_metric = true;
  const double* sums = run_pass(task, false);
  const kernels::Layout layout = kernels::make_layout(mixture.n_components(), data_.n_features, task.scatter, false);
  prepare(statistics, kind, mixture.n_components());
  statistics.log_likelihood = sums[layout.log_likelihood];
  own_metric_.finish(sums, layout, mixture, statistics);
}

void EStep::operator()(const Mixture& mixture, ScatterKind kind, SufficientStatistics& statistics) {
  if (roots_serve_ && OwnMetric::needed(mixture, kind)) return run_in_own_metric(mixture, kind, statistics);
  if (mixture.factors.shape == CovarianceShape::tied) {
    if (kind == ScatterKind::pooled && run_whitened(mixture, statistics)) return;
    unwhitened_kernel_parameters(mixture, parameters_);
  } else {
    kernel_parameters(mixture, form_for(mixture.factors.shape, kind), parameters_);
  }
  const kernels::Density density = parameters_.density();
  kernels::Sparse sparse;
  if (in_run_ && density.features.table != nullptr)
    sparse = sparsity_.next_pass(mixture, data_.n_rows, leaf_rows(density.n_components, density.n_features));
  run(parameters_, kernels::Source::softmax, mixture.means, kind, nullptr, statistics, sparse,
      single_precision_.serves(mixture));
}

// Total scatter in units of the mixture's covariance: where it is large, taking the scatter of the means from it would
// leave few digits.
double EStep::total_to_within(const Mixture& mixture) {
  const ConstMatrixMap inverse = mixture.factors.inverse_matrix(0);
  double trace = 0;
  shift_.resize(inverse.rows());
  for (Eigen::Index i = 0; i < inverse.rows(); ++i) {
    shift_.head(i + 1).noalias() =
        total_scatter_.scatter.topLeftCorner(i + 1, i + 1) * inverse.row(i).head(i + 1).transpose();
    trace += shift_.head(i + 1).dot(inverse.row(i).head(i + 1));
  }
  return trace / totals_.weight;
}

// About `whitened_mean`, the mean of all rows in the mixture's whitened coordinates.
void EStep::take_total_scatter(const Mixture& mixture, const double* packed, const Vector& whitened_mean) {
  const ConstMatrixMap lower = mixture.factors.lower_matrix(0);
  Matrix total(data_.n_features, data_.n_features);
  unpack_symmetric(packed, map_of(total));
  add_outer_product(map_of(total), whitened_mean, -totals_.weight);
  total_scatter_ = {true, lower * total * lower.transpose()};
}

// With y = L^-1 (x - c) the log-densities need D operations per component instead of D^2 / 2, and the within scatter is the
// constant total scatter less the scatter of the means. Returns false, having done nothing, where that would lose digits.
bool EStep::run_whitened(const Mixture& mixture, SufficientStatistics& statistics) {
  kernel_parameters(mixture, Form::features, parameters_);
  if (!parameters_.whitened() || (total_scatter_.known && total_to_within(mixture) > kLargestWhitenedRatio))
    return false;
  const Index n_features = data_.n_features;
  kernels::Task task = this->task(parameters_.density(), kernels::Source::softmax);
  task.total_scatter = !total_scatter_.known;
  const double* sums = run_pass(task, !task.total_scatter && single_precision_.serves(mixture));
  const kernels::Layout layout =
      kernels::make_layout(mixture.n_components(), n_features, task.scatter, task.total_scatter);

  prepare(statistics, ScatterKind::pooled, mixture.n_components());
  statistics.log_likelihood = sums[layout.log_likelihood];
  const ConstMatrixMap lower = mixture.factors.lower_matrix(0);
  const ConstMatrixMap first(sums + layout.sum, mixture.n_components(), n_features);
  overall_.setZero(n_features);  // sum of all whitened rows
  shift_.resize(n_features);
  // Means less the whitening centre: as differences they keep the digits that an offset takes from the means themselves.
  from_centre_ = mixture.means.rowwise() - parameters_.whitening_centre.transpose();
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const double weight = sums[layout.weight + k];
    statistics.weight[k] = weight;
    statistics.mean.row(k) = mixture.means.row(k);
    if (!(weight > 0)) continue;
    shift_.noalias() = lower * first.row(k).transpose();
    shift_ /= weight;
    statistics.mean.row(k) += shift_.transpose();
    from_centre_.row(k) += shift_.transpose();
    overall_ += first.row(k).transpose() + weight * parameters_.means.row(k).transpose();
  }
  overall_ /= statistics.weight.sum();
  if (task.total_scatter) take_total_scatter(mixture, sums + layout.total, overall_);
  shift_.noalias() = lower * overall_;
  from_centre_.rowwise() -= shift_.transpose();  // now: less the mean of all rows
  scatter_ = total_scatter_.scatter;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    shift_ = from_centre_.row(k).transpose();
    add_outer_product(map_of(scatter_), shift_, -statistics.weight[k]);
  }
  statistics.pooled() = 0.5 * (scatter_ + scatter_.transpose());
  return true;
}

Likelihood EStep::likelihood(const Mixture& mixture) {
  kernel_parameters(mixture, Form::centred, parameters_);
  kernels::Task task = this->task(parameters_.density(), kernels::Source::softmax);
  task.accumulate = false;
  const double* sums = pass_.run(task, data_.n_rows);
  const kernels::Layout layout = kernels::make_layout(mixture.n_components(), data_.n_features, task.scatter, false);
  return {sums[layout.log_likelihood], sums[layout.certainty]};
}

SufficientStatistics EStep::nearest_centre(const Matrix& centres, const Vector& scale, ScatterKind kind,
                                           const Matrix& projections) {
  KernelParameters parameters = gaussmix::nearest_centre(centres, scale);
  parameters.projections = projections;
  SufficientStatistics statistics;
  run(parameters, kernels::Source::hard, centres, kind, nullptr, statistics);
  return statistics;
}

SufficientStatistics EStep::given(const double* responsibilities, const Matrix& centres, ScatterKind kind,
                                  const Matrix& projections) {
  KernelParameters parameters = centres_only(centres);
  parameters.projections = projections;
  SufficientStatistics statistics;
  run(parameters, kernels::Source::given, centres, kind, responsibilities, statistics);
  return statistics;
}

}  // namespace gaussmix
