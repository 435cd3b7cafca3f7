// Whether a pass may compute in single precision: float32 data, components far from singular, numbers far from the ends of
// the range. It then knows log-likelihoods to about 1e-6 nats per row and covariances to 1e-6 relative, enough while EM climbs.
#pragma once

#include "mixture/mixture.hpp"
#include "statistics/data.hpp"

namespace gaussmix {

class SinglePrecision {
 public:
  // For the passes of one run.
  void begin(const Data& data, const WeightTotals& totals);
  void end() { on_ = false; }
  bool on() const { return on_; }
  // At `mixture`.
  bool serves(const Mixture& mixture) const;
  // After a pass: this share of the leaves had to be done again.
  void observe(double refused);

 private:
  bool on_ = false;
};

}  // namespace gaussmix
