#include "em/fit.hpp"

#include "base/errors.hpp"
#include "em/em.hpp"
#include "em/frame.hpp"
#include "em/initialise.hpp"
#include "em/make_prior.hpp"
#include "em/race.hpp"
#include "em/restart.hpp"

namespace gaussmix {

namespace {

bool has_result(const StartOutcome& start) {
  return start.status != Status::degenerate && start.status != Status::raced_out;
}

bool in_race(const StartOutcome& start) { return start.status == Status::raced_out && start.message.empty(); }

bool better(const StartOutcome& a, const StartOutcome& b) {
  return has_result(a) && (!has_result(b) || a.objective() > b.objective());
}

// What eigenvalues are measured in. Of a bound on their ratio a ridge is part: a constant column has nothing else.
ColumnScale units_of(const ColumnMoments& moments, const Settings& settings) {
  const bool both = settings.max_eigenvalue_ratio && settings.ridge;
  ColumnScale units = both ? with_noise(moments.scale, std::sqrt(*settings.ridge)) : moments.scale;
  if (settings.structure->shape() ==
      CovarianceShape::spherical)  // which has one unit, and that is of no constant column
    units.each = units.each.cwiseMin(units.largest);
  return units;
}

// Starts are initialised and run; who goes on is decided elsewhere.
class Starts {
 public:
  Starts(const Data& data, const ColumnMoments& moments, const ColumnScale& units, const Settings& settings,
         const Frame& frame, const TimeLimit& limit, const Execution& execution, Outcome& outcome)
      : settings_(settings),
        weight_unit_(frame.weight_unit),
        limit_(limit),
        starts_(outcome.starts),
        moments_(moments),
        regularisation_(regularisation_for(*settings.structure, settings.ridge, units, settings.one_unit)),
        e_step_(data, outcome.totals, execution) {
    regularisation_.raise = settings.on_degenerate == OnDegenerate::raise;
    regularisation_.rows_per_weight = outcome.totals.n_effective / outcome.totals.weight;
    regularisation_.max_ratio = settings.max_eigenvalue_ratio;
    if (settings.prior)
      regularisation_.prior = make_prior(*settings.prior, settings.n_components, moments_, weight_unit_, e_step_);
  }

  // One more start. False when interrupted or out of time: earlier starts still count.
  bool initialise() {
    const auto number = static_cast<Index>(starts_.size());
    if (number > 0 && out_of_time()) return false;
    const Stopwatch stopwatch;
    StartOutcome& start = starts_.emplace_back();
    start.repairs = Repairs(settings_.n_components);
    try {
      start.mixture = gaussmix::initialise(e_step_, settings_, moments_, regularisation_,
                                           static_cast<std::uint64_t>(number), limit_, start.repairs);
      start.status = Status::raced_out;  // unless it is run
    } catch (const Degenerate& error) {
      start.status = Status::degenerate;
      start.message = "start " + std::to_string(number + 1) + ", initialisation: " + error.what();
    } catch (const Interrupted&) {
      if (number == 0) throw;
      start.status = ended_ = Status::interrupted;
    }
    start.seconds_init = stopwatch.seconds();
    return start.status != Status::interrupted;
  }

  // False when the fit has to end.
  bool run(Index number, Index halt) {
    StartOutcome& start = starts_[static_cast<std::size_t>(number)];
    if (start.status != Status::raced_out) return true;
    if (number > 0 && out_of_time()) return false;
    const Stopwatch stopwatch;
    const Index n_iter = start.n_iter;
    bool going_on = run_em(e_step_, settings_, regularisation_, limit_, number, halt, start);
    if (going_on && settings_.on_degenerate == OnDegenerate::restart)
      going_on = restart_degenerate(e_step_, settings_, regularisation_, limit_, number, start);
    start.seconds_em += stopwatch.seconds();
    if (going_on) return true;
    ended_ = start.status == Status::converged ? Status::stopped : start.status;
    // Carried on and interrupted at once: the likelihood of its parameters is not known.
    if (n_iter > 0 && start.n_iter == n_iter) start.status = Status::raced_out;
    return false;
  }

