// Which instruction-set level runs: the best one this processor and this build have, unless a name is forced.
#pragma once

#include <string_view>

#include "kernels/interface.hpp"

namespace gaussmix::kernels {

enum class Selection { ok, unknown_name, not_built, not_supported };

const Level& active_level();
Selection select_level(std::string_view name);  // empty: the best one

}  // namespace gaussmix::kernels
