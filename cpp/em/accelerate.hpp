// Where to try next, after two steps of EM.
#pragma once

#include "em/admissible.hpp"
#include "em/last_steps.hpp"
#include "em/settings.hpp"
#include "em/squarem.hpp"
#include "em/stopping.hpp"

namespace gaussmix {

// On the way by SQUAREM, and where the last steps show a maximum near by, there. The caller evaluates the extrapolation (its
// E-step is the next EM step as well, so the test of the likelihood costs nothing) and reports whether it was good.
class Accelerator {
 public:
  Accelerator(const Settings& settings, const Regularisation& regularisation, const Execution& execution,
              Index n_components, const WeightTotals& totals)
      : admissible_(regularisation, execution, n_components),
        steps_(totals.weight, most_steps(settings)),
        gain_left_(GainLeft(settings, totals.n_effective).before_jump) {}

  // The first passes of an automatic run are not slow yet.
  static Index most_steps(const Settings& settings) {
    return settings.max_iter - (settings.acceleration == Acceleration::automatic ? 2 : 0);
  }

  // EM led from `theta` to `next`.
  void record(const Mixture& theta, const Mixture& next) { steps_.record(theta, next); }
  const LastSteps& steps() const { return steps_; }

  // Writes what the last steps recorded, which ended at `next`, promise to `mixture`, which is not `next`. False when it would
  // be plain EM or leave the admissible mixtures.
  bool extrapolate(const Mixture& next, Mixture& mixture) {
    distance_ = steps_.extrapolate({gain_left_, reach_}, next, mixture);
    if (distance_ > 0 && admissible_.make(mixture, next)) return true;
    distance_ = 0;
    if (!squarem_.extrapolate(steps_, next, mixture)) return false;
    const bool found = admissible_.make(mixture, next);
    if (!found) squarem_.rejected();
    return found;
  }

  void accepted() {
    if (distance_ > 0)
      reach_ = LastSteps::kLargestJump;
    else
      squarem_.accepted();
  }
  // A maximum that was none, or none so far away, is believed again at half the distance: until then Squarem goes on.
  void rejected() {
    if (distance_ > 0)
      reach_ = distance_ / 2;
    else
      squarem_.rejected();
  }

 private:
  Admissible admissible_;
  LastSteps steps_;
  double gain_left_;  // nats per unit weight: with less to come EM is about to end
  Squarem squarem_;
  double distance_ = 0;  // of the maximum that the last extrapolation went to, in sd; 0: it was Squarem's
  double reach_ = LastSteps::kLargestJump;
};

}  // namespace gaussmix
