#include "kernels/double_leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_generic;
extern const Level level_generic_single;
const Level level_generic{"generic", kLanes, workspace_size, run_leaf, &level_generic_single};

}  // namespace gaussmix::kernels
