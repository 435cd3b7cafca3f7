// Densities, responsibilities and labels of rows under a mixture, streamed tile by tile into the caller's arrays.
#pragma once

#include "mixture/mixture.hpp"
#include "statistics/pass.hpp"

namespace gaussmix {

void evaluate(const Data& data, const Mixture& mixture, const kernels::Outputs& outputs, const Execution& execution);

}  // namespace gaussmix
