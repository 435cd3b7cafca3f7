// The whole fit: units of the columns, starts, EM from each, the best one.
#pragma once

#include "em/outcome.hpp"
#include "em/settings.hpp"
#include "statistics/pass.hpp"

namespace gaussmix {

// Throws Interrupted when stopped before there is any mixture, Degenerate when every start is degenerate.
Outcome fit(const Data& data, const Settings& settings, const Execution& execution);

}  // namespace gaussmix
