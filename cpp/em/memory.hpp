// What a fit takes from the heap beside its data, by its sizes alone: it can be refused before it begins.
#pragma once

#include "em/settings.hpp"
#include "statistics/data.hpp"

namespace gaussmix {

// Bytes. What depends on the data, such as whether EM turns out slow or a component degenerate, is taken to need the most,
// but for two records: of a trace longer than kReservedTrace, and of components that are repaired now and again, only the
// beginning is counted.
struct MemoryNeeded {
  double kept = 0;         // by the outcome: the mixtures of all starts
  double working = 0;      // at most, beside that, while the fit lasts
  double handed_over = 0;  // by what Python gets of the outcome
};

// Of `data` only the sizes and the precision matter, and whether there are weights.
MemoryNeeded memory_needed(const Data& data, const Settings& settings, int n_threads);

}  // namespace gaussmix
