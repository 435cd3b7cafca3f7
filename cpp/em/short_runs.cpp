#include "em/short_runs.hpp"

#include "base/errors.hpp"
#include "em/em.hpp"
#include "em/first_step.hpp"
#include "em/lloyd.hpp"

namespace gaussmix {

namespace {

constexpr Index kRuns = 6;
constexpr Index kPasses = 10;
constexpr double kMostPasses = 3.5;  // over all rows, that the runs together may cost

// A few passes of plain EM from no parameters that are given, and nothing that the caller is to hear of.
Settings for_short_run(const Settings& settings) {
  Settings own = settings;
  own.max_iter = kPasses;
  own.acceleration = Acceleration::never;
  own.on_degenerate = OnDegenerate::repair;
  own.on_iteration = {};
  own.given = {};
  own.tol.reset();
  return own;
}

// Whether `a` is the better start.
bool better(const StartOutcome& a, const StartOutcome& b) {
  if (a.mixture.repaired != b.mixture.repaired) return b.mixture.repaired;
  return a.log_likelihood > b.log_likelihood;
}

}  // namespace

bool short_runs_pay(Index n_sampled, Index n_rows, Index n_features, const Settings& settings) {
  const Index n_components = settings.n_components;
  const auto cost = static_cast<double>(kRuns * (kPasses + 1) * n_sampled);
  const Index n_parameters =
      settings.structure->n_covariance_parameters(n_components, n_features) + n_components * (n_features + 1);
  return n_components > 1 && cost <= kMostPasses * static_cast<double>(n_rows) && n_sampled >= n_parameters;
}

std::optional<Mixture> best_short_run(const Sample& sample, const EStep& e_step, const Settings& settings,
                                      const ColumnMoments& moments, const Regularisation& regularisation,
                                      const TimeLimit& limit, const std::function<Random(std::uint64_t run)>& seeds) {
  const Execution& execution = e_step.execution();
  const Matrix rows = sampled_rows(e_step.data(), sample);
  const Data data{rows.data(), false, sample.weights.data(), rows.rows(), rows.cols()};
  const NormalisedWeights normalised(data);
  EStep on_sample(normalised.data(), weight_totals(normalised.data()), execution);
  const Settings own = for_short_run(settings);
  Regularisation plain = regularisation.quiet();
  plain.prior.reset();  // it counts in rows of the data
  StartOutcome best;
  for (Index run = 0; run < kRuns && (run == 0 || !limit.passed()); ++run) {
    const Matrix centres =
        lloyd(sample, plus_plus_centres(sample, own.n_components, seeds(static_cast<std::uint64_t>(run)), execution),
              execution);
    StartOutcome outcome;
    outcome.repairs = Repairs(own.n_components);
    const FirstStep step{on_sample,      *own.structure, moments, plain, seeds(static_cast<std::uint64_t>(kRuns + run)),
                         outcome.repairs};
    outcome.mixture = step.from_centres(unstandardised(centres, moments));
    run_em(on_sample, own, plain, limit, run, kNoHalt, outcome);
    if (outcome.status == Status::interrupted) throw Interrupted();
    if (run == 0 || better(outcome, best)) best = std::move(outcome);
  }
  if (best.mixture.repaired) return std::nullopt;
  return best.mixture;
}

}  // namespace gaussmix