  bool run_next() { return initialise() && run(static_cast<Index>(starts_.size()) - 1, kNoHalt); }

  // A start that is not done may be ahead of all that are; then it is what there is to return. After an interrupt nobody
  // waits for the pass that it takes to know its likelihood.
  void evaluate_leader() {
    if (ended_ == Status::interrupted) return;
    StartOutcome* leader = nullptr;
    double highest = -std::numeric_limits<double>::infinity();
    for (const StartOutcome& start : starts_)
      if (has_result(start)) highest = std::max(highest, start.objective());
    for (StartOutcome& start : starts_)
      if (start.status == Status::raced_out && start.objective() > highest) {
        leader = &start;
        highest = start.objective();
      }
    if (leader == nullptr) return;
    try {
      evaluate(e_step_, regularisation_, leader->mixture, *leader);
      leader->status = ended_;
      leader->message.clear();
    } catch (const Interrupted&) {
      ended_ = Status::interrupted;
    }
  }

  // Starts that were still in the race when the fit was ended from outside share the fate of the one that was running.
  void end_the_others() {
    for (StartOutcome& start : starts_)
      if (in_race(start)) start.status = ended_;
  }

  bool run_race() {
    if (!run_next()) return false;
    while (static_cast<Index>(starts_.size()) < settings_.n_init)
      if (!initialise()) return false;
    return race(starts_, weight_unit_, [this](Index number, Index halt) { return run(number, halt); });
  }

 private:
  bool out_of_time() {
    if (!limit_.passed()) return false;
    ended_ = Status::max_seconds;
    return true;
  }

  const Settings& settings_;
  double weight_unit_;
  const TimeLimit& limit_;
  std::vector<StartOutcome>& starts_;
  const ColumnMoments& moments_;
  Regularisation regularisation_;
  EStep e_step_;
  Status ended_ = Status::raced_out;
};

void check_factor_analysers(const Settings& settings, Index n_features) {
  if (settings.structure->n_factors() >= n_features) throw InvalidArgument("there must be fewer factors than features");
  if (settings.prior || settings.max_eigenvalue_ratio)
    throw InvalidArgument("factor analysers have neither a prior nor a bound on the ratio of eigenvalues");
}

}  // namespace

Outcome fit(const Data& data, const Settings& given, const Execution& execution) {
  const TimeLimit limit(given.max_seconds);
  const Stopwatch stopwatch;
  // A prior counts in rows: beside it small weights are small.
  const NormalisedWeights normalised(data, given.prior ? 1.0 : 0.0);
  Outcome outcome;
  outcome.totals = weight_totals(normalised.data());
  if (given.n_components > outcome.totals.n_rows)
    throw InvalidArgument("there are fewer rows of positive weight than components");
  if (given.structure->n_factors() > 0) check_factor_analysers(given, data.n_features);
  const ColumnMoments moments = column_moments(normalised.data(), outcome.totals.weight, execution);
  const ColumnScale units = units_of(moments, given);
  outcome.column_scale = units.each;
  const Frame frame{normalised.unit(), moments.origin};
  const Settings settings = frame.inside(given);
  Starts starts(normalised.data().relative_to(moments.origin), moments, units, settings, frame, limit, execution,
                outcome);
  const double seconds_preparing = stopwatch.seconds();

  bool going_on = true;
  if (settings.race && settings.n_init > 2)
    going_on = starts.run_race();
  else
    while (going_on && static_cast<Index>(outcome.starts.size()) < settings.n_init) going_on = starts.run_next();

  if (!going_on) starts.evaluate_leader();
  outcome.starts.front().seconds_init += seconds_preparing;
  for (std::size_t i = 1; i < outcome.starts.size(); ++i)
    if (better(outcome.starts[i], outcome.starts[static_cast<std::size_t>(outcome.best)]))
      outcome.best = static_cast<Index>(i);
  if (!going_on) starts.end_the_others();
  const StartOutcome& best = outcome.starts[static_cast<std::size_t>(outcome.best)];
  if (best.status == Status::degenerate) throw Degenerate(best.message);
  frame.outside(outcome);
  return outcome;
}

}  // namespace gaussmix
