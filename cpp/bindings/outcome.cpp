#include "bindings/outcome.hpp"

#include "bindings/arrays.hpp"

namespace gaussmix::bindings {

const char* to_string(Status status) {
  switch (status) {
    case Status::converged: return "converged";
    case Status::max_iter: return "max_iter";
    case Status::max_seconds: return "max_seconds";
    case Status::stopped: return "stopped";
    case Status::interrupted: return "interrupted";
    case Status::degenerate: return "degenerate";
    case Status::raced_out: return "raced_out";
  }
  return "";
}

namespace {

const char* name_of(Action action) {
  switch (action) {
    case Action::floored: return "floored";
    case Action::emptied: return "emptied";
    case Action::dropped: return "dropped";
    case Action::restarted: return "restarted";
    case Action::restart_rejected: return "restart_rejected";
  }
  return "";
}

py::list from_events(const std::vector<RepairEvent>& events) {
  py::list out;
  for (const RepairEvent& event : events)
    out.append(py::make_tuple(
        event.first_iteration, event.last_iteration,
        event.component == Lifted::kCommon ? py::object(py::none()) : py::object(py::int_(event.component)),
        event.weight, event.eigenvalue, name_of(event.action)));
  return out;
}

py::object mixture_of(const StartOutcome& start) {
  if (!start.run_to_the_end()) return py::none();
  return from_mixture(start.mixture);
}

py::dict from_start(const StartOutcome& start) {
  py::dict out;
  out["status"] = to_string(start.status);
  out["n_iter"] = start.n_iter;
  out["log_likelihood"] = start.log_likelihood;
  out["trace"] = to_array(start.trace);
  out["predicted_gain"] = start.predicted_gain;
  out["floored"] = to_array(start.repairs.floored);
  out["emptied"] = to_array(start.repairs.emptied);
  out["events"] = from_events(start.repairs.events);
  out["log_prior"] = start.log_prior;
  out["rejected"] = start.rejected;
  out["message"] = start.message;
  return out;
}

}  // namespace

py::dict from_outcome(const Outcome& outcome) {
  const StartOutcome& best = outcome.starts[static_cast<std::size_t>(outcome.best)];
  py::dict out = from_mixture(best.mixture);
  out["log_likelihood"] = best.log_likelihood;
  out["certainty"] = best.certainty;
  out["total_weight"] = outcome.totals.weight;
  out["n_effective"] = outcome.totals.n_effective;
  out["n_rows"] = outcome.totals.n_rows;
  out["column_scale"] = to_array(outcome.column_scale);
  out["best_start"] = outcome.best;
  double seconds_init = 0, seconds_em = 0;
  py::list starts;
  for (const StartOutcome& start : outcome.starts) {
    seconds_init += start.seconds_init;
    seconds_em += start.seconds_em;
    py::dict one = from_start(start);
    if (&start != &best) one["mixture"] = mixture_of(start);  // that of the best is in `out`
    starts.append(one);
  }
  out["seconds_init"] = seconds_init;
  out["seconds_em"] = seconds_em;
  out["starts"] = starts;
  return out;
}

}  // namespace gaussmix::bindings
