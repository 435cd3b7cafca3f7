#include "em/lloyd.hpp"

#include "em/e_step.hpp"

namespace gaussmix {

namespace {

constexpr int kLloydSteps = 10;
constexpr double kLloydTolerance = 1e-3;  // relative gain of a step that is not worth the next one

}  // namespace

Matrix lloyd(const Sample& sample, Matrix centres, const Execution& execution) {
  Data data{sample.rows.data(), false, sample.weights.data(), sample.rows.rows(), sample.rows.cols()};
  EStep e_step(data, weight_totals(data), execution);
  const Vector unit = Vector::Ones(sample.rows.cols());
  double inertia = std::numeric_limits<double>::infinity();
  for (int step = 0; step < kLloydSteps; ++step) {
    const SufficientStatistics statistics = e_step.nearest_centre(centres, unit, ScatterKind::trace);
    centres = statistics.mean;
    const double now = -2 * statistics.log_likelihood;
    if (!(now < inertia * (1 - kLloydTolerance))) break;
    inertia = now;
  }
  return centres;
}

}  // namespace gaussmix
