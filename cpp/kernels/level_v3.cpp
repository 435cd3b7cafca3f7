#include "kernels/double_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_v3;
extern const Level level_v3_single;
const Level level_v3{"v3", kLanes, workspace_size, run_leaf, &level_v3_single};

}  // namespace gaussmix::kernels
