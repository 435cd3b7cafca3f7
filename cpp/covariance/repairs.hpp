// The record of what was done to components that the data cannot carry.
#pragma once

#include "covariance/covariances.hpp"

namespace gaussmix {

enum class Action {
  floored,          // the eigenvalue floor acted
  emptied,          // no weight was left: the component kept its mean and covariance
  dropped,          // it was taken out of the mixture
  restarted,        // it was seeded anew, and the likelihood ended higher for that
  restart_rejected  // it was seeded anew in vain
};

// The same thing in successive M-steps is one event.
struct RepairEvent {
  Index first_iteration, last_iteration;  // 0: before the first one
  Index component;                        // as the start numbered it, or Lifted::kCommon
  double weight;                          // n_k, at last
  double eigenvalue;                      // the smallest, in units of the columns' spread; nan where it is not known
  Action action;
};

// How often each of the present components was repaired, and all that happened to any.
struct Repairs {
  Counts floored;
  Counts emptied;
  std::vector<RepairEvent> events;

  explicit Repairs(Index n_components = 0);
  // What comes next belongs to the M-step of this iteration.
  void begin(Index iteration);
  void floor(Index k, double weight, double eigenvalue);
  void floor_common(double weight, double eigenvalue);
  void empty(Index k, double weight);
  // The component leaves: those after it move up.
  void drop(Index k, double weight, double eigenvalue);
  void restart(Index k, double weight, double eigenvalue, bool accepted);
  // Whether this M-step needed any.
  bool happened() const { return happened_; }

 private:
  void note(Index component, double weight, double eigenvalue, Action action);

  std::vector<Index> numbers_;  // of the present components
  Index iteration_ = 0;
  bool happened_ = false;
};

}  // namespace gaussmix
