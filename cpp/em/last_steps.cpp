#include "em/last_steps.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

constexpr double kDependent = 1e-6;   // directions that rounding alone tells apart
constexpr double kFlat = 1e-6;        // 1 - rate below which EM does not get anywhere
constexpr double kNegligible = 1e-3;  // share of the step along flat directions that says nothing

}  // namespace

void LastSteps::record(const Mixture& theta, const Mixture& next) {
  const Coordinates coordinates(theta);
  coordinates.metric(metric_);
  coordinates.to_vector(theta, origin_);
  std::swap(last_step_, step_);
  coordinates.to_vector(next, step_);
  step_ -= origin_;
  if (recorded_ > 0) {
    const auto slot = static_cast<std::size_t>((recorded_ - 1) % most_directions(step_.size()));
    coordinates.to_vector(last_, moved_[slot]);
    moved_[slot] = origin_ - moved_[slot];
    bent_[slot] = last_step_ - step_;
  }
  last_ = theta;
  ++recorded_;
}

LastSteps::Forecast LastSteps::forecast() const {
  const int n = std::min(recorded_ - 1, most_directions(step_.size()));
  if (n < 1) return {};
  Small overlap(n, n), curvature(n, n);
  SmallVector slope(n), length(n);
  for (int i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(i);
    length[i] = std::sqrt(product(moved_[row], moved_[row]));
    if (!(length[i] > 0)) length[i] = 1;
    slope[i] = product(moved_[row], step_) / length[i];
    for (int j = 0; j <= i; ++j) {
      const auto column = static_cast<std::size_t>(j);
      const double scale = length[i] * length[j];
      overlap(i, j) = overlap(j, i) = product(moved_[row], moved_[column]) / scale;
      curvature(i, j) = curvature(j, i) =
          (product(moved_[row], bent_[column]) + product(moved_[column], bent_[row])) / (2 * scale);
    }
  }
  if (!overlap.allFinite() || !curvature.allFinite() || !slope.allFinite()) return {};
  // Orthonormal directions; those that depend on others are left out.
  const Eigen::SelfAdjointEigenSolver<Small> space(overlap);
  const auto kept = static_cast<Eigen::Index>((space.eigenvalues().array() > kDependent).count());
  if (kept == 0) return {};
  const Small basis =
      space.eigenvectors().rightCols(kept) * space.eigenvalues().tail(kept).cwiseSqrt().cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Small> ritz(Small(basis.transpose() * curvature * basis));
  const SmallVector share = ritz.eigenvectors().transpose() * (basis.transpose() * slope);

  double gain = 0, after = 0, squared_distance = 0, flat = 0;
  for (Eigen::Index i = 0; i < kept; ++i) {
    const double pull = ritz.eigenvalues()[i], square = share[i] * share[i];  // pull: 1 - rate
    if (!(pull > kFlat)) {
      flat += square;
      continue;
    }
    gain += square / pull;
    after += square * (1 - pull) * (1 - pull) / pull;
    squared_distance += square / (pull * pull);
  }
  Forecast result{total_weight_ * gain / 2, total_weight_ * after / 2, std::sqrt(squared_distance)};
  if (flat > kNegligible * product(step_, step_)) result.distance = std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace gaussmix
