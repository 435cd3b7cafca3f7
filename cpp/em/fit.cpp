#include "em/fit.hpp"

#include <chrono>

#include "em/em.hpp"
#include "em/initialise.hpp"

namespace gaussmix {

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

StartOutcome run_start(EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                       const Regularisation& regularisation, Index number) {
  StartOutcome outcome;
  outcome.repairs = Repairs(settings.n_components);
  const auto begin = std::chrono::steady_clock::now();
  try {
    outcome.mixture =
        initialise(e_step, settings, moments, regularisation, static_cast<std::uint64_t>(number), outcome.repairs);
  } catch (const Degenerate& error) {
    outcome.status = Status::degenerate;
    outcome.message = "start " + std::to_string(number + 1) + ", initialisation: " + error.what();
    return outcome;
  }
  outcome.seconds_init = seconds_since(begin);
  const auto em_begin = std::chrono::steady_clock::now();
  run_em(e_step, settings, regularisation, number, outcome);
  outcome.seconds_em = seconds_since(em_begin);
  return outcome;
}

bool better(const StartOutcome& a, const StartOutcome& b) {
  if (a.status == Status::degenerate) return false;
  if (b.status == Status::degenerate) return true;
  return a.log_likelihood > b.log_likelihood;
}

}  // namespace

Outcome fit(const Data& data, const Settings& settings, const Execution& execution) {
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome;
  outcome.totals = weight_totals(data);
  const ColumnMoments moments = column_moments(data, outcome.totals.weight, execution);
  outcome.column_scale = moments.scale;
  const Regularisation regularisation{settings.ridge, moments.scale, settings.raise_degenerate};
  EStep e_step(data, outcome.totals, execution);
  const double seconds_preparing = seconds_since(begin);

  for (Index number = 0; number < settings.n_init; ++number) {
    try {
      outcome.starts.push_back(run_start(e_step, settings, moments, regularisation, number));
    } catch (const Interrupted&) {  // during the initialisation: earlier starts still count
      if (outcome.starts.empty()) throw;
      outcome.starts.emplace_back();
      outcome.starts.back().repairs = Repairs(settings.n_components);
      outcome.starts.back().status = Status::interrupted;
    }
    if (better(outcome.starts.back(), outcome.starts[static_cast<std::size_t>(outcome.best)]))
      outcome.best = static_cast<Index>(outcome.starts.size()) - 1;
    const Status status = outcome.starts.back().status;
    if (status == Status::interrupted || status == Status::stopped) break;
  }
  outcome.starts.front().seconds_init += seconds_preparing;
  const StartOutcome& best = outcome.starts[static_cast<std::size_t>(outcome.best)];
  if (best.status == Status::degenerate) throw Degenerate(best.message);
  return outcome;
}

}  // namespace gaussmix
