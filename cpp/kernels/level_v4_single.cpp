#define GAUSSMIX_SINGLE_PRECISION
#include "kernels/single_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v4_single;
const Level level_v4_single{"v4", kLanes, workspace_size, run_leaf, nullptr};

}  // namespace gaussmix::kernels
