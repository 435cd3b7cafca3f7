// The EM loop from one start.
#pragma once

#include "em/e_step.hpp"
#include "em/outcome.hpp"
#include "em/settings.hpp"

namespace gaussmix {

// Fills in everything of `outcome` but the times. `outcome.mixture` is the start on entry. An interrupt leaves the last
// parameters whose likelihood is known.
void run_em(EStep& e_step, const Settings& settings, const Regularisation& regularisation, Index start_number,
            StartOutcome& outcome);

}  // namespace gaussmix
