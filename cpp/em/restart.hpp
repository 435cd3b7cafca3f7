// A second chance for components that the data cannot carry where they are.
#pragma once

#include "base/stopwatch.hpp"
#include "em/outcome.hpp"
#include "em/settings.hpp"

namespace gaussmix {

class EStep;

// While a finished start holds a degenerate component: seeds it anew where the model explains worst, runs EM again, and
// keeps the result if its likelihood is higher. Ends at the first attempt in vain; max_iter holds for all passes together.
// False when the whole fit has to end.
bool restart_degenerate(EStep& e_step, const Settings& settings, const Regularisation& regularisation,
                        const TimeLimit& limit, Index start_number, StartOutcome& start);

}  // namespace gaussmix
