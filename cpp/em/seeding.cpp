#include "em/seeding.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

namespace gaussmix {

namespace {

constexpr Index kChunkRows = 4096;

// k of the numbers 0 .. n - 1, rising: one from each of k parts of equal length.
std::vector<Index> choose(Index n, Index k, const Random& random) {
  std::vector<Index> chosen(static_cast<std::size_t>(k));
  const auto part = static_cast<double>(n) / static_cast<double>(k);
  for (Index i = 0; i < k; ++i) {
    const auto begin = static_cast<Index>(part * static_cast<double>(i));
    const auto end = i + 1 == k ? n : static_cast<Index>(part * static_cast<double>(i + 1));
    chosen[static_cast<std::size_t>(i)] = begin + random.below(static_cast<std::uint64_t>(i), end - begin);
  }
  return chosen;
}

bool weights_differ(const Data& data) {
  double known = 0;
  for (Index i = 0; i < data.n_rows; ++i) {
    const double w = data.weight(i);
    if (known > 0 && w > 0 && w != known) return true;
    known = std::max(known, w);
  }
  return false;
}

// The t at which sum min(w / t, 1) is n, for more than n rows of positive weight.
double certain_weight(const Data& data, Index n) {
  double threshold = std::numeric_limits<double>::infinity();
  for (;;) {
    Index n_certain = 0;
    double rest = 0;
    for (Index i = 0; i < data.n_rows; ++i) {
      const bool certain = data.weight(i) >= threshold;
      n_certain += certain;
      rest += certain ? 0 : data.weight(i);
    }
    const double lower = rest / static_cast<double>(n - n_certain);
    if (n_certain >= n || !(lower < threshold)) return threshold;
    threshold = lower;
  }
}

// About n rows: those of at least `certain` weight, and each other with probability w / certain, one from each of equal parts
// of their weight. A row stands for what it weighs, or for `certain`: few heavy rows are not missed among many light ones.
std::vector<Index> choose_by_weight(const Data& data, Index n, double certain, const Random& random) {
  std::vector<Index> chosen;
  chosen.reserve(static_cast<std::size_t>(n));
  double cumulated = 0, next = random.uniform(0);
  for (Index i = 0, part = 0; i < data.n_rows; ++i) {
    if (data.weight(i) < certain) {
      cumulated += data.weight(i) / certain;
      if (cumulated <= next) continue;
      for (; cumulated > next; next = static_cast<double>(part) + random.uniform(static_cast<std::uint64_t>(part)))
        ++part;
    }
    chosen.push_back(i);
  }
  return chosen;
}

// Turns numbers among the rows of positive weight, rising, into numbers among all rows.
void skip_absent(const Data& data, std::vector<Index>& rows) {
  Index positive = 0;
  std::size_t next = 0;
  for (Index i = 0; i < data.n_rows && next < rows.size(); ++i)
    if (data.weight(i) > 0 && positive++ == rows[next]) rows[next++] = i;
}

// k of the rows of positive weight, whose weights are all the same or all of which are taken.
std::vector<Index> choose_evenly(const Data& data, Index n_positive, Index k, const Random& random) {
  std::vector<Index> rows = choose(n_positive, k, random);
  if (n_positive < data.n_rows) skip_absent(data, rows);
  return rows;
}

// In lexicographic order, so that draws depend on what the rows are and not on how they came: as long as no subset has to
// be taken, a permutation of the data, or a row repeated instead of weighted, leads to the same start.
void sort_rows(const Data& data, std::vector<Index>& rows) {
  std::sort(rows.begin(), rows.end(), [&](Index a, Index b) {
    for (Index d = 0; d < data.n_features; ++d) {
      const double left = data.value(a, d), right = data.value(b, d);
      if (left != right) return left < right;
    }
    return false;
  });
}

// To 32 binary digits. Ties are frequent between rows of few different values: a row half way between two centres, or pairs of
// clusters that cost the same to merge. Rounding would decide them, and differently in other units, at an offset, or with the
// rows in another order; so rounded all these lead to the same numbers, and the same start.
double to_start_with(double value) {
  constexpr std::uint64_t kUnit = std::uint64_t{1} << (std::numeric_limits<double>::digits - 32);
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(value) + kUnit / 2) & ~(kUnit - 1));
}

}  // namespace

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

// Few Lloyd steps on a sample start EM as well as k-means to the end on everything, at a fraction of the time. With a
// twentieth of the rows, ten steps read half of what one iteration of EM reads. At most 16 MiB of rows, but ten per
// component.
Index sample_size(Index n_rows, Index n_components, Index n_features) {
  const Index wanted = std::max(std::clamp<Index>(n_rows / 20, 1000, 20000), 100 * n_components);
  return std::min(n_rows, std::max(10 * n_components, std::min(wanted, (Index{1} << 21) / n_features)));
}

Matrix sampled_rows(const Data& data, const Sample& sample) {
  Matrix rows(sample.rows.rows(), data.n_features);
  for (Index i = 0; i < rows.rows(); ++i)
    for (Index d = 0; d < data.n_features; ++d) rows(i, d) = data.value(sample.numbers[static_cast<std::size_t>(i)], d);
  return rows;
}

Matrix unstandardised(const Matrix& rows, const ColumnMoments& moments) {
  return (rows * moments.scale.each.asDiagonal()).rowwise() + moments.mean.transpose();
}

Sample standardised_sample(const Data& data, const ColumnMoments& moments, Index n_positive, Index wanted,
                           const Random& random) {
  const double certain = wanted < n_positive && weights_differ(data) ? certain_weight(data, wanted) : 0;
  std::vector<Index> rows =
      certain > 0 ? choose_by_weight(data, wanted, certain, random) : choose_evenly(data, n_positive, wanted, random);
  if (wanted == n_positive) sort_rows(data, rows);
  const auto n = static_cast<Index>(rows.size());
  Sample sample{Matrix(n, data.n_features), Vector(n), {}};
  for (Index i = 0; i < n; ++i) {
    const Index row = rows[static_cast<std::size_t>(i)];
    sample.weights[i] = std::max(data.weight(row), certain);
    for (Index d = 0; d < data.n_features; ++d)
      sample.rows(i, d) = to_start_with((data.value(row, d) - moments.mean[d]) / moments.scale.each[d]);
  }
  sample.numbers = std::move(rows);
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
  Matrix centres(n_components, sample.rows.cols());
  Vector left = sample.weights;  // zero where the row is a centre already
  for (Index k = 0; k < n_components; ++k) {
    if (!(left.maxCoeff() > 0)) left = sample.weights;  // fewer distinct rows than components
    const Index row = draw(left, random.uniform(static_cast<std::uint64_t>(k)));
    centres.row(k) = sample.rows.row(row);
    for (Index i = 0; i < left.size(); ++i)
      if (sample.rows.row(i) == centres.row(k)) left[i] = 0;
  }
  return centres;
}

}  // namespace gaussmix
