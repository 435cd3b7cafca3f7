#include "em/restart.hpp"

#include "base/errors.hpp"
#include "em/degenerate.hpp"
#include "em/em.hpp"

namespace gaussmix {

namespace {

constexpr std::uint64_t kRestartStreams = std::uint64_t{1} << 62;

// EM from `trial`, in which component k is about to be seeded anew. False when the whole fit has to end.
bool run_anew(EStep& e_step, const Settings& settings, const Regularisation& regularisation, const TimeLimit& limit,
              Index start_number, Index k, const Random& random, StartOutcome& trial) {
  Settings own = settings;
  own.given.history.clear();  // likelihoods of another mixture
  trial.trace.clear();
  try {
    trial.mixture = reseeded(trial.mixture, k, e_step, regularisation, random);
  } catch (const Interrupted&) {
    trial.status = Status::interrupted;
    return false;
  }
  return run_em(e_step, own, regularisation, limit, start_number, kNoHalt, trial);
}

}  // namespace

bool restart_degenerate(EStep& e_step, const Settings& settings, const Regularisation& regularisation,
                        const TimeLimit& limit, Index start_number, StartOutcome& start) {
  for (Index attempt = 0; start.run_to_the_end() && start.n_iter < settings.max_iter; ++attempt) {
    const Index n_components = start.mixture.n_components();
    if (n_components < 2 || attempt == n_components) return true;
    const auto found = degenerate_component(start.mixture, regularisation.scale);
    if (!found) return true;
    const Index k = found->number;
    const double weight = start.mixture.weights[k] * e_step.totals().weight;
    const Random random(settings.seed,
                        kRestartStreams + static_cast<std::uint64_t>(start_number * n_components + attempt));

    StartOutcome trial = start;
    trial.repairs.begin(start.n_iter);
    trial.repairs.restart(k, weight, found->eigenvalue, true);
    const bool going_on = run_anew(e_step, settings, regularisation, limit, start_number, k, random, trial);
    if (!(trial.objective() > start.objective())) {
      start.repairs.begin(start.n_iter);
      start.repairs.restart(k, weight, found->eigenvalue, false);
      start.n_iter = trial.n_iter;
      if (!trial.run_to_the_end() && trial.status != Status::degenerate) start.status = trial.status;
      return going_on;
    }
    trial.trace.insert(trial.trace.begin(), start.trace.begin(), start.trace.end());
    start = std::move(trial);
    if (!going_on) return false;
  }
  return true;
}

}  // namespace gaussmix
