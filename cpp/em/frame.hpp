// What a fit leaves out of its numbers, because it is no part of the estimate: a common factor of the weights, and an offset of
// the columns that would cost the means their digits.
#pragma once

#include "em/outcome.hpp"
#include "em/settings.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

struct Frame {
  double weight_unit = 1;  // likelihoods are in this unit
  Vector origin;           // D; means are relative to it

  // What the caller asks for, in the numbers of the fit, and what came of it, in the caller's.
  Settings inside(Settings settings) const;
  void outside(Outcome& outcome) const;
};

}  // namespace gaussmix
