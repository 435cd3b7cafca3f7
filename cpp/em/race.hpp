// Which of many starts are worth running to the end.
#pragma once

#include <functional>

#include "em/outcome.hpp"

namespace gaussmix {

// Runs a start until it is done or has made `halt` passes; false when the whole fit has to end.
using RunStart = std::function<bool(Index number, Index halt)>;

// Successive halving: all starts but the first, which is done, make 3 passes; the half that is heading for the greater
// log-likelihoods goes on to 6, the better half of these to 12, and so on. The last one left is run to the end; so is, in the
// end, any other that got further in its few passes than the best that is done. With ten starts this costs about as many
// passes as 2.5 fits, and mostly finds what ten fits find. To drop starts that nearly agree with others did not pay: they
// are rare, for every start draws a sample of its own. False when a run said that the fit has to end. Messages give
// log-likelihoods times `unit`.
bool race(std::vector<StartOutcome>& starts, double unit, const RunStart& run);

}  // namespace gaussmix
