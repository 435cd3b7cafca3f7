#include "em/em.hpp"

#include <cmath>
#include <utility>

#include "em/accelerate.hpp"
#include "em/degenerate.hpp"
#include "em/m_step.hpp"
#include "em/stopping.hpp"

namespace gaussmix {

namespace {

// EM counts as slow when each gain is more than this share of the last, twice in a row. A lower rate saves no more passes, and
// extrapolations from so far away end in worse optima as often as in better ones.
constexpr double kSlowRate = 0.7;
constexpr int kSlowIterations = 2;

// Single precision knows the log-likelihood to about 1e-6 nats per row: gains below this are left to double precision.
constexpr double kSmallestSingleGain = 1e-4;

// To what they can be returned as: the likelihood is to be theirs.
void round_means(Matrix& means, const ConstVectorMap& origin) {
  for (Index k = 0; k < means.rows(); ++k) {
    const Vector returned = means.row(k).transpose() + origin;
    means.row(k) = (returned - origin).transpose();
  }
}

double log_prior(const Regularisation& regularisation, const Mixture& mixture, Workspace& workspace) {
  return regularisation.prior ? regularisation.prior->log_density(mixture.means, mixture.factors,
                                                                  mixture.structure->one_for_all(), workspace)
                              : 0.0;
}

class Loop {
 public:
  Loop(EStep& e_step, const Settings& settings, const Regularisation& regularisation, const TimeLimit& limit,
       Index start_number, StartOutcome& outcome)
      : e_step_(e_step),
        settings_(settings),
        regularisation_(regularisation),
        limit_(limit),
        start_number_(start_number),
        outcome_(outcome),
        theta_(outcome.mixture),
        stopping_(new_stopping()),
        accelerating_(settings.acceleration == Acceleration::always) {
    begin_accelerator();
    stopping_.remember(outcome.trace.empty() ? settings.given.history : outcome.trace);
    e_step_.begin_run(regularisation_.takes_roots());
    // What is taken up again has no pass before it that could be repeated.
    if (accelerating_ || !outcome.trace.empty() || settings.structure->n_factors() > 0) e_step_.end_single_precision();
    smallest_single_gain_ = e_step.totals().weight * std::max(kSmallestSingleGain, 2 * settings.tol.value_or(0.0));
    outcome_.trace.reserve(static_cast<std::size_t>(std::min<Index>(settings.max_iter, kReservedTrace)));
  }

