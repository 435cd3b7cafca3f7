#include "em/seeding.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gaussmix {

namespace {

constexpr Index kChunkRows = 4096;

// Few Lloyd steps on a sample start EM as well as k-means to the end on everything, at a fraction of the time.
Index sample_size(Index n_components, Index n_features) {
  return std::max<Index>(20000, 200 * n_components * n_features);
}

// k of the numbers 0 .. n - 1, sorted: each i is taken with probability (still wanted) / (still to come).
std::vector<Index> choose(Index n, Index k, const Random& random) {
  std::vector<Index> chosen;
  chosen.reserve(static_cast<std::size_t>(k));
  for (Index i = 0; i < n && static_cast<Index>(chosen.size()) < k; ++i)
    if (random.below(static_cast<std::uint64_t>(i), n - i) < k - static_cast<Index>(chosen.size())) chosen.push_back(i);
  return chosen;
}

// Index of the first cumulated value above u * total; the last row of positive value when rounding leaves none.
Index draw(const Vector& values, double u) {
  const double target = u * values.sum();
  double cumulated = 0;
  Index last = 0;
  for (Index i = 0; i < values.size(); ++i) {
    if (!(values[i] > 0)) continue;
    cumulated += values[i];
    last = i;
    if (cumulated > target) break;
  }
  return last;
}

}  // namespace

Sample standardised_sample(const Data& data, const ColumnMoments& moments, Index n_positive, Index n_components,
                           const Random& random) {
  const Index n = std::min(n_positive, sample_size(n_components, data.n_features));
  const std::vector<Index> chosen = choose(n_positive, n, random);
  Sample sample{Matrix(n, data.n_features), Vector(n)};
  Index positive = 0, taken = 0;
  for (Index i = 0; i < data.n_rows && taken < n; ++i) {
    if (!(data.weight(i) > 0)) continue;
    if (positive++ != chosen[static_cast<std::size_t>(taken)]) continue;
    for (Index d = 0; d < data.n_features; ++d)
      sample.rows(taken, d) = (data.value(i, d) - moments.mean[d]) / moments.scale[d];
    sample.weights[taken++] = data.weight(i);
  }
  return sample;
}

Matrix plus_plus_centres(const Sample& sample, Index n_components, const Random& random, const Execution& execution) {
  const Index n = sample.rows.rows();
  Matrix centres(n_components, sample.rows.cols());
  Vector distance = Vector::Constant(n, std::numeric_limits<double>::infinity());
  Index next = draw(sample.weights, random.uniform(0));
  for (Index k = 0; k < n_components; ++k) {
    centres.row(k) = sample.rows.row(next);
    if (k + 1 == n_components) break;
    parallel_for((n + kChunkRows - 1) / kChunkRows, execution, [&](Index chunk, int) {
      for (Index i = chunk * kChunkRows; i < std::min(n, (chunk + 1) * kChunkRows); ++i)
        distance[i] = std::min(distance[i], (sample.rows.row(i) - centres.row(k)).squaredNorm());
    });
    const Vector probability = sample.weights.cwiseProduct(distance);
    // With every row on a centre already there are fewer distinct rows than components: any row will do.
    const bool exhausted = !(probability.maxCoeff() > 0);
    next = draw(exhausted ? sample.weights : probability, random.uniform(static_cast<std::uint64_t>(k + 1)));
  }
  return centres;
}

Matrix random_centres(const Sample& sample, Index n_components, const Random& random) {
  const Index n = sample.rows.rows();
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  Matrix centres(n_components, sample.rows.cols());
  Index found = 0;
  Index tried = 0;
  for (; tried < n && found < n_components; ++tried) {  // a shuffle that stops early; repeats of a row are skipped
    const Index pick = tried + random.below(static_cast<std::uint64_t>(tried), n - tried);
    std::swap(order[static_cast<std::size_t>(tried)], order[static_cast<std::size_t>(pick)]);
    const auto row = sample.rows.row(order[static_cast<std::size_t>(tried)]);
    bool repeated = false;
    for (Index k = 0; k < found && !repeated; ++k) repeated = row == centres.row(k);
    if (!repeated) centres.row(found++) = row;
  }
  for (Index k = found; k < n_components; ++k) centres.row(k) = centres.row(k - found);
  return centres;
}

}  // namespace gaussmix
