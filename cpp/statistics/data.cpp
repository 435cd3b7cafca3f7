#include "statistics/data.hpp"

namespace gaussmix {

WeightTotals weight_totals(const Data& data) {
  if (data.weights == nullptr) {
    const auto n = static_cast<double>(data.n_rows);
    return {n, n, data.n_rows};
  }
  WeightTotals totals;
  for (Index i = 0; i < data.n_rows; ++i) {
    const double w = data.weights[i];
    totals.weight += w;
    totals.squared_weight += w * w;
    totals.n_rows += w > 0;
  }
  return totals;
}

}  // namespace gaussmix
