// What the last steps of EM tell of the maximum ahead: what is left to gain, how far it is, and where.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "em/parameters.hpp"

namespace gaussmix {

// Near a maximum a step of EM, r = M(theta) - theta, is (I - J) times the way to the maximum, J symmetric in the product < , >
// of Coordinates::metric, where <r, .> is the gradient of the likelihood (Dempster, Laird & Rubin 1977). So <r, (I - J)^-1 r> / 2
// is left to gain. J is known on the differences of points whose steps are known: on a difference d whose steps differ by f,
// (I - J) d = -f. What is said here is that of the space of the last few of them, by the method of Rayleigh and Ritz. It holds
// the slow directions, because those are what extrapolations move along; the last two steps alone show the fast ones.
class LastSteps {
 public:
  // Of at most so many steps.
  LastSteps(double total_weight, Index n_steps) : total_weight_(total_weight), n_steps_(n_steps) {}

  // EM led from `theta` to `next`.
  void record(const Mixture& theta, const Mixture& next);

  struct Forecast {
    double gain = std::numeric_limits<double>::quiet_NaN();  // nats still to come at the last `theta`; nan: unknown
    double gain_after = std::numeric_limits<double>::quiet_NaN();  // at the last `next`
    double distance =
        std::numeric_limits<double>::infinity();  // to the maximum, in sd; infinite where there is none near
  };
  Forecast forecast() const;
  // At least so many nats are still to come at the last `theta`: what the directions say that were extrapolated along, before
  // others are looked at.
  double least_gain() const { return least_gain_; }

  // By which the gain of one more step is smaller: <r, r> over that of the r before it.
  double rate() const { return product(step_, step_) / product(last_step_, last_step_); }

  // How far an extrapolation may go, in sd. Jumps of a standard deviation end on plateaus more often.
  static constexpr double kLargestJump = 0.3;
  struct Limits {
    double least_gain;  // nats per unit weight
    double largest_distance;
  };
  // Writes the maximum that the newest directions show to `mixture`, which is not `next`, the last one recorded, and returns
  // its distance; 0 where they show none within the limits.
  double extrapolate(const Limits& limits, const Mixture& next, Mixture& mixture);

  // The step that led to the last `theta`, and that from it, in its coordinates; if there were two.
  bool two() const { return n_directions() > 0; }
  const Vector& first() const { return moved_[slot(0)]; }
  const Vector& second() const { return step_; }
  double product(const Vector& a, const Vector& b) const { return metric_.cwiseProduct(a).dot(b); }
  // Writes what lies `way` off the last `theta` to `mixture`, if that is one; like `next`, which is not it.
  bool go(const Vector& way, const Mixture& next, Mixture& mixture) const;

  // How many vectors of so many parameters it keeps, from the first step on.
  static Index n_vectors(Index n_parameters, Index n_steps) { return 4 + 2 * most_directions(n_parameters, n_steps); }

 private:
  // Of six directions every seventh forecast missed by a factor of more than three, of ten every tenth: they miss slower ones.
  static constexpr int kDirections = 10;
  static constexpr Index kManyNumbers = 1 << 20;  // 8 MiB a vector: of longer ones fewer are kept
  static int most_directions(Index n_parameters, Index n_steps) {
    const Index room = n_parameters > kManyNumbers ? kDirections / 2 : kDirections;
    return static_cast<int>(std::clamp<Index>(n_steps - 1, 0, room));
  }
  int most_directions() const { return most_directions(step_.size(), n_steps_); }
  using Small = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, kDirections, kDirections>;
  using SmallVector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, kDirections, 1>;

  // I - J on the space of the newest differences, in an orthonormal basis: its eigenvalues are 1 - rate.
  struct Space {
    Small pull;
    SmallVector slope;   // products of the basis with the step
    SmallVector length;  // of each difference
    int kept;            // differences, which span the space
    std::array<int, kDirections> places;
    Small factor;  // lower triangle F: the kept differences, in units of their lengths, are F times the basis

    int place(int i) const { return places[static_cast<std::size_t>(i)]; }
    void span(const Small& overlap);
    bool bends_down() const;  // the likelihood, in all of its directions
    template <class Products>
    void to_basis(Products& products) const;
    SmallVector of_directions(SmallVector vector) const;
  };
  int n_directions() const { return std::min(recorded_ - 1, most_directions()); }
  std::size_t slot(int age) const { return static_cast<std::size_t>((recorded_ - 2 - age) % most_directions()); }
  bool span(int n, Space& space) const;
  Forecast make_forecast() const;
  double distance(const Space& space, const SmallVector& way) const;

  double total_weight_;
  Index n_steps_;
  int recorded_ = 0;
  Mixture last_;  // theta
  Vector metric_, step_, last_step_;
  std::array<Vector, kDirections> moved_, bent_;  // d, -f
  double least_gain_ = 0;
  mutable std::optional<Forecast> forecast_;  // of the steps recorded so far
  mutable Vector scratch_;
  mutable Workspace workspace_;
};

}  // namespace gaussmix
