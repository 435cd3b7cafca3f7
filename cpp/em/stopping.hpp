// When EM is done.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "em/gain_series.hpp"
#include "em/last_steps.hpp"
#include "em/settings.hpp"
#include "statistics/data.hpp"

namespace gaussmix {

// What the prediction may leave, in nats per unit weight; `gain_left` is of all rows, and asks for no more.
struct GainLeft {
  // Where `gain_left` is empty. Extrapolations multiply the rounding of the data, so that such fits go other ways in other
  // units: they end where this is less than what likelihoods of one fit in two units may differ by. So do fits from random
  // shares, whose components begin next to one another, at a saddle, which EM leaves by gains that are small for long. Of factor
  // analysers with next to no noise the densities are known to 1e-8 nats only, so that theirs are no exception.
  static constexpr double kLeast = 1e-10;
  static constexpr double kOfAllRows = 0.1;

  GainLeft(const Settings& settings, double n_effective);

  double after_plain_steps;
  double after_extrapolations;
  double before_jump;  // to a maximum near by: with less to come none is tried
};

// Without `tol`: stops when the predicted remaining gain is less than that. The prediction is that of GainSeries, and where EM is
// accelerated that of LastSteps. A plateau looks finished before it is: the gains must have shrunk and the prediction been small
// for three iterations, and no component may be moving or have far to go.
// With `tol`: stops when the mean log-likelihood changes by less than `tol` in one iteration, scikit-learn's rule.
class Stopping {
 public:
  // `log_unit`: of the density, log of the product of the columns' scales.
  Stopping(const Settings& settings, const WeightTotals& totals, double log_unit)
      : tol_(settings.tol),
        gain_left_(settings, totals.n_effective),
        total_weight_(totals.weight),
        log_unit_(log_unit) {}

  // Likelihoods of the fit that this one carries on.
  void remember(const std::vector<double>& history);

  // After a plain EM step: the log-likelihood before it and how far it moved the parameters (in standard deviations).
  void observe(double log_likelihood, double step);

  // After a cycle of accelerated EM: the gain of its last plain step.
  void observe_cycle(double log_likelihood, double plain_gain, double step, const LastSteps& steps);

  // What each row's log-density may be wrong by, in the likelihoods to come.
  void set_rounding(double of_a_row) { rounding_of_a_row_ = of_a_row; }

  // The same likelihood again, known better.
  void correct(double log_likelihood) { last_ = log_likelihood; }

  bool done() const { return done_; }
  double rate() const { return rate_; }  // of successive gains; nan when unknown

  // Total nats still to come one plain step after the last likelihood observed, where the likelihood is known or not; nan when
  // unknown.
  double predicted_gain(double log_likelihood) const;
  double predicted_gain() const;
  // The same of accelerated EM, after two steps or more.
  double predicted_gain(const LastSteps& steps) const;

 private:
  void judge(double predicted_gain, double allowed, double step, int needed);
  double allowed(double gain_left, double log_likelihood) const;
  double least_gain(double log_likelihood) const;
  double negligible(double log_likelihood) const;

  std::optional<double> tol_;
  GainLeft gain_left_;
  double total_weight_;
  double log_unit_;
  double rounding_of_a_row_ = 0;
  double last_ = std::numeric_limits<double>::quiet_NaN();
  double rate_ = std::numeric_limits<double>::quiet_NaN();
  GainSeries gains_;
  double left_after_cycle_ = std::numeric_limits<double>::quiet_NaN();  // by its last gain, where that may be rounding
  int steady_ = 0;  // iterations for which gains have been shrinking
  int small_ = 0;   // and of these the last ones in which the prediction was small: one alone may be a passing dip
  bool done_ = false;
};

}  // namespace gaussmix
