// Mean, spread and size of every column: the units in which starts and floors are measured.
#pragma once

#include "statistics/pass.hpp"

namespace gaussmix {

struct ColumnScale {
  // Weighted standard deviation; sqrt(eps) * |mean| where that is 0; 1 where the whole column is 0.
  Vector each;
  double largest = 1;   // of the columns that are not constant; where all are, of all
  double smallest = 1;  // of the same
};
ColumnScale column_scale(const Vector& variance, const Vector& mean);

struct ColumnMoments {
  // The mean, rounded, of columns whose spread is so small beside it that a mean would lose digits of the spread; zero of
  // others. Values relative to it are exact, and they and their means have all their digits.
  Vector origin;
  Vector mean;  // relative to the origin
  ColumnScale scale;
};

// Throws InvalidArgument when squares in units of a column's scale would leave the range of float64.
ColumnMoments column_moments(const Data& data, double total_weight, const Execution& execution);

}  // namespace gaussmix
