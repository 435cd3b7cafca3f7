// Densities, responsibilities and labels of rows under a mixture, streamed tile by tile into the caller's arrays.
#pragma once

#include "mixture/kernel_parameters.hpp"
#include "statistics/pass.hpp"

namespace gaussmix {

void evaluate(const Data& data, const KernelParameters& parameters, const kernels::Outputs& outputs,
              const Execution& execution);

}  // namespace gaussmix
