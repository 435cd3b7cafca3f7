#include "statistics/column_moments.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "base/errors.hpp"

namespace gaussmix {

namespace {

constexpr Index kLeafRows = 8192;

// Of the mean, in standard deviations. EM multiplies the rounding of its means before it forgets it, by 1e4 at times.
constexpr double kLargestOffset = 1 << 16;

// What add_rows works on, column by column.
struct Columns {
  const double* centre;
  double* first;   // += w (x - centre)
  double* second;  // += w (x - centre)^2
};

// The number of columns, known to the compiler or not: few columns stay in registers, with the same sums in the same order.
template <Index N, class T>
void add_columns(const T* rows, const double* weights, Index n, Index n_features, const Columns& columns) {
  const Index width = N > 0 ? N : n_features;
  double first[N > 0 ? N : 1], second[N > 0 ? N : 1];
  std::copy_n(columns.first, N, first);
  std::copy_n(columns.second, N, second);
  double* const a = N > 0 ? first : columns.first;
  double* const b = N > 0 ? second : columns.second;
  for (Index i = 0; i < n; ++i) {
    const double w = weights != nullptr ? weights[i] : 1.0;
    if (w == 0) continue;
    for (Index d = 0; d < width; ++d) {
      const double t = static_cast<double>(rows[i * width + d]) - columns.centre[d];
      a[d] += w * t;
      b[d] += w * t * t;
    }
  }
  std::copy_n(first, N, columns.first);
  std::copy_n(second, N, columns.second);
}

template <class T>
void add_rows(const T* rows, const double* weights, Index n, Index n_features, const Columns& columns) {
  switch (n_features) {
    case 1: return add_columns<1>(rows, weights, n, n_features, columns);
    case 2: return add_columns<2>(rows, weights, n, n_features, columns);
    case 3: return add_columns<3>(rows, weights, n, n_features, columns);
    case 4: return add_columns<4>(rows, weights, n, n_features, columns);
    default: return add_columns<0>(rows, weights, n, n_features, columns);
  }
}

struct Sums {
  Vector first, second;
};

Sums sums_about(const Data& data, const Vector& centre, const Execution& execution) {
  const Index n_features = data.n_features;
  const Index n_leaves = (data.n_rows + kLeafRows - 1) / kLeafRows;
  TreeSum tree_sum;
  const double* sums = tree_sum(n_leaves, 2 * n_features, execution, [&](Index leaf, int, double* out) {
    const Index begin = leaf * kLeafRows;
    const Index n = std::min(kLeafRows, data.n_rows - begin);
    const double* weights = data.weights != nullptr ? data.weights + begin : nullptr;
    std::fill_n(out, 2 * n_features, 0.0);
    const Columns columns{centre.data(), out, out + n_features};
    if (data.single_precision)
      add_rows(static_cast<const float*>(data.x) + begin * n_features, weights, n, n_features, columns);
    else
      add_rows(static_cast<const double*>(data.x) + begin * n_features, weights, n, n_features, columns);
  });
  return {ConstVectorMap(sums, n_features), ConstVectorMap(sums + n_features, n_features)};
}

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// A spread below the rounding of the mean is no spread: a column of one repeated value ends there.
bool varies(double variance, double mean) {
  const double rounding = 4 * kEpsilon * std::abs(mean);
  return variance > rounding * rounding;
}

// Variances at the floor, sums of squares far out, and the reciprocals of both are then normal numbers.
constexpr double kLargestScale = 1e140;

void check_range(const ColumnScale& scale) {
  for (Index d = 0; d < scale.each.size(); ++d) {
    if (scale.each[d] <= kLargestScale && scale.each[d] >= 1 / kLargestScale) continue;
    throw InvalidArgument("column " + std::to_string(d) + " of X (counted from 0) has a spread beyond " +
                          (scale.each[d] < 1 ? "1e-140" : "1e140") +
                          ", and squares of such values leave the range of float64; rescale it, for example by its "
                          "largest absolute value");
  }
}

}  // namespace

ColumnScale column_scale(const Vector& variance, const Vector& mean) {
  ColumnScale scale;
  scale.each.resize(mean.size());
  double largest = 0, smallest = std::numeric_limits<double>::infinity();
  for (Index d = 0; d < mean.size(); ++d) {
    const bool own = varies(variance[d], mean[d]);
    scale.each[d] = own ? std::sqrt(variance[d]) : std::sqrt(kEpsilon) * std::abs(mean[d]);
    if (!own) continue;
    largest = std::max(largest, scale.each[d]);
    smallest = std::min(smallest, scale.each[d]);
  }
  if (largest == 0 && scale.each.maxCoeff() > 0) largest = smallest = scale.each.maxCoeff();
  if (largest > 0) scale.largest = largest, scale.smallest = smallest;
  scale.each = (scale.each.array() == 0).select(1.0, scale.each);
  return scale;
}

ColumnMoments column_moments(const Data& data, double total_weight, const Execution& execution) {
  Index first_row = 0;
  while (first_row + 1 < data.n_rows && data.weight(first_row) == 0) ++first_row;
  Vector start(data.n_features);
  for (Index d = 0; d < data.n_features; ++d) start[d] = data.value(first_row, d);

  // Two visits: about any row first, then about the mean, so that an offset cannot drown the spread.
  const Vector mean = start + sums_about(data, start, execution).first / total_weight;
  const Sums sums = sums_about(data, mean, execution);
  const Vector shift = sums.first / total_weight;
  const Vector variance = sums.second / total_weight - shift.cwiseProduct(shift);
  ColumnMoments moments{Vector::Zero(data.n_features), mean + shift, column_scale(variance, mean + shift)};
  check_range(moments.scale);
  for (Index d = 0; d < data.n_features; ++d) {
    if (std::abs(mean[d]) <= kLargestOffset * moments.scale.each[d]) continue;
    moments.origin[d] = mean[d];
    moments.mean[d] = shift[d];
  }
  return moments;
}

}  // namespace gaussmix
