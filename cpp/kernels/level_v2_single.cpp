#define GAUSSMIX_SINGLE_PRECISION
#include "kernels/single_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v2_single;
const Level level_v2_single{"v2", kLanes, workspace_size, run_leaf, nullptr};

}  // namespace gaussmix::kernels
