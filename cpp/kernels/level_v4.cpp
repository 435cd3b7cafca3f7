#include "kernels/leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v4;
const Level level_v4{"v4", kLanes, workspace_size, run_leaf};

}  // namespace gaussmix::kernels
