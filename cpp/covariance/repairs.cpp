#include "covariance/repairs.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gaussmix {

Repairs::Repairs(Index n_components)
    : floored(static_cast<std::size_t>(n_components), 0),
      emptied(static_cast<std::size_t>(n_components), 0),
      numbers_(static_cast<std::size_t>(n_components)) {
  std::iota(numbers_.begin(), numbers_.end(), Index{0});
  events.reserve(static_cast<std::size_t>(n_components));
}

void Repairs::begin(Index iteration) {
  iteration_ = iteration;
  happened_ = false;
}

void Repairs::floor(Index k, double weight, double eigenvalue) {
  const auto at = static_cast<std::size_t>(k);
  ++floored[at];
  note(numbers_[at], weight, eigenvalue, Action::floored);
}

void Repairs::floor_common(double weight, double eigenvalue) {
  for (std::int64_t& count : floored) ++count;
  note(Lifted::kCommon, weight, eigenvalue, Action::floored);
}

void Repairs::empty(Index k, double weight) {
  const auto at = static_cast<std::size_t>(k);
  ++emptied[at];
  note(numbers_[at], weight, std::numeric_limits<double>::quiet_NaN(), Action::emptied);
}

void Repairs::drop(Index k, double weight, double eigenvalue) {
  note(numbers_[static_cast<std::size_t>(k)], weight, eigenvalue, Action::dropped);
  floored.erase(floored.begin() + k);
  emptied.erase(emptied.begin() + k);
  numbers_.erase(numbers_.begin() + k);
}

void Repairs::restart(Index k, double weight, double eigenvalue, bool accepted) {
  const Action action = accepted ? Action::restarted : Action::restart_rejected;
  note(numbers_[static_cast<std::size_t>(k)], weight, eigenvalue, action);
}

void Repairs::note(Index component, double weight, double eigenvalue, Action action) {
  happened_ = true;
  const auto same = std::find_if(events.rbegin(), events.rend(), [&](const RepairEvent& event) {
    return event.component == component && event.action == action;
  });
  if (same == events.rend() || same->last_iteration < iteration_ - 1) {
    events.push_back({iteration_, iteration_, component, weight, eigenvalue, action});
    return;
  }
  same->last_iteration = iteration_;
  same->weight = weight;
  if (!(same->eigenvalue <= eigenvalue)) same->eigenvalue = eigenvalue;
}

}  // namespace gaussmix
