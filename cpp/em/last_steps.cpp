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
  least_gain_ = 0;
  forecast_.reset();
  const Coordinates coordinates(theta, workspace_);
  coordinates.metric(metric_);
  std::swap(last_step_, step_);
  coordinates.to_vector(next, step_);
  ++recorded_;
  if (recorded_ == 1) {  // takes the memory at once
    scratch_ = last_step_ = step_;
    for (int i = 0; i < most_directions(); ++i) {
      const auto place = static_cast<std::size_t>(i);
      moved_[place] = bent_[place] = step_;
    }
  } else {
    Vector& moved = moved_[slot(0)];
    coordinates.to_vector(last_, moved);
    moved = -moved;
    bent_[slot(0)] = last_step_ - step_;
  }
  last_ = theta;
}

// Cholesky's factor of the cosines between the differences, the newest first; those that depend on newer ones are left out.
void LastSteps::Space::span(const Small& overlap) {
  const auto n = static_cast<int>(overlap.rows());
  length.resize(n);
  factor.resize(n, n);
  kept = 0;
  for (int i = 0; i < n; ++i) {
    length[i] = overlap(i, i) > 0 ? std::sqrt(overlap(i, i)) : 1;
    auto row = factor.row(kept);
    double square = overlap(i, i) / (length[i] * length[i]);
    for (int j = 0; j < kept; ++j) {
      const double cosine = overlap(i, place(j)) / (length[i] * length[place(j)]);
      row[j] = (cosine - factor.row(j).head(j).dot(row.head(j))) / factor(j, j);
      square -= row[j] * row[j];
    }
    if (!(square > kDependent)) continue;
    row[kept] = std::sqrt(square);
    places[static_cast<std::size_t>(kept++)] = i;
  }
}

// False where there is nothing to be seen.
bool LastSteps::span(int n, Space& space) const {
  if (n < 1) return false;
  Small overlap(n, n), bent(n, n);
  SmallVector slope(n);
  for (int i = 0; i < n; ++i) {
    scratch_ = metric_.cwiseProduct(moved_[slot(i)]);
    slope[i] = scratch_.dot(step_);
    for (int j = 0; j < n; ++j) bent(i, j) = scratch_.dot(bent_[slot(j)]);
    for (int j = 0; j <= i; ++j) overlap(i, j) = overlap(j, i) = scratch_.dot(moved_[slot(j)]);
  }
  if (!overlap.allFinite() || !bent.allFinite() || !slope.allFinite()) return false;
  space.span(overlap);
  if (space.kept == 0) return false;
  space.pull.resize(space.kept, space.kept);
  space.slope.resize(space.kept);
  for (int a = 0; a < space.kept; ++a) {
    const int i = space.place(a);
    space.slope[a] = slope[i] / space.length[i];
    for (int b = 0; b < space.kept; ++b) {
      const int j = space.place(b);
      space.pull(a, b) = (bent(i, j) + bent(j, i)) / (2 * space.length[i] * space.length[j]);
    }
  }
  space.to_basis(space.pull);
  space.pull.transposeInPlace();
  space.to_basis(space.pull);
  space.to_basis(space.slope);
  return true;
}

// Rows of products with the directions become rows of products with the basis, by forward substitution.
template <class Products>
void LastSteps::Space::to_basis(Products& products) const {
  for (int i = 0; i < kept; ++i) {
    for (int j = 0; j < i; ++j) products.row(i) -= factor(i, j) * products.row(j);
    products.row(i) /= factor(i, i);
  }
}

// The multiple of each direction that makes up a vector given in the basis: backward substitution.
LastSteps::SmallVector LastSteps::Space::of_directions(SmallVector vector) const {
  SmallVector multiples = SmallVector::Zero(length.size());
  for (int i = kept - 1; i >= 0; --i) {
    vector[i] /= factor(i, i);
    vector.head(i) -= vector[i] * factor.row(i).head(i).transpose();
    multiples[place(i)] = vector[i] / length[place(i)];
  }
  return multiples;
}

bool LastSteps::Space::bends_down() const {
  return (pull - kFlat * Small::Identity(pull.rows(), pull.cols())).llt().info() == Eigen::Success;
}

LastSteps::Forecast LastSteps::forecast() const {
  if (!forecast_) forecast_ = make_forecast();
  return *forecast_;
}

// Of a way in the basis of the space. The noise that factors leave a feature is measured by itself, so that none of it is far
// away from little; what that is worth the slope tells.
double LastSteps::distance(const Space& space, const SmallVector& way) const {
  if (last_.factors.shape != CovarianceShape::factor) return way.norm();
  const SmallVector along = space.of_directions(way);
  scratch_.setZero();
  for (Eigen::Index i = 0; i < along.size(); ++i) scratch_ += along[i] * moved_[slot(static_cast<int>(i))];
  Coordinates(last_, workspace_).leave_out_vanishing_noise(scratch_);
  return std::sqrt(product(scratch_, scratch_));
}

LastSteps::Forecast LastSteps::make_forecast() const {
  Space space;
  if (!span(n_directions(), space)) return {};
  if (space.bends_down()) {
    const Eigen::LLT<Small> factors(space.pull);
    const SmallVector way = factors.solve(space.slope), after = space.slope - space.pull * space.slope;
    return {total_weight_ * space.slope.dot(way) / 2, total_weight_ * after.dot(factors.solve(after)) / 2,
            distance(space, way)};
  }
  // Where the likelihood is flat along some directions, or bends upwards, what the others tell.
  const Eigen::SelfAdjointEigenSolver<Small> ritz(space.pull);
  const SmallVector share = ritz.eigenvectors().transpose() * space.slope;
  SmallVector way = SmallVector::Zero(share.size());
  double gain = 0, after = 0, flat = 0;
  for (Eigen::Index i = 0; i < share.size(); ++i) {
    const double pull = ritz.eigenvalues()[i], square = share[i] * share[i];
    if (!(pull > kFlat)) {
      flat += square;
      continue;
    }
    gain += square / pull;
    after += square * (1 - pull) * (1 - pull) / pull;
    way[i] = share[i] / pull;
  }
  Forecast result{total_weight_ * gain / 2, total_weight_ * after / 2, distance(space, ritz.eigenvectors() * way)};
  if (flat > kNegligible * product(step_, step_)) result.distance = std::numeric_limits<double>::infinity();
  return result;
}

// The way to the maximum within the space, and from there one step of EM as it will be: theta + r + J (the way).
double LastSteps::extrapolate(const Limits& limits, const Mixture& next, Mixture& mixture) {
  const int n = std::min(n_directions(), kNewest);
  Space space;
  if (!span(n, space) || !space.bends_down()) return 0;
  const SmallVector way = space.pull.llt().solve(space.slope);
  const double far = distance(space, way), gain = space.slope.dot(way) / 2;
  least_gain_ = total_weight_ * gain;
  if (!(far <= limits.largest_distance && gain > limits.least_gain)) return 0;
  const SmallVector along = space.of_directions(way);
  scratch_ = step_;
  for (int i = 0; i < n; ++i) scratch_ += along[i] * (moved_[slot(i)] - bent_[slot(i)]);
  return go(scratch_, next, mixture) ? far : 0;
}

bool LastSteps::go(const Vector& way, const Mixture& next, Mixture& mixture) const {
  return Coordinates(last_, workspace_).from_vector(way, next, mixture);
}

}  // namespace gaussmix
