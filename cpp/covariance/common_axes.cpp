#include <cmath>
#include <vector>

#include "covariance/catalogue.hpp"
#include "covariance/profile.hpp"
#include "covariance/spectral_form.hpp"
#include "linalg/joint_axes.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

constexpr double kSmallestAngle = 1e-10;
constexpr int kMostSweeps = 300;
constexpr int kMostWarmSweeps = 5;  // from the last M-step's axes on, whose successor will go on

struct Solution {
  JointAxes axes;
  Matrix variances;
  double objective = 0;
};

// EVE, VVE: common eigenvectors, and variances volume_k shape_kj along them (Celeux & Govaert 1995, models [lambda D A_k D^T],
// [lambda_k D A_k D^T]). Axes and variances are in turn best for one another; the axes by rotations in planes (Flury & Gautschi
// 1986, "An algorithm for simultaneous orthogonal transformation of several positive definite symmetric matrices to nearly
// diagonal form"), each of which is the best in its plane for the variances at hand.
class CommonAxes final : public Structure {
 public:
  CommonAxes(std::string_view code, Profile profile) : code_(code), profile_(profile) {}
  std::string_view name() const override { return code_; }
  std::string_view code() const override { return code_; }
  CovarianceShape shape() const override { return CovarianceShape::full; }
  ScatterKind need() const override { return ScatterKind::full; }
  bool one_unit() const override { return true; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_profile_parameters(profile_, n_components, n_features) + n_features * (n_features - 1) / 2;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    const Vector inverse = bound.scale.each.cwiseInverse();
    const auto scaled = [&](const ConstMatrixMap& matrix) -> Eigen::MatrixXd {
      return inverse.asDiagonal() * matrix * inverse.asDiagonal();
    };
    std::vector<Eigen::MatrixXd> scatter;
    for (Index k = 0; k < n_components; ++k) scatter.push_back(scaled(statistics.full(k)));
    Solution best;
    if (previous == nullptr) {
      best = from_any_axes(scatter, statistics.weight, bound.least);
    } else if (!previous->axes.empty()) {
      best =
          start(scatter, ConstMatrixMap(previous->axes.data(), n_features, n_features), statistics.weight, bound.least);
      improve(best, statistics.weight, bound.least, kMostWarmSweeps);
    } else {  // given by the caller: axes that diagonalise them
      std::vector<Eigen::MatrixXd> given;
      for (Index k = 0; k < n_components; ++k) given.push_back(scaled(previous->matrix(k)));
      const Solution found = from_any_axes(given, Vector::Ones(n_components), bound.least);
      best = start(scatter, found.axes.axes(), statistics.weight, bound.least);
      improve(best, statistics.weight, bound.least, kMostSweeps);
    }
    reshape(covariances, shape(), n_components, n_features);
    note_lifted(profile_, best.axes.along(), statistics.weight, bound.least, best.variances, covariances.lifted);
    for (Index k = 0; k < n_components; ++k) {
      const Vector own = best.variances.row(k).transpose();
      set_spectral(covariances, k, bound.scale.each, best.axes.axes(), own);
      note_lost(covariances, scatter[static_cast<std::size_t>(k)], statistics.weight[k], best.axes.axes(), own,
                bound.least);
    }
    covariances.axes.resize(static_cast<std::size_t>(n_features * n_features));
    MatrixMap(covariances.axes.data(), n_features, n_features) = best.axes.axes();
  }

 private:
  Solution start(const std::vector<Eigen::MatrixXd>& scatter, const Eigen::MatrixXd& axes, const Vector& weight,
                 double least) const {
    Solution solution{JointAxes(scatter, axes), {}, 0};
    assess(solution, weight, least);
    return solution;
  }

  void assess(Solution& solution, const Vector& weight, double least) const {
    const Matrix along = solution.axes.along();
    maximise_profile(profile_, along, weight, least, solution.variances);
    solution.objective = profile_objective(along, weight, solution.variances);
  }

  void improve(Solution& solution, const Vector& weight, double least, int most_sweeps) const {
    for (int sweep = 0; sweep < most_sweeps; ++sweep) {
      const double angle = solution.axes.sweep(solution.variances);
      assess(solution, weight, least);
      if (angle < kSmallestAngle) return;
    }
  }

  // There may be several optima: from the axes of each matrix and of their sum, the best of those that a few sweeps reach.
  Solution from_any_axes(const std::vector<Eigen::MatrixXd>& scatter, const Vector& weight, double least) const {
    Eigen::MatrixXd sum = scatter[0] / weight[0];
    for (std::size_t k = 1; k < scatter.size(); ++k) sum += scatter[k] / weight[static_cast<Index>(k)];
    Solution best = start(scatter, spectrum_of(sum).axes, weight, least);
    improve(best, weight, least, kMostWarmSweeps);
    for (const Eigen::MatrixXd& one : scatter) {
      Solution other = start(scatter, spectrum_of(one).axes, weight, least);
      improve(other, weight, least, kMostWarmSweeps);
      if (other.objective > best.objective) best = std::move(other);
    }
    improve(best, weight, least, kMostSweeps);
    return best;
  }

  std::string_view code_;
  Profile profile_;
};

}  // namespace

std::span<const Structure* const> common_axes_structures() {
  static const CommonAxes eve("EVE", {Across::equal, Across::variable}),
      vve("VVE", {Across::variable, Across::variable});
  static const Structure* const all[] = {&eve, &vve};
  return all;
}

}  // namespace gaussmix
