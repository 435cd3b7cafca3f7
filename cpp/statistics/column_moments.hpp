// Mean, spread and size of every column: the units in which starts and floors are measured.
#pragma once

#include "statistics/pass.hpp"

namespace gaussmix {

struct ColumnMoments {
  Vector mean;
  // Weighted standard deviation; sqrt(eps) * |mean| where that is 0; 1 where the whole column is 0.
  Vector scale;
};

// The rule for one column.
double column_scale(double variance, double mean);

ColumnMoments column_moments(const Data& data, double total_weight, const Execution& execution);

}  // namespace gaussmix
