#include "kernels/leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v2;
const Level level_v2{"v2", kLanes, workspace_size, run_leaf};

}  // namespace gaussmix::kernels
