// Where to try next, after two steps of EM.
#pragma once

#include "em/admissible.hpp"
#include "em/last_steps.hpp"
#include "em/settings.hpp"
#include "em/squarem.hpp"

namespace gaussmix {

// On the way by SQUAREM, and where the last steps show a maximum near by, there. The caller evaluates the extrapolation (its
// E-step is the next EM step as well, so the test of the likelihood costs nothing) and reports whether it was good.
class Accelerator {
 public:
  Accelerator(const Settings& settings, const Regularisation& regularisation, const Execution& execution,
              Index n_components, const WeightTotals& totals)
      : admissible_(regularisation, execution, n_components),
        steps_(totals.weight, most_steps(settings)),
        gain_left_(settings.gain_left / totals.n_effective) {}

  // The first passes of an automatic run are not slow yet.
  static Index most_steps(const Settings& settings) {
    return settings.max_iter - (settings.acceleration == Acceleration::automatic ? 2 : 0);
  }

  // EM led from `theta` to `next`.
  void record(const Mixture& theta, const Mixture& next) { steps_.record(theta, next); }
  const LastSteps& steps() const { return steps_; }

  // Writes what the last two steps recorded, from theta0 by theta1 to theta2, promise to `mixture`, which is none of the
  // three. False when it would be plain EM or leave the admissible mixtures.
  bool extrapolate(const Mixture& theta0, const Mixture& theta1, const Mixture& theta2, Mixture& mixture) {
    distance_ = steps_.extrapolate({gain_left_, reach_}, theta2, mixture);
    if (distance_ > 0 && admissible_.make(mixture, theta2)) return true;
    distance_ = 0;
    if (!squarem_.extrapolate(theta0, theta1, theta2, mixture)) return false;
    const bool found = admissible_.make(mixture, theta2);
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
