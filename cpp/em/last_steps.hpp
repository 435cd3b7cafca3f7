// What is left to gain and to move, from the last steps of EM: for accelerated EM, whose gains are no series.
#pragma once

#include <algorithm>
#include <array>

#include "em/parameters.hpp"

namespace gaussmix {

// Near a maximum a step of EM, r = M(theta) - theta, is (I - J) times the way to the maximum, J symmetric in the product < , >
// of Coordinates::metric, where <r, .> is the gradient of the likelihood (Dempster, Laird & Rubin 1977). So <r, (I - J)^-1 r> / 2
// is left to gain. J is known on the differences of points whose steps are known: on a difference d whose steps differ by f,
// (I - J) d = -f. The forecast is that of the space of the last few of them, by the method of Rayleigh and Ritz. It holds the
// slow directions, because those are what extrapolations move along; the last two steps alone show the fast ones.
class LastSteps {
 public:
  explicit LastSteps(double total_weight) : total_weight_(total_weight) {}

  // EM led from `theta` to `next`.
  void record(const Mixture& theta, const Mixture& next);

  struct Forecast {
    double gain = std::numeric_limits<double>::quiet_NaN();  // nats still to come at the last `theta`; nan: unknown
    double gain_after = std::numeric_limits<double>::quiet_NaN();  // at the last `next`
    double distance =
        std::numeric_limits<double>::infinity();  // to the maximum, in sd; infinite where there is none near
  };
  Forecast forecast() const;

  // How many vectors of so many parameters it keeps after so many steps.
  static Index n_vectors(Index n_parameters, Index n_steps) {
    return 4 + 2 * std::clamp<Index>(n_steps - 1, 0, most_directions(n_parameters));
  }

 private:
  static constexpr int kDirections = 6;
  static constexpr Index kManyNumbers = 1 << 20;  // 8 MiB a vector: of longer ones fewer are kept
  static int most_directions(Index n_parameters) { return n_parameters > kManyNumbers ? kDirections / 2 : kDirections; }
  using Small = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, kDirections, kDirections>;
  using SmallVector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, kDirections, 1>;
  double product(const Vector& a, const Vector& b) const { return metric_.cwiseProduct(a).dot(b); }

  double total_weight_;
  int recorded_ = 0;
  Mixture last_;  // theta
  Vector metric_, step_, origin_, last_step_;
  std::array<Vector, kDirections> moved_, bent_;  // d, -f
};

}  // namespace gaussmix
