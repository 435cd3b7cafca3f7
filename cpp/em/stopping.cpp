#include "em/stopping.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

// In standard deviations. A step that is larger means a component is still on its way; a maximum that is further away is none
// that the last steps can tell of.
constexpr double kLargestStep = 1e-3;
constexpr double kLargestDistance = 0.04;
// Gains below this share of what may be left tell nothing of slower ones. Rounding is smaller, but depends on units.
constexpr double kLeastGain = 1e-6;
constexpr int kSteadyIterations = 3;
constexpr int kSteadyCycles = 2;

}  // namespace

GainLeft::GainLeft(const Settings& settings, double n_effective) {
  const double of_all_rows = settings.gain_left.value_or(kOfAllRows);
  const double usual = std::max(of_all_rows / n_effective, std::min(1e-7, 1e-6 * of_all_rows));
  const double least = settings.structure->n_factors() > 0 ? usual : std::min(usual, kLeast);
  before_jump = least;
  after_extrapolations = settings.gain_left ? usual : least;
  after_plain_steps = settings.start == Start::random ? after_extrapolations : usual;
}

void Stopping::remember(const std::vector<double>& history) {
  for (const double value : history) observe(value, 0.0);
  done_ = false;
}

// Gains below this are rounding: of the sum itself, and of the rows' densities. In whatever units, the same gains are.
double Stopping::negligible(double log_likelihood) const {
  const double of_a_row = std::max(1.0, std::abs(log_likelihood / total_weight_ + log_unit_));
  return (1e-13 * of_a_row + rounding_of_a_row_) * total_weight_;
}

double Stopping::allowed(double gain_left, double log_likelihood) const {
  return std::max(gain_left * total_weight_, negligible(log_likelihood));
}

double Stopping::least_gain(double log_likelihood) const {
  return kLeastGain * allowed(gain_left_.after_plain_steps, log_likelihood);
}

void Stopping::observe(double log_likelihood, double step) {
  const double gain = log_likelihood - last_;
  last_ = log_likelihood;
  gains_.add(gain);
  rate_ = gains_.ratio();
  if (tol_) {
    done_ = std::abs(gain) / total_weight_ < *tol_;  // false while gain is nan
    return;
  }
  const double allowed = this->allowed(gain_left_.after_plain_steps, log_likelihood);
  if (std::abs(gain) <= negligible(log_likelihood)) return judge(0.0, allowed, step, kSteadyIterations);
  if (!(rate_ > 0 && rate_ < 1)) {
    steady_ = small_ = 0;
    return;
  }
  // Gains shrink by the square of what steps shrink by: the likelihood is quadratic at its maximum.
  const GainSeries::Forecast forecast = gains_.forecast(least_gain(log_likelihood));
  const bool near = step < kLargestDistance * (1 - std::sqrt(forecast.ratio));
  judge(near ? forecast.gain : std::numeric_limits<double>::infinity(), allowed, step, kSteadyIterations);
}

void Stopping::observe_cycle(double log_likelihood, double plain_gain, double step, const LastSteps& steps) {
  const double allowed = this->allowed(gain_left_.after_extrapolations, log_likelihood);
  last_ = log_likelihood;
  gains_ = {};  // the next gain is no plain step of the same series
  rate_ = steps.rate();
  left_after_cycle_ = std::numeric_limits<double>::quiet_NaN();
  if (std::abs(plain_gain) <= negligible(log_likelihood)) {
    left_after_cycle_ = 0;
    return judge(0.0, allowed, step, kSteadyCycles);
  }
  if (!(rate_ > 0 && rate_ < 1) || plain_gain < 0) {
    steady_ = small_ = 0;
    return;
  }
  const double left = plain_gain * rate_ / (1 - rate_);
  judge(left, allowed, step, kSteadyCycles);
  const bool may_be_rounding = plain_gain < kLeastGain * allowed;
  if (may_be_rounding) left_after_cycle_ = left;
  if (!done_ || may_be_rounding) return;
  // That was a lower bound of what is left, which costs less; so is this, of the directions that were extrapolated along.
  done_ = steps.least_gain() < allowed;
  if (!done_) return;
  const LastSteps::Forecast forecast = steps.forecast();
  done_ = forecast.gain < allowed && forecast.distance < kLargestDistance;
}

void Stopping::judge(double predicted_gain, double allowed, double step, int needed) {
  ++steady_;
  small_ = predicted_gain < allowed ? small_ + 1 : 0;
  done_ = steady_ >= needed && small_ >= needed && step < kLargestStep;
}

double Stopping::predicted_gain() const {
  return std::abs(gains_.last()) <= negligible(last_) ? 0.0 : gains_.forecast(least_gain(last_)).gain_after;
}

double Stopping::predicted_gain(const LastSteps& steps) const {
  return std::isnan(left_after_cycle_) ? steps.forecast().gain_after : left_after_cycle_;
}

double Stopping::predicted_gain(double log_likelihood) const {
  const double gain = log_likelihood - last_;
  if (std::abs(gain) <= negligible(log_likelihood)) return 0.0;
  GainSeries gains = gains_;
  gains.add(gain);
  return gains.forecast(least_gain(log_likelihood)).gain;
}

}  // namespace gaussmix
