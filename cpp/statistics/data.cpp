#include "statistics/data.hpp"

#include <algorithm>
#include <limits>

#include "base/power_of_two.hpp"

namespace gaussmix {

namespace {

double largest_weight(const Data& data) { return *std::max_element(data.weights, data.weights + data.n_rows); }

}  // namespace

NormalisedWeights::NormalisedWeights(const Data& data, double smallest_unit) : data_(data) {
  if (data.weights == nullptr) return;
  unit_ = std::max(power_of_two_near(largest_weight(data)), smallest_unit);
  if (unit_ == 1) return;
  weights_.resize(static_cast<std::size_t>(data.n_rows));
  const double factor = 1 / unit_;
  // However small beside the largest, a positive weight stays one: its row is not absent.
  std::transform(data.weights, data.weights + data.n_rows, weights_.begin(),
                 [&](double w) { return w > 0 ? std::max(w * factor, std::numeric_limits<double>::min()) : 0.0; });
  data_.weights = weights_.data();
}

WeightTotals weight_totals(const Data& data) {
  if (data.weights == nullptr) {
    const auto n = static_cast<double>(data.n_rows);
    return {n, n, data.n_rows};
  }
  WeightTotals totals;
  const double factor = 1 / power_of_two_near(largest_weight(data));  // squares must not underflow
  double squares = 0;
  for (Index i = 0; i < data.n_rows; ++i) {
    const double w = data.weights[i];
    totals.weight += w;
    squares += (w * factor) * (w * factor);
    totals.n_rows += w > 0;
  }
  if (squares > 0) totals.n_effective = totals.weight * factor * (totals.weight * factor / squares);
  return totals;
}

}  // namespace gaussmix
