// When EM is done.
#pragma once

#include <limits>
#include <optional>
#include <vector>

namespace gaussmix {

// Without `tol`: stops when the predicted remaining gain is below max(0.1 / n_effective, 1e-7) nats per unit weight. The
// prediction is Aitken's: with a = (l_t - l_{t-1}) / (l_{t-1} - l_{t-2}), the gains still to come form a geometric series
// of ratio a (Boehning et al. 1994; McLachlan & Peel 2000, section 2.11). A plateau looks finished before it is, so 0 < a < 1
// and the small prediction must have held for three iterations and no component may still be moving.
// With `tol`: stops when the mean log-likelihood changes by less than `tol` in one iteration, scikit-learn's rule.
class Stopping {
 public:
  Stopping(std::optional<double> tol, double total_weight, double n_effective)
      : tol_(tol), total_weight_(total_weight), n_effective_(n_effective) {}

  // Likelihoods of the fit that this one carries on.
  void remember(const std::vector<double>& history);

  // After a plain EM step: the log-likelihood before it and how far it moved the parameters (in standard deviations).
  void observe(double log_likelihood, double step);

  // After a cycle of accelerated EM: the gain of its last plain step and the ratio of successive plain steps.
  void observe_cycle(double log_likelihood, double plain_gain, double step_ratio, double step);

  // The same likelihood again, known better.
  void correct(double log_likelihood) { last_ = log_likelihood; }

  bool done() const { return done_; }
  double predicted_gain() const { return predicted_gain_; }  // total nats; nan when unknown
  double rate() const { return rate_; }                      // a; nan when unknown

 private:
  void judge(double log_likelihood, double step, int needed);
  double negligible(double log_likelihood) const;

  std::optional<double> tol_;
  double total_weight_;
  double n_effective_;
  double last_ = std::numeric_limits<double>::quiet_NaN();
  double last_gain_ = std::numeric_limits<double>::quiet_NaN();
  double rate_ = std::numeric_limits<double>::quiet_NaN();
  double predicted_gain_ = std::numeric_limits<double>::quiet_NaN();
  int steady_ = 0;  // iterations for which there has been a prediction
  int small_ = 0;   // and of these the last ones in which it was small: one alone may be a passing dip
  bool done_ = false;
};

}  // namespace gaussmix
