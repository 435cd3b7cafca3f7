#include "kernels/double_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v4;
extern const Level level_v4_single;
const Level level_v4{"v4", kLanes, workspace_size, run_leaf, &level_v4_single};

}  // namespace gaussmix::kernels
