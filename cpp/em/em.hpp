// The EM loop from one start.
#pragma once

#include "base/stopwatch.hpp"
#include "em/e_step.hpp"
#include "em/outcome.hpp"
#include "em/settings.hpp"

namespace gaussmix {

constexpr Index kNoHalt = std::numeric_limits<Index>::max();

// Longer traces than this grow as they come.
constexpr Index kReservedTrace = 1 << 16;

// Fills in everything of `outcome` but the times. `outcome.mixture` is the start on entry. An interrupt leaves the last
// parameters whose likelihood is known, to the digits that means have at an offset. If it is not done after `halt` passes it is left as Status::raced_out, with the
// parameters of the next pass: the same call with a later halt carries on. False when the whole fit has to end, which a
// start that has just converged does not show.
bool run_em(EStep& e_step, const Settings& settings, const Regularisation& regularisation, const TimeLimit& limit,
            Index start_number, Index halt, StartOutcome& outcome);

// The likelihood at a mixture, one step beyond the last of the trace.
void evaluate(EStep& e_step, const Regularisation& regularisation, Mixture& mixture, StartOutcome& outcome);

}  // namespace gaussmix
