// What came of a fit, start by start.
#pragma once

#include <limits>
#include <string>

#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"
#include "statistics/data.hpp"

namespace gaussmix {

// A start that was raced out is halted and will not be carried on.
enum class Status { converged, max_iter, max_seconds, stopped, interrupted, degenerate, raced_out };

struct StartOutcome {
  Status status = Status::max_iter;
  Mixture mixture;
  double log_likelihood = std::numeric_limits<double>::quiet_NaN();  // at `mixture`
  double log_prior = 0;                                              // up to a constant; 0 without a prior
  double certainty = std::numeric_limits<double>::quiet_NaN();       // sum of w log max_k r_k at `mixture`
  std::vector<double> trace;  // log-likelihood + log_prior at the parameters before each accepted pass
  double predicted_gain = std::numeric_limits<double>::quiet_NaN();  // total nats still to come at `mixture`
  Index n_iter = 0;  // passes over the data, rejected extrapolations included
  Index rejected = 0;
  Repairs repairs;
  std::string message;  // of a degenerate start or one that was raced out
  double seconds_init = 0;
  double seconds_em = 0;

  double objective() const { return log_likelihood + log_prior; }
  bool run_to_the_end() const { return status == Status::converged || status == Status::max_iter; }
};

struct Outcome {
  std::vector<StartOutcome> starts;
  Index best = 0;
  WeightTotals totals;
  Vector column_scale;
};

}  // namespace gaussmix
