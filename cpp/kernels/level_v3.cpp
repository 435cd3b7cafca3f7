#include "kernels/leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v3;
const Level level_v3{"v3", kLanes, workspace_size, run_leaf};

}  // namespace gaussmix::kernels
