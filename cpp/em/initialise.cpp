#include "em/initialise.hpp"

#include "em/first_step.hpp"
#include "em/hierarchical_start.hpp"
#include "em/hierarchy.hpp"
#include "em/lloyd.hpp"
#include "em/seeding.hpp"
#include "em/short_runs.hpp"

namespace gaussmix {

namespace {

enum Stream : std::uint64_t { kSubset = 0, kSeeds = 1, kShares = 2, kShortRun = 3, kAxes = 4, kStreamsPerStart = 8 };

Random stream(const Settings& settings, std::uint64_t start_number, Stream use) {
  return Random(settings.seed, start_number * kStreamsPerStart + use);
}

Matrix first_centres(Start start, const Settings& settings, const ColumnMoments& moments, const Sample& sample,
                     const Random& random, const Execution& execution) {
  Matrix centres = start == Start::random_from_data
                       ? random_centres(sample, settings.n_components, random)
                       : plus_plus_centres(sample, settings.n_components, random, execution);
  if (start == Start::kmeans) centres = lloyd(sample, std::move(centres), execution);
  return unstandardised(centres, moments);
}

// Uniform shares, normalised per row: drawn a chunk at a time, so that no n x K array exists. By the number of the row among
// those of positive weight, so that a weight of zero is as good as absence.
SufficientStatistics from_random_shares(EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                                        std::uint64_t start_number) {
  const Data& data = e_step.data();
  const Index n_components = settings.n_components;
  const Matrix centres = moments.mean.transpose().replicate(n_components, 1);
  const Random random = stream(settings, start_number, kShares);
  Matrix shares;
  std::vector<std::uint64_t> numbers(static_cast<std::size_t>(std::min(kShareRows, data.n_rows)));
  std::uint64_t n_present = 0;
  std::optional<SufficientStatistics> sum;
  for (Index begin = 0; begin < data.n_rows; begin += kShareRows) {
    const Index n = std::min(kShareRows, data.n_rows - begin);
    shares.resize(n, n_components);
    for (Index i = 0; i < n; ++i) {
      numbers[static_cast<std::size_t>(i)] = n_present;
      n_present += data.weight(begin + i) > 0;
    }
    parallel_for((n + 1023) / 1024, e_step.execution(), [&](Index block, int) {
      for (Index i = block * 1024; i < std::min(n, (block + 1) * 1024); ++i) {
        for (Index k = 0; k < n_components; ++k)
          shares(i, k) =
              random.uniform(numbers[static_cast<std::size_t>(i)] * static_cast<std::uint64_t>(n_components) +
                             static_cast<std::uint64_t>(k));
        shares.row(i) /= shares.row(i).sum();
      }
    });
    const SufficientStatistics part = EStep(data.slice(begin, n), {}, e_step.execution())
                                          .given(shares.data(), centres, settings.structure->need_at_start());
    if (sum)
      merge(*sum, part);
    else
      sum = part;
  }
  return std::move(*sum);
}

// What a sample of all rows leads to is always the same: only the first start is hierarchical then.
Start start_of(const Settings& settings, std::uint64_t start_number, Index n_rows, Index n_features) {
  if (settings.start != Start::hierarchical || start_number == 0) return settings.start;
  return hierarchy_size(n_rows, settings.n_components, n_features) < n_rows ? Start::hierarchical : Start::kmeans;
}

// By k-means, or what the caller wants instead of it.
Mixture start_from_rows(EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                        const Regularisation& regularisation, std::uint64_t start_number, const TimeLimit& limit,
                        Repairs& repairs) {
  const GivenStart& given = settings.given;
  const FirstStep step{e_step, *settings.structure, moments, regularisation, stream(settings, start_number, kAxes),
                       repairs};
  if (given.responsibilities != nullptr)
    return step.from_responsibilities(given.responsibilities, settings.n_components);
  if (settings.start == Start::random)
    return step.from_blurred(from_random_shares(e_step, settings, moments, start_number));
  if (given.means) return step.from_centres(*given.means);  // so that weights and covariances belong to them
  const Index n_rows = e_step.totals().n_rows, n_features = e_step.data().n_features;
  const Start start = start_of(settings, start_number, n_rows, n_features);
  const auto size = start == Start::hierarchical ? hierarchy_size : sample_size;
  const Sample sample =
      standardised_sample(e_step.data(), moments, n_rows, size(n_rows, settings.n_components, n_features),
                          subset_stream(settings.seed, start_number));
  if (start == Start::hierarchical && settings.structure->n_factors() > 0)
    return step.from_centres(
        hierarchical_centres(e_step.data(), sample, settings.n_components, moments, e_step.execution()));
  if (start == Start::hierarchical)
    return hierarchical_start(sample, e_step, settings, moments, regularisation, repairs);
  // Of several starts only the first one, which is always run to the end: the others are there for their variety.
  if (start == Start::kmeans && start_number == 0 && short_runs_pay(sample.rows.rows(), n_rows, n_features, settings))
    if (auto best = best_short_run(sample, e_step, settings, moments, regularisation, limit, [&](std::uint64_t run) {
          return Random(settings.seed, run == 0 ? kSeeds : run * kStreamsPerStart + kShortRun);
        }))
      return std::move(*best);
  return step.from_centres(
      first_centres(start, settings, moments, sample, stream(settings, start_number, kSeeds), e_step.execution()));
}

}  // namespace

Random subset_stream(std::uint64_t seed, std::uint64_t start_number) {
  return Random(seed, start_number * kStreamsPerStart + kSubset);
}

SufficientStatistics statistics_from_responsibilities(EStep& e_step, const double* responsibilities, Index n_components,
                                                      const Vector& column_mean, ScatterKind kind) {
  const Matrix overall_mean = column_mean.transpose().replicate(n_components, 1);
  const Matrix means = e_step.given(responsibilities, overall_mean, ScatterKind::trace).mean;
  return e_step.given(responsibilities, means, kind);
}

Mixture initialise(EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                   const Regularisation& regularisation, std::uint64_t start_number, const TimeLimit& limit,
                   Repairs& repairs) {
  const GivenStart& given = settings.given;
  Mixture mixture;
  if (given.complete())
    mixture.structure = settings.structure;
  else
    mixture = start_from_rows(e_step, settings, moments, regularisation, start_number, limit, repairs);
  if (given.weights) mixture.weights = *given.weights;
  if (given.means) mixture.means = *given.means;
  if (!given.covariances) return mixture;
  mixture.covariances = *given.covariances;
  if (given.factors && !regularisation.max_ratio) {  // a bound that the fit may not have had
    mixture.factors = *given.factors;
    return mixture;
  }
  // Given covariances take no ridge, but they must lie inside the bound that the M-steps will respect.
  Regularisation without_ridge = regularisation;
  if (without_ridge.ridge) without_ridge.ridge = 0.0;
  const Vector weight = mixture.weights * e_step.totals().weight;
  Workspace workspace;
  regularise(mixture.covariances, without_ridge, weight, e_step.execution(), workspace, repairs, mixture.factors);
  mixture.repaired = repairs.happened();
  return mixture;
}

}  // namespace gaussmix
