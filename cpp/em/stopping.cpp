#include "em/stopping.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

constexpr double kLargestStep = 1e-3;  // in standard deviations; larger means a component is still on its way
constexpr int kSteadyIterations = 3;
constexpr int kSteadyCycles = 2;

}  // namespace

void Stopping::remember(const std::vector<double>& history) {
  for (const double value : history) observe(value, 0.0);
  done_ = false;
}

// Gains below this are rounding of the sum itself.
double Stopping::negligible(double log_likelihood) const { return 1e-13 * std::abs(log_likelihood); }

void Stopping::observe(double log_likelihood, double step) {
  const double gain = log_likelihood - last_;
  last_ = log_likelihood;
  rate_ = gain / last_gain_;
  last_gain_ = gain;
  if (tol_) {
    done_ = std::abs(gain) / total_weight_ < *tol_;  // false while gain is nan
    predicted_gain_ = rate_ > 0 && rate_ < 1 ? gain * rate_ / (1 - rate_) : std::numeric_limits<double>::quiet_NaN();
    return;
  }
  if (std::abs(gain) <= negligible(log_likelihood)) {
    predicted_gain_ = 0;
    judge(log_likelihood, step, kSteadyIterations);
    return;
  }
  if (!(rate_ > 0 && rate_ < 1)) {
    steady_ = small_ = 0;
    predicted_gain_ = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  predicted_gain_ = gain * rate_ / (1 - rate_);
  judge(log_likelihood, step, kSteadyIterations);
}

void Stopping::observe_cycle(double log_likelihood, double plain_gain, double step_ratio, double step) {
  last_ = log_likelihood;
  last_gain_ = std::numeric_limits<double>::quiet_NaN();  // the next gain is no plain step of the same series
  rate_ = step_ratio * step_ratio;  // the likelihood is quadratic at its maximum: gains shrink by the square
  if (std::abs(plain_gain) <= negligible(log_likelihood)) {
    predicted_gain_ = 0;
    judge(log_likelihood, step, kSteadyCycles);
    return;
  }
  if (!(rate_ > 0 && rate_ < 1) || plain_gain < 0) {
    steady_ = small_ = 0;
    predicted_gain_ = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  predicted_gain_ = plain_gain * rate_ / (1 - rate_);
  judge(log_likelihood, step, kSteadyCycles);
}

void Stopping::judge(double log_likelihood, double step, int needed) {
  ++steady_;
  const double allowed = std::max(std::max(0.1 / n_effective_, 1e-7) * total_weight_, negligible(log_likelihood));
  small_ = predicted_gain_ < allowed ? small_ + 1 : 0;
  done_ = steady_ >= needed && small_ >= needed && step < kLargestStep;
}

}  // namespace gaussmix
