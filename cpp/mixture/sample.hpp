// Independent draws from a mixture.
#pragma once

#include "base/parallel.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// Row i is a function of (seed, i) alone. `x` is n x D, `labels` n.
void sample(const Mixture& mixture, Index n, std::uint64_t seed, const Execution& execution, double* x,
            std::int64_t* labels);

}  // namespace gaussmix
