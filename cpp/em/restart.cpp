#include "em/restart.hpp"

#include "em/degenerate.hpp"
#include "em/em.hpp"

namespace gaussmix {

namespace {

constexpr std::uint64_t kRestartStreams = std::uint64_t{1} << 62;

bool finished(Status status) { return status == Status::converged || status == Status::max_iter; }

}  // namespace

bool restart_degenerate(EStep& e_step, const Settings& settings, const Regularisation& regularisation,
                        const TimeLimit& limit, Index start_number, StartOutcome& start) {
  for (Index attempt = 0; finished(start.status) && start.n_iter < settings.max_iter; ++attempt) {
    const Index n_components = start.mixture.n_components();
    if (n_components < 2 || attempt == n_components) return true;
    const auto found = degenerate_component(start.mixture, regularisation.scale);
    if (!found) return true;
    const Index k = found->number;
    const double weight = start.mixture.weights[k] * e_step.totals().weight;
    const Random random(settings.seed,
                        kRestartStreams + static_cast<std::uint64_t>(start_number * n_components + attempt));

    StartOutcome trial = start;
    trial.trace.clear();
    trial.repairs.iteration = start.n_iter;
    trial.repairs.restart(k, weight, found->eigenvalue, true);
    trial.mixture = reseeded(start.mixture, k, e_step, regularisation, random);
    const bool going_on = run_em(e_step, settings, regularisation, limit, start_number, kNoHalt, trial);
    if (!(trial.objective() > start.objective())) {
      start.repairs.iteration = start.n_iter;
      start.repairs.restart(k, weight, found->eigenvalue, false);
      start.n_iter = trial.n_iter;
      if (!finished(trial.status)) start.status = trial.status;
      return going_on;
    }
    trial.trace.insert(trial.trace.begin(), start.trace.begin(), start.trace.end());
    start = std::move(trial);
    if (!going_on) return false;
  }
  return true;
}

}  // namespace gaussmix
