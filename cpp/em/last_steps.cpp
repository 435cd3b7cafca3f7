#include "em/last_steps.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

namespace gaussmix {

namespace {

// Squared share of a direction that newer ones have not: what is less tells rounding and third derivatives from one another
// only. With 1e-6 every eighth forecast missed by a factor of more than three, with this every thirteenth.
constexpr double kDependent = 1e-4;
constexpr double kFlat = 1e-6;        // 1 - rate below which EM does not get anywhere
constexpr double kNegligible = 1e-3;  // share of the step along flat directions that says nothing
// Of the directions to extrapolate along. Measured on overlapping mixtures: with older ones, seen further away, it takes longer.
constexpr int kNewest = 3;

}  // namespace

void LastSteps::record(const Mixture& theta, const Mixture& next) {
  const Coordinates coordinates(theta);
  coordinates.metric(metric_);
  coordinates.to_vector(theta, origin_);
  std::swap(last_step_, step_);
  coordinates.to_vector(next, step_);
  step_ -= origin_;
  ++recorded_;
  if (recorded_ == 1) {  // takes the memory at once
    target_ = last_step_ = step_;
    for (int i = 0; i < most_directions(); ++i) {
      const auto place = static_cast<std::size_t>(i);
      moved_[place] = bent_[place] = step_;
    }
  } else {
    Vector& moved = moved_[slot(0)];
    coordinates.to_vector(last_, moved);
    moved = origin_ - moved;
    bent_[slot(0)] = last_step_ - step_;
  }
  last_ = theta;
}

// False where there is nothing to be seen.
bool LastSteps::span(int n, Space& space) const {
  if (n < 1) return false;
  Small overlap(n, n), curvature(n, n);
  SmallVector slope(n), length(n);
  for (int i = 0; i < n; ++i) {
    const std::size_t row = slot(i);
    length[i] = std::sqrt(product(moved_[row], moved_[row]));
    if (!(length[i] > 0)) length[i] = 1;
    slope[i] = product(moved_[row], step_) / length[i];
    for (int j = 0; j <= i; ++j) {
      const std::size_t column = slot(j);
      const double scale = length[i] * length[j];
      overlap(i, j) = overlap(j, i) = product(moved_[row], moved_[column]) / scale;
      curvature(i, j) = curvature(j, i) =
          (product(moved_[row], bent_[column]) + product(moved_[column], bent_[row])) / (2 * scale);
    }
  }
  if (!overlap.allFinite() || !curvature.allFinite() || !slope.allFinite()) return false;
  // The newest directions first; those that depend on them are left out.
  space.basis.setZero(n, n);
  Eigen::Index kept = 0;
  for (int i = 0; i < n; ++i) {
    auto direction = space.basis.col(kept);
    direction[i] = 1;
    double square = overlap(i, i);
    for (Eigen::Index j = 0; j < kept; ++j) {
      const double share = space.basis.col(j).head(i).dot(overlap.col(i).head(i));
      direction.head(i) -= share * space.basis.col(j).head(i);
      square -= share * share;
    }
    if (square > kDependent)
      direction /= std::sqrt(square), ++kept;
    else
      direction.setZero();
  }
  if (kept == 0) return false;
  space.basis.conservativeResize(n, kept);
  // Eigen's general product prepares longer for so little than it takes.
  space.pull = space.basis.transpose().lazyProduct(Small(curvature.lazyProduct(space.basis)));
  space.slope = space.basis.transpose() * slope;
  space.basis.array().colwise() /= length.array();
  return true;
}

bool LastSteps::Space::bends_down() const {
  return (pull - kFlat * Small::Identity(pull.rows(), pull.cols())).llt().info() == Eigen::Success;
}

LastSteps::Forecast LastSteps::forecast() const {
  Space space;
  if (!span(n_directions(), space)) return {};
  if (space.bends_down()) {
    const Eigen::LLT<Small> factors(space.pull);
    const SmallVector way = factors.solve(space.slope), after = space.slope - space.pull * space.slope;
    return {total_weight_ * space.slope.dot(way) / 2, total_weight_ * after.dot(factors.solve(after)) / 2, way.norm()};
  }
  // Where the likelihood is flat along some directions, or bends upwards, what the others tell.
  const Eigen::SelfAdjointEigenSolver<Small> ritz(space.pull);
  const SmallVector share = ritz.eigenvectors().transpose() * space.slope;
  double gain = 0, after = 0, squared_distance = 0, flat = 0;
  for (Eigen::Index i = 0; i < share.size(); ++i) {
    const double pull = ritz.eigenvalues()[i], square = share[i] * share[i];
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

// The way to the maximum within the space, and from there one step of EM as it will be: theta + r + J (the way).
double LastSteps::extrapolate(const Limits& limits, const Mixture& next, Mixture& mixture) {
  const int n = std::min(n_directions(), kNewest);
  Space space;
  if (!span(n, space) || !space.bends_down()) return 0;
  const SmallVector way = space.pull.llt().solve(space.slope);
  const double distance = way.norm();
  if (!(distance <= limits.largest_distance && space.slope.dot(way) / 2 > limits.least_gain)) return 0;
  const SmallVector along = space.basis * way;
  target_ = origin_ + step_;
  for (int i = 0; i < n; ++i) target_ += along[i] * (moved_[slot(i)] - bent_[slot(i)]);
  return Coordinates(last_).from_vector(target_, next, mixture) ? distance : 0;
}

}  // namespace gaussmix
