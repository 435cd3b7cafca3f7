#include "statistics/column_moments.hpp"

#include <cmath>
#include <limits>

namespace gaussmix {

namespace {

constexpr Index kLeafRows = 8192;

// Adds w (x - centre) to first[d] and w (x - centre)^2 to second[d]; keeps the largest |x|.
template <class T>
void add_rows(const T* rows, const double* weights, Index n, Index n_features, const double* centre, double* first,
              double* second, double* largest) {
  for (Index i = 0; i < n; ++i) {
    const double w = weights != nullptr ? weights[i] : 1.0;
    if (w == 0) continue;
    for (Index d = 0; d < n_features; ++d) {
      const auto x = static_cast<double>(rows[i * n_features + d]);
      const double t = x - centre[d];
      first[d] += w * t;
      second[d] += w * t * t;
      largest[d] = std::max(largest[d], std::abs(x));
    }
  }
}

struct Sums {
  Vector first, second, largest;
};

Sums sums_about(const Data& data, const Vector& centre, const Execution& execution) {
  const Index n_features = data.n_features;
  const Index n_leaves = (data.n_rows + kLeafRows - 1) / kLeafRows;
  std::vector<Vector> largest(static_cast<std::size_t>(execution.threads_for(n_leaves)), Vector::Zero(n_features));
  TreeSum tree_sum;
  const double* sums = tree_sum(n_leaves, 2 * n_features, execution, [&](Index leaf, int thread, double* out) {
    const Index begin = leaf * kLeafRows;
    const Index n = std::min(kLeafRows, data.n_rows - begin);
    const double* weights = data.weights != nullptr ? data.weights + begin : nullptr;
    double* maximum = largest[static_cast<std::size_t>(thread)].data();
    std::fill_n(out, 2 * n_features, 0.0);
    if (data.single_precision)
      add_rows(static_cast<const float*>(data.x) + begin * n_features, weights, n, n_features, centre.data(), out,
               out + n_features, maximum);
    else
      add_rows(static_cast<const double*>(data.x) + begin * n_features, weights, n, n_features, centre.data(), out,
               out + n_features, maximum);
  });
  Sums result{ConstVectorMap(sums, n_features), ConstVectorMap(sums + n_features, n_features),
              Vector::Zero(n_features)};
  for (const Vector& m : largest) result.largest = result.largest.cwiseMax(m);  // order cannot matter for a maximum
  return result;
}

}  // namespace

double column_scale(double variance, double largest) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  // A spread below the rounding of the mean is no spread: a column of one repeated value ends there.
  const double rounding = 4 * kEpsilon * largest;
  if (variance > rounding * rounding) return std::sqrt(variance);
  return largest > 0 ? std::sqrt(kEpsilon) * largest : 1.0;
}

ColumnMoments column_moments(const Data& data, double total_weight, const Execution& execution) {
  Index first_row = 0;
  while (first_row + 1 < data.n_rows && data.weight(first_row) == 0) ++first_row;
  Vector start(data.n_features);
  for (Index d = 0; d < data.n_features; ++d) start[d] = data.value(first_row, d);

  // Two visits: about any row first, then about the mean, so that an offset cannot drown the spread.
  ColumnMoments moments;
  moments.mean = start + sums_about(data, start, execution).first / total_weight;
  const Sums sums = sums_about(data, moments.mean, execution);
  const Vector shift = sums.first / total_weight;
  const Vector variance = sums.second / total_weight - shift.cwiseProduct(shift);
  moments.mean += shift;
  moments.scale.resize(data.n_features);
  for (Index d = 0; d < data.n_features; ++d) moments.scale[d] = column_scale(variance[d], sums.largest[d]);
  return moments;
}

}  // namespace gaussmix
