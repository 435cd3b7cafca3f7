#include "kernels/double_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v2;
extern const Level level_v2_single;
const Level level_v2{"v2", kLanes, workspace_size, run_leaf, &level_v2_single};

}  // namespace gaussmix::kernels
