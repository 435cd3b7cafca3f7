// k-means on a sample.
#pragma once

#include "base/parallel.hpp"
#include "em/seeding.hpp"

namespace gaussmix {

// A few steps of Lloyd's algorithm, by the engine's own hard E-step. An empty cluster keeps its centre.
Matrix lloyd(const Sample& sample, Matrix centres, const Execution& execution);

}  // namespace gaussmix