  ~Loop() { e_step_.end_run(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // False when the whole fit has to end.
  bool run_until(Index halt) {
    const Index last = std::min(halt, settings_.max_iter);
    while (outcome_.n_iter < last && !finished_) {
      iterate();
      if (outcome_.n_iter < last && !finished_ && !repeating_ && limit_.passed()) end_fit(Status::max_seconds);
    }
    if (testing_) std::swap(theta_, fallback_);  // an extrapolation that was never tested is not returned
    if (finished_ || outcome_.n_iter == settings_.max_iter) {
      if (!finished_) outcome_.status = Status::max_iter;
      evaluate(e_step_, regularisation_, theta_, outcome_);
      outcome_.predicted_gain = stopping_.predicted_gain(outcome_.objective());
    } else {
      outcome_.status = Status::raced_out;
      outcome_.predicted_gain = stopping_.predicted_gain();
    }
    if (accelerating_) {
      const double gain = stopping_.predicted_gain(accelerator_->steps());
      if (!std::isnan(gain)) outcome_.predicted_gain = gain;
    }
    outcome_.mixture = std::move(theta_);
    std::vector<double>().swap(outcome_.mixture.covariances.root);  // is empty: gives back what M-steps need
    return !ending_fit_;
  }

 private:
  void iterate() {
    e_step_(theta_, settings_.structure->need(), statistics_);
    ++outcome_.n_iter;
    const double prior = log_prior(regularisation_, theta_, workspace_), objective = statistics_.log_likelihood + prior;
    if (e_step_.single_precision() && !outcome_.trace.empty() &&
        !(objective - outcome_.trace.back() > smallest_single_gain_))
      return repeat_in_double_precision();
    if (testing_) {
      testing_ = false;
      const bool good = objective >= outcome_.trace.back();
      if (!good) {
        ++outcome_.rejected;
        accelerator_->rejected();
        std::swap(theta_, fallback_);
        return;
      }
      accelerator_->accepted();
    }
    outcome_.trace.push_back(objective);
    outcome_.log_likelihood = statistics_.log_likelihood;
    outcome_.log_prior = prior;
    outcome_.mixture = theta_;

    stopping_.set_rounding(e_step_.rounding());
    outcome_.repairs.begin(outcome_.n_iter);
    if (e_step_.single_precision()) repairs_before_ = outcome_.repairs;
    m_step(statistics_, *settings_.structure, regularisation_, &theta_, e_step_.execution(), workspace_,
           outcome_.repairs, next_);
    if (dropped())
      begin_anew();
    else if (accelerating_)
      accelerated_step(objective);
    else
      plain_step(objective);
    if (stopping_.done()) finish(Status::converged);
    const bool repeated = std::exchange(repeating_, false);
    if (!repeated && settings_.on_iteration && !settings_.on_iteration(start_number_, outcome_.n_iter, objective))
      end_fit(Status::stopped);
  }

  // Takes one component out of `next_` if the policy is to do so and it cannot be carried; the last one stays.
  bool dropped() {
    if (settings_.on_degenerate != OnDegenerate::drop || !outcome_.repairs.happened() || next_.n_components() < 2)
      return false;
    const auto found = degenerate_component(next_, regularisation_.scale);
    if (!found) return false;
    const double weight = next_.weights[found->number] * e_step_.totals().weight;
    next_ = without_component(next_, found->number);
    // An interrupt must find a mixture, its likelihood and its repairs of one size. This may itself be interrupted, so it
    // comes before the record.
    evaluate(e_step_, regularisation_, next_, outcome_);
    outcome_.mixture = next_;
    outcome_.repairs.drop(found->number, weight, found->eigenvalue);
    return true;
  }

  // Goes on from `next_` as from a new start: what was learnt on the way belongs to a mixture of other size.
  void begin_anew() {
    std::swap(theta_, next_);
    fallback_ = {};
    in_cycle_ = false;
    slow_ = 0;
    accelerating_ = settings_.acceleration == Acceleration::always;
    begin_accelerator();
    stopping_ = new_stopping();
    e_step_.begin_run(regularisation_.takes_roots());
    e_step_.end_single_precision();  // which takes a fall of the likelihood for rounding
  }

  // From the pass before on, whose likelihood is the first one of the trace that the rest is compared with. The two passes
  // do not count: the iterations are the same.
  void repeat_in_double_precision() {
    e_step_.end_single_precision();
    theta_ = outcome_.mixture;
    outcome_.repairs = repairs_before_;
    outcome_.trace.pop_back();
    outcome_.n_iter -= 2;
    repeating_ = true;
  }

  void plain_step(double log_likelihood) {
    if (repeating_) {
      stopping_.correct(log_likelihood);
      std::swap(theta_, next_);
      return;
    }
    stopping_.observe(log_likelihood, largest_step(theta_, next_));
    slow_ = stopping_.rate() > kSlowRate && stopping_.rate() < 1 ? slow_ + 1 : 0;
    // Under a ridge the likelihood is not what the iteration climbs, so its test would judge extrapolations wrongly.
    const bool may_accelerate = settings_.acceleration == Acceleration::automatic && !settings_.ridge;
    std::swap(theta_, next_);
    accelerating_ = may_accelerate && slow_ >= kSlowIterations;
    if (accelerating_) e_step_.end_single_precision();
  }

  // Two plain steps, then one extrapolation whose E-step is the first step of the next cycle.
  void accelerated_step(double log_likelihood) {
    accelerator_->record(theta_, next_);
    if (fallback_.n_components() == 0) extrapolated_ = fallback_ = theta_;  // takes their memory at once
    in_cycle_ = !in_cycle_;
    if (in_cycle_) {
      cycle_log_likelihood_ = log_likelihood;
      std::swap(theta_, next_);
      return;
    }
    const bool found = accelerator_->extrapolate(next_, extrapolated_);
    if (settings_.tol)
      stopping_.observe(log_likelihood, 0.0);
    else
      stopping_.observe_cycle(log_likelihood, log_likelihood - cycle_log_likelihood_, largest_step(theta_, next_),
                              accelerator_->steps());
    std::swap(theta_, next_);
    if (stopping_.done() || !found) return;
    std::swap(fallback_, theta_);
    std::swap(theta_, extrapolated_);
    testing_ = true;
  }

  Stopping new_stopping() const {
    return {settings_, e_step_.totals(), regularisation_.scale.each.array().log().sum()};
  }

  void begin_accelerator() {
    accelerator_.emplace(settings_, regularisation_, e_step_.execution(), theta_.n_components(), e_step_.totals());
  }

  void finish(Status status) {
    outcome_.status = status;
    finished_ = true;
  }

  void end_fit(Status status) {
    ending_fit_ = true;
    if (!finished_) finish(status);
  }

  EStep& e_step_;
  const Settings& settings_;
  const Regularisation& regularisation_;
  const TimeLimit& limit_;
  Index start_number_;
  StartOutcome& outcome_;
  Mixture theta_;
  Stopping stopping_;
  std::optional<Accelerator> accelerator_;
  bool accelerating_;
  int slow_ = 0;
  double smallest_single_gain_ = 0;
  Repairs repairs_before_;  // the last M-step, which may have to be repeated
  bool repeating_ = false;  // this pass was done before, in single precision
  bool finished_ = false;
  bool ending_fit_ = false;  // and not this start alone
  // Parameters change places and never move, so that an iteration takes no memory from the heap once each has its size.
  SufficientStatistics statistics_;
  Workspace workspace_;
  Mixture next_;
  bool in_cycle_ = false;
  double cycle_log_likelihood_ = 0;
  Mixture extrapolated_;
  bool testing_ = false;  // theta_ is an extrapolation
  Mixture fallback_;      // the plain step to return to when it fails its test
};

}  // namespace

void evaluate(EStep& e_step, const Regularisation& regularisation, Mixture& mixture, StartOutcome& outcome) {
  if (const double* origin = e_step.data().origin)
    round_means(mixture.means, ConstVectorMap(origin, mixture.n_features()));
  const Likelihood likelihood = e_step.likelihood(mixture);
  outcome.log_likelihood = likelihood.log_likelihood;
  Workspace workspace;
  outcome.log_prior = log_prior(regularisation, mixture, workspace);
  outcome.certainty = likelihood.certainty;
}

bool run_em(EStep& e_step, const Settings& settings, const Regularisation& regularisation, const TimeLimit& limit,
            Index start_number, Index halt, StartOutcome& outcome) {
  try {
    return Loop(e_step, settings, regularisation, limit, start_number, outcome).run_until(halt);
  } catch (const Interrupted&) {
    outcome.status = Status::interrupted;
    return false;
  } catch (const Degenerate& error) {
    outcome.status = Status::degenerate;
    outcome.message = "start " + std::to_string(start_number + 1) + ", iteration " + std::to_string(outcome.n_iter) +
                      ": " + error.what();
    outcome.log_likelihood = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
}

}  // namespace gaussmix
