#include "kernels/leaf.hpp"

namespace gaussmix::kernels {

extern const Level level_generic;
const Level level_generic{"generic", kLanes, workspace_size, run_leaf};

}  // namespace gaussmix::kernels
