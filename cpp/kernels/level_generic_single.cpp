#define GAUSSMIX_SINGLE_PRECISION
#include "kernels/single_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_generic_single;
const Level level_generic_single{"generic", kLanes, workspace_size, run_leaf, nullptr};

}  // namespace gaussmix::kernels
