#include "em/frame.hpp"

namespace gaussmix {

Settings Frame::inside(Settings settings) const {
  if (settings.prior && settings.prior->mean) *settings.prior->mean -= origin;
  if (settings.given.means) settings.given.means->rowwise() -= origin.transpose();
  for (double& log_likelihood : settings.given.history) log_likelihood /= weight_unit;
  if (settings.on_iteration)
    settings.on_iteration = [tell = settings.on_iteration, unit = weight_unit](Index start, Index iteration,
                                                                               double log_likelihood) {
      return tell(start, iteration, unit * log_likelihood);
    };
  return settings;
}

void Frame::outside(Outcome& outcome) const {
  outcome.totals.weight *= weight_unit;
  for (StartOutcome& start : outcome.starts) {
    if (start.mixture.means.size() > 0) start.mixture.means.rowwise() += origin.transpose();
    start.log_likelihood *= weight_unit;
    start.log_prior *= weight_unit;
    start.certainty *= weight_unit;
    start.predicted_gain *= weight_unit;
    for (double& objective : start.trace) objective *= weight_unit;
    for (RepairEvent& event : start.repairs.events) event.weight *= weight_unit;
  }
}

}  // namespace gaussmix
