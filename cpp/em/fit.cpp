#include "em/fit.hpp"

#include <chrono>

#include "em/em.hpp"
#include "em/initialise.hpp"
#include "em/make_prior.hpp"
#include "em/race.hpp"
#include "em/restart.hpp"

namespace gaussmix {

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Starts are initialised and run; who goes on is decided elsewhere.
class Starts {
 public:
  Starts(const Data& data, const Settings& settings, const Execution& execution, Outcome& outcome)
      : settings_(settings),
        starts_(outcome.starts),
        moments_(column_moments(data, outcome.totals.weight, execution)),
        regularisation_{settings.ridge,
                        moments_.scale,
                        settings.on_degenerate == OnDegenerate::raise,
                        settings.max_eigenvalue_ratio,
                        {}},
        e_step_(data, outcome.totals, execution) {
    outcome.column_scale = moments_.scale;
    if (settings.prior) regularisation_.prior = make_prior(*settings.prior, settings.n_components, moments_, e_step_);
  }

  // One more start. False when interrupted: earlier starts still count.
  bool initialise() {
    const auto number = static_cast<Index>(starts_.size());
    const auto begin = std::chrono::steady_clock::now();
    StartOutcome& start = starts_.emplace_back();
    start.repairs = Repairs(settings_.n_components);
    try {
      start.mixture = gaussmix::initialise(e_step_, settings_, moments_, regularisation_,
                                           static_cast<std::uint64_t>(number), start.repairs);
      start.status = Status::raced_out;  // unless it is run
    } catch (const Degenerate& error) {
      start.status = Status::degenerate;
      start.message = "start " + std::to_string(number + 1) + ", initialisation: " + error.what();
    } catch (const Interrupted&) {
      if (number == 0) throw;
      start.status = ended_ = Status::interrupted;
    }
    start.seconds_init = seconds_since(begin);
    return start.status != Status::interrupted;
  }

  // False when the fit has to end.
  bool run(Index number, Index halt) {
    StartOutcome& start = starts_[static_cast<std::size_t>(number)];
    if (start.status != Status::raced_out) return true;
    const auto begin = std::chrono::steady_clock::now();
    const Index n_iter = start.n_iter;
    run_em(e_step_, settings_, regularisation_, number, halt, start);
    if (settings_.on_degenerate == OnDegenerate::restart)
      restart_degenerate(e_step_, settings_, regularisation_, number, start);
    start.seconds_em += seconds_since(begin);
    if (start.status != Status::interrupted && start.status != Status::stopped) return true;
    ended_ = start.status;
    // Carried on and interrupted at once: the likelihood of its parameters is not known.
    if (n_iter > 0 && start.n_iter == n_iter) start.status = Status::raced_out;
    return false;
  }

  bool run_next() { return initialise() && run(static_cast<Index>(starts_.size()) - 1, kNoHalt); }

  // Starts that were still in the race when the fit was ended from outside share the fate of the one that was running.
  void end_the_others() {
    for (StartOutcome& start : starts_)
      if (start.status == Status::raced_out && start.message.empty()) start.status = ended_;
  }

  bool run_race() {
    if (!run_next()) return false;
    while (static_cast<Index>(starts_.size()) < settings_.n_init)
      if (!initialise()) return false;
    return race(starts_, [this](Index number, Index halt) { return run(number, halt); });
  }

 private:
  const Settings& settings_;
  std::vector<StartOutcome>& starts_;
  ColumnMoments moments_;
  Regularisation regularisation_;
  EStep e_step_;
  Status ended_ = Status::raced_out;
};

bool finished(const StartOutcome& start) {
  return start.status != Status::degenerate && start.status != Status::raced_out;
}

bool better(const StartOutcome& a, const StartOutcome& b) {
  return finished(a) && (!finished(b) || a.objective() > b.objective());
}

}  // namespace

Outcome fit(const Data& data, const Settings& settings, const Execution& execution) {
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome;
  outcome.totals = weight_totals(data);
  Starts starts(data, settings, execution, outcome);
  const double seconds_preparing = seconds_since(begin);

  bool going_on = true;
  if (settings.race && settings.n_init > 2)
    going_on = starts.run_race();
  else
    while (going_on && static_cast<Index>(outcome.starts.size()) < settings.n_init) going_on = starts.run_next();

  outcome.starts.front().seconds_init += seconds_preparing;
  for (std::size_t i = 1; i < outcome.starts.size(); ++i)
    if (better(outcome.starts[i], outcome.starts[static_cast<std::size_t>(outcome.best)]))
      outcome.best = static_cast<Index>(i);
  if (!going_on) starts.end_the_others();
  const StartOutcome& best = outcome.starts[static_cast<std::size_t>(outcome.best)];
  if (best.status == Status::degenerate) throw Degenerate(best.message);
  return outcome;
}

}  // namespace gaussmix
