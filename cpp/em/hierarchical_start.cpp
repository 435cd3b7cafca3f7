#include "em/hierarchical_start.hpp"

#include <algorithm>

#include "base/errors.hpp"
#include "em/hierarchy.hpp"
#include "em/initialise.hpp"
#include "em/m_step.hpp"
#include "mixture/evaluate.hpp"

namespace gaussmix {

namespace {

// Sums over the rows of the sample.
class SampledData {
 public:
  SampledData(const Data& data, const Sample& sample, const ColumnMoments& moments, const Execution& execution)
      : rows_(sampled_rows(data, sample)),
        data_{rows_.data(), false, sample.weights.data(), rows_.rows(), rows_.cols()},
        mean_(moments.mean),
        e_step_(data_, weight_totals(data_), execution) {}
  SampledData(const SampledData&) = delete;
  SampledData& operator=(const SampledData&) = delete;

  SufficientStatistics statistics(const std::vector<Index>& labels, Index n_components, ScatterKind kind) {
    Matrix shares = Matrix::Zero(data_.n_rows, n_components);
    for (Index i = 0; i < data_.n_rows; ++i) shares(i, labels[static_cast<std::size_t>(i)]) = 1;
    return statistics_from_responsibilities(e_step_, shares.data(), n_components, mean_, kind);
  }

 private:
  Matrix rows_;
  Data data_;
  Vector mean_;
  EStep e_step_;
};

// Labels of all rows by the mixture that belongs to the labels of some.
void label_by_mixture(const Data& data, const SufficientStatistics& statistics, const ColumnMoments& moments,
                      const Execution& execution, std::int64_t* labels) {
  const Structure& full = structure("full");
  Repairs repairs(statistics.n_components());
  Regularisation regularisation;
  regularisation.scale = moments.scale;
  Mixture mixture = m_step(statistics, full, regularisation, nullptr, execution, repairs);
  kernels::Outputs outputs;
  outputs.labels = labels;
  evaluate(data, kernel_parameters(mixture), outputs, execution);
}

}  // namespace

Mixture hierarchical_start(const Sample& sample, EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                           const Regularisation& regularisation, Repairs& repairs) {
  const Execution& execution = e_step.execution();
  const ScatterKind kind = settings.structure->need();
  const std::vector<Index> labels = Hierarchy(sample, execution).labels(settings.n_components);
  const SufficientStatistics statistics =
      SampledData(e_step.data(), sample, moments, execution).statistics(labels, settings.n_components, kind);
  const auto from = [&](const SufficientStatistics& sums, const Regularisation& bounds, Repairs& record) {
    return m_step(sums, *settings.structure, bounds, nullptr, execution, record);
  };
  if (sample.rows.rows() == e_step.totals().n_rows) return from(statistics, regularisation, repairs);
  Regularisation plain = regularisation.quiet();
  plain.prior.reset();  // it counts in rows of the data
  Repairs of_sample(settings.n_components);
  Mixture mixture = from(statistics, plain, of_sample);
  return from(e_step(mixture, kind), regularisation, repairs);
}

Matrix hierarchical_centres(const Data& data, const Sample& sample, Index n_components, const ColumnMoments& moments,
                            const Execution& execution) {
  const std::vector<Index> labels = Hierarchy(sample, execution).labels(n_components);
  return SampledData(data, sample, moments, execution).statistics(labels, n_components, ScatterKind::trace).mean;
}

void hierarchical_labels(const Data& data, std::span<const Index> n_clusters, std::uint64_t seed,
                         const Execution& execution, std::int64_t* labels) {
  if (n_clusters.empty()) return;
  const NormalisedWeights normalised(data);
  const WeightTotals totals = weight_totals(normalised.data());
  const auto [fewest, most] = std::minmax_element(n_clusters.begin(), n_clusters.end());
  if (*fewest < 1 || *most > totals.n_rows)
    throw InvalidArgument("numbers of clusters must be at least 1 and at most the number of rows of positive weight");
  const ColumnMoments moments = column_moments(normalised.data(), totals.weight, execution);
  const Data rows = normalised.data().relative_to(moments.origin);
  const Index wanted = hierarchy_size(totals.n_rows, *most, data.n_features);
  const Sample sample = standardised_sample(rows, moments, totals.n_rows, wanted, subset_stream(seed, 0));
  const Hierarchy hierarchy(sample, execution);
  SampledData sampled(rows, sample, moments, execution);
  for (const Index n : n_clusters) {
    const std::vector<Index> own = hierarchy.labels(n);
    if (sample.rows.rows() < data.n_rows)
      label_by_mixture(rows, sampled.statistics(own, n, ScatterKind::full), moments, execution, labels);
    for (std::size_t i = 0; i < own.size(); ++i) labels[sample.numbers[i]] = own[i];
    labels += data.n_rows;
  }
}

double hierarchical_start_memory(Index n_rows, Index n_components, Index n_features) {
  const auto n = static_cast<double>(n_rows);
  const double assigned = n * static_cast<double>(n_features + n_components);
  return std::max(hierarchy_memory(n_rows, n_features), assigned) + n;
}

}  // namespace gaussmix
