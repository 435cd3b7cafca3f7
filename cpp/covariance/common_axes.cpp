#include <utility>

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
  Solution(Index n_components, Index n_features, Workspace& workspace)
      : axes(n_components, n_features, workspace),
        along(workspace.matrix(n_components, n_features)),
        variances(workspace.matrix(n_components, n_features)) {}

  void take(const Solution& other) {
    axes.take(other.axes);
    along = other.along;
    variances = other.variances;
    objective = other.objective;
  }

  JointAxes axes;
  MatrixMap along;  // the scatters along the axes
  MatrixMap variances;
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
                Workspace& workspace, Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    const Workspace::Scope scope(workspace);
    const MatrixStack scatter = workspace.matrices(n_components, n_features);
    for (Index k = 0; k < n_components; ++k) in_units_of(bound.scale.each, statistics.full(k), scatter[k]);
    Solution best(n_components, n_features, workspace);
    const Problem problem{scatter, statistics.weight, bound, workspace};
    if (previous == nullptr) {
      from_any_axes(problem, best);
    } else if (!previous->axes.empty()) {
      start(problem, Eigen::Map<const Eigen::MatrixXd>(previous->axes.data(), n_features, n_features), best);
      improve(problem, best, kMostWarmSweeps);
    } else {
      from_axes_of(*previous, bound, problem, best);
    }
    reshape(covariances, shape(), n_components, n_features);
    note_lifted(profile_, best.along, statistics.weight, bound, best.variances, covariances.lifted);
    for (Index k = 0; k < n_components; ++k) {
      const auto own = best.variances.row(k).transpose();
      set_spectral(covariances, k, bound.scale.each, best.axes.axes(), own, workspace);
      note_lost(covariances, scatter[k], statistics.weight[k], best.axes.axes(), own, bound.least);
    }
    covariances.axes.resize(static_cast<std::size_t>(n_features * n_features));
    ColumnMap(covariances.axes.data(), n_features, n_features) = best.axes.axes();
  }

 private:
  struct Problem {
    const MatrixStack& scatter;
    const Vector& weight;
    const EigenvalueBound& bound;
    Workspace& workspace;
  };

  void start(const Problem& problem, const ColumnView& axes, Solution& solution) const {
    solution.axes.begin(problem.scatter, axes, problem.workspace);
    assess(problem, solution);
  }

  void assess(const Problem& problem, Solution& solution) const {
    solution.axes.along(solution.along);
    maximise_profile(profile_, solution.along, problem.weight, problem.bound, Begin::anywhere, problem.workspace,
                     solution.variances);
    solution.objective = profile_objective(solution.along, problem.weight, solution.variances);
  }

  void improve(const Problem& problem, Solution& solution, int most_sweeps) const {
    for (int sweep = 0; sweep < most_sweeps; ++sweep) {
      const double angle = solution.axes.sweep(solution.variances);
      assess(problem, solution);
      if (angle < kSmallestAngle) return;
    }
  }

  // There may be several optima: from the axes of each matrix and of their sum, the best of those that a few sweeps reach.
  void from_any_axes(const Problem& problem, Solution& found) const {
    const MatrixStack& scatter = problem.scatter;
    const Workspace::Scope scope(problem.workspace);
    Solution another(scatter.count, scatter.size, problem.workspace);
    ColumnMap sum = problem.workspace.columns(scatter.size, scatter.size);
    Spectrum spectrum(scatter.size, problem.workspace);
    sum.setZero();
    for (Index k = 0; k < scatter.count; ++k) sum += scatter[k] / problem.weight[k];
    find_spectrum(sum, problem.workspace, spectrum);
    Solution *best = &found, *other = &another;
    start(problem, spectrum.axes, *best);
    improve(problem, *best, kMostWarmSweeps);
    for (Index k = 0; k < scatter.count; ++k) {
      find_spectrum(scatter[k], problem.workspace, spectrum);
      settle_null_space(sum, problem.workspace, spectrum);
      start(problem, spectrum.axes, *other);
      improve(problem, *other, kMostWarmSweeps);
      if (other->objective > best->objective) std::swap(best, other);
    }
    improve(problem, *best, kMostSweeps);
    if (best != &found) found.take(*best);
  }

  // Covariances given by the caller: axes that diagonalise them.
  void from_axes_of(const Covariances& given, const EigenvalueBound& bound, const Problem& problem,
                    Solution& found) const {
    const Workspace::Scope scope(problem.workspace);
    const MatrixStack scaled = problem.workspace.matrices(given.n_components, given.n_features);
    for (Index k = 0; k < given.n_components; ++k) in_units_of(bound.scale.each, given.matrix(k), scaled[k]);
    Solution theirs(given.n_components, given.n_features, problem.workspace);
    const Vector alike = Vector::Ones(given.n_components);
    from_any_axes({scaled, alike, bound, problem.workspace}, theirs);
    start(problem, theirs.axes.axes(), found);
    improve(problem, found, kMostSweeps);
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
