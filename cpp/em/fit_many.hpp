// Many fits with the same settings, side by side: each on one thread, so that it gives the bits of a fit alone.
#pragma once

#include <vector>

#include "em/fit.hpp"

namespace gaussmix {

struct FitTask {
  Data data;
  std::uint64_t seed = 0;
  const GivenStart* start = nullptr;  // borrowed; none: that of the settings
};

enum class Ending { fitted, degenerate, failed, not_run };

struct TaskOutcome {
  Ending ending = Ending::not_run;
  Outcome outcome;      // when fitted
  std::string message;  // when degenerate or failed
};

// One outcome per task. After an interrupt the tasks that were not finished have not been run.
std::vector<TaskOutcome> fit_many(const std::vector<FitTask>& tasks, const Settings& settings,
                                  const Execution& execution);

}  // namespace gaussmix
