#include "em/memory.hpp"

#include <algorithm>

#include "covariance/array_form.hpp"
#include "em/accelerate.hpp"
#include "em/e_step.hpp"
#include "em/em.hpp"
#include "em/hierarchical_start.hpp"
#include "em/hierarchy.hpp"
#include "em/initialise.hpp"
#include "em/principal_axes.hpp"
#include "em/seeding.hpp"
#include "em/short_runs.hpp"
#include "mixture/feature_table.hpp"

namespace gaussmix {

namespace {

constexpr double kDouble = sizeof(double);

// Numbers of rows and of parameters beyond any memory: of more, no product is taken that could leave the range of Index.
constexpr double kBeyondMemory = 0x1p44;

// D x D matrices that a thread works with while it repairs a covariance (scaled, eigenvectors, root, its QR decomposition,
// the repaired one), or looks for a degenerate component.
constexpr double kRepairMatrices = 8;

// Of a prior: in the settings and their copy, the regularisation and its copy in the acceleration, and what is computed
// with it.
constexpr double kPriorMatrices = 7;

// Doubles per eigenvalue while their ratio is bounded: their order, sums over the first of them, edges, axes.
constexpr double kPerEigenvalue = 14;

// One component is floored, or emptied and floored, in most fits that need it at all.
constexpr double kEventsPerComponent = 2;

// Python's objects of a start and of an event, in bytes.
constexpr double kPythonStart = 1 << 12;
constexpr double kPythonEvent = 1 << 10;

// Between what starts keep the allocator leaves room that nothing else fits into: measured up to 10 per cent, of 20 to 60 starts.
constexpr double kHoles = 1.15;

// Stack and bookkeeping of a thread, and what every call takes whatever its sizes: blocks that the allocator gives back to
// itself only come to a few MB.
constexpr double kPerThread = 1 << 18;
constexpr double kPerCall = 4 << 20;

// Sizes of one fit, in doubles unless it says bytes.
class Sizes {
 public:
  Sizes(const Data& data, const Settings& settings, int n_threads)
      : data_(data),
        settings_(settings),
        n_threads_(n_threads),
        shape_(settings.structure->shape()),
        k_(settings.n_components),
        d_(data.n_features),
        q_(settings.structure->n_factors()) {}

  double parameters() const {
    const double own = static_cast<double>(k_) * static_cast<double>(has_matrices(shape_) ? d_ * d_ : d_ * (q_ + 1));
    return settings_.prior ? std::max(own, square()) : own;
  }

  double kept_bytes() const {
    const double start =
        kDouble * (mixture() + trace() + counts()) + sizeof(RepairEvent) * n_events() + sizeof(StartOutcome);
    return with_holes(start);
  }

  double working_bytes() const {
    const double numbers =
        given() + std::max(initialisation(), em()) + repairs() + eigenvalue_ratio() + prior() + e_step(data_.n_rows);
    return kDouble * numbers + sparsity_bytes(data_.n_rows) + kPerThread * n_threads_ + kPerCall;
  }

  double handed_over_bytes() const {
    const auto covariances = static_cast<double>(array_size(*settings_.structure, k_, d_));
    const double start = kDouble * (means() + 2 * covariances + trace() + counts()) + kPythonEvent * n_events();
    const double copies = kDouble * 2 * covariances;  // for a moment, of one start
    return with_holes(start + kPythonStart) + copies;
  }

 private:
  double with_holes(double start) const {
    const auto n_starts = static_cast<double>(settings_.n_init);
    return (n_starts > 1 ? kHoles : 1) * n_starts * start;
  }
  double covariances() const { return static_cast<double>(Covariances::size(shape_, k_, d_, q_)); }
  double means() const { return static_cast<double>(k_ * d_ + 2 * k_); }
  double square() const { return static_cast<double>(d_ * d_); }
  double mixture() const { return means() + (has_matrices(shape_) ? 3 : 2) * covariances(); }
  // With the roots of scatters, where there are any.
  double statistics() const {
    const auto scatter = static_cast<double>(scatter_size(settings_.structure->need(), k_, d_, q_));
    return means() + (has_matrices(shape_) ? 2 : 1) * scatter;
  }
  // A start that the caller gives, and the same in the numbers of the fit, to which the weights of rows are normalised, too.
  double given() const { return 2 * mixture() + (data_.weights != nullptr ? static_cast<double>(data_.n_rows) : 0); }
  double trace() const { return static_cast<double>(std::min(settings_.max_iter, kReservedTrace)); }
  double counts() const { return 3 * static_cast<double>(k_); }
  double n_events() const { return kEventsPerComponent * static_cast<double>(k_); }

  bool may(OnDegenerate policy) const { return settings_.on_degenerate == policy; }

  // Arrays of which only the existence matters.
  kernels::Task task(kernels::Shape shape, kernels::Source source, kernels::Scatter scatter) const {
    kernels::Task task;
    task.density.shape = shape;
    task.density.n_components = k_;
    task.density.n_features = d_;
    task.source = source;
    task.scatter = scatter;
    task.single_precision = data_.single_precision && q_ == 0;
    task.density.n_projections = scatter == kernels::Scatter::factor ? n_projections() : 0;
    return task;
  }

  // The visits of the start take more than those of the iterations.
  Index n_projections() const { return principal_axes_width(d_, q_); }

  // The visits of the iterations.
  kernels::Task iteration() const {
    static kernels::LeafState some_leaf;
    static const double some_table = 0;
    kernels::Task task = this->task(shape_ == CovarianceShape::diag        ? kernels::Shape::diagonal
                                    : shape_ == CovarianceShape::spherical ? kernels::Shape::spherical
                                    : shape_ == CovarianceShape::factor    ? kernels::Shape::factor
                                                                           : kernels::Shape::full,
                                    kernels::Source::softmax, kernel_scatter(settings_.structure->need()));
    task.density.features.size = feature_table_width(shape_, d_);
    if (task.density.features.size == 0) return task;
    task.density.features.table = &some_table;
    if (!Sparsity::serves(shape_, k_)) return task;
    task.sparse.leaves = &some_leaf;
    task.sparse.leaf_rows = leaf_rows(k_, d_);
    return task;
  }

  // Those of a tied fit, in whitened coordinates; else they are as those of a full one.
  kernels::Task whitened_iteration() const {
    static const double some_array = 0;
    kernels::Task task = this->task(kernels::Shape::spherical, kernels::Source::softmax, kernels::Scatter::none);
    task.density.whitener = &some_array;
    task.density.features.table = &some_array;
    task.density.features.size = d_ + 1;
    task.total_scatter = true;
    return task;
  }

  // Those of all but flat components.
  kernels::Task own_metric_iteration() const {
    kernels::Task task = this->task(kernels::Shape::full, kernels::Source::softmax, kernels::Scatter::full);
    task.own_metric = true;
    return task;
  }

  double pass(const kernels::Task& task, Index n_rows) const {
    return static_cast<double>(Pass::memory(task, n_rows, n_threads_));
  }

  double assignment_pass(Index n_rows, kernels::Scatter scatter) const {
    return pass(task(kernels::Shape::diagonal, kernels::Source::hard, scatter), n_rows);
  }

  double initial_pass(Index n_rows) const {
    return assignment_pass(n_rows, kernel_scatter(settings_.structure->need()));
  }

  // The covariance of all rows, for a prior.
  double overall_pass() const {
    kernels::Task task = this->task(kernels::Shape::diagonal, kernels::Source::hard, kernel_scatter(ScatterKind::full));
    task.density.n_components = 1;
    return pass(task, data_.n_rows);
  }

  // What the E-step of the fit keeps from pass to pass: the largest of its visits, the kernels' parameters, scratch.
  double e_step(Index n_rows) const {
    double visit = std::max(pass(iteration(), n_rows), initial_pass(n_rows));
    if (shape_ == CovarianceShape::tied) visit = std::max(visit, pass(whitened_iteration(), n_rows));
    if (has_matrices(shape_)) visit = std::max(visit, pass(own_metric_iteration(), n_rows));
    if (settings_.prior) visit = std::max(visit, overall_pass());
    const double packed = static_cast<double>(k_) * (square() + static_cast<double>(d_)) / 2;
    const double factors = has_matrices(shape_) ? packed : covariances();
    const auto width = static_cast<double>(shape_ == CovarianceShape::tied ? d_ + 1 : feature_table_width(shape_, d_));
    const double matrices = has_matrices(shape_) || width > 0 ? 8 * square() : 0;
    return visit + means() + factors + static_cast<double>(k_) * width + matrices + factor_analysers();
  }

  // Projections of the start and their statistics, twice; what factors explain of a row; factors while an M-step lasts.
  double factor_analysers() const {
    if (q_ == 0) return 0;
    return static_cast<double>((4 * k_ + 8) * d_ * (n_projections() + 1) + k_ * (d_ + q_) * q_);
  }

  double sparsity_bytes(Index n_rows) const {
    return iteration().sparse.leaves != nullptr ? Sparsity::memory(k_, d_, n_rows, leaf_rows(k_, d_)) : 0;
  }

  double initialisation() const {
    const double assigned = 3 * statistics() + 3 * means();  // two parts and their sum, or one and its copy
    if (settings_.start == Start::random) {
      const Index rows = std::min(data_.n_rows, kShareRows);
      return assigned + static_cast<double>(rows * (k_ + 1)) + initial_pass(rows);
    }
    const double hierarchical = settings_.start == Start::hierarchical ? this->hierarchical() : 0;
    const Index rows = sample_size(data_.n_rows, k_, d_);
    const auto sample = static_cast<double>(rows * (d_ + 4));
    // Twice: where one start has given its sample back, the next one's may not fit in between other blocks.
    const double by_kmeans =
        2 * sample + 4 * means() + assignment_pass(rows, kernels::Scatter::trace) +
        (settings_.start == Start::kmeans && short_runs_pay(rows, data_.n_rows, d_, settings_) ? short_runs(rows) : 0);
    return assigned + std::max(hierarchical, by_kmeans);
  }

  double hierarchical() const {
    const Index rows = hierarchy_size(data_.n_rows, k_, d_);
    const auto sample = static_cast<double>(rows * (d_ + 4));
    return 2 * sample + hierarchical_start_memory(rows, k_, d_) + 2 * mixture() + e_step(rows);
  }

  // The sample in coordinates of the data, the run that goes on and the best so far.
  double short_runs(Index rows) const {
    return static_cast<double>(rows * d_) + e_step(rows) + sparsity_bytes(rows) / kDouble + plain_loop() +
           2 * mixture();
  }

  double plain_loop() const { return 2 * mixture() + statistics() + workspace(); }

  // What M-steps work with: scaled scatters and their axes, of EVE and VVE two sets of turned scatters.
  double workspace() const {
    if (q_ > 0) return static_cast<double>(4 * d_ * (q_ + 1));
    if (!has_matrices(shape_)) return 4 * covariances();
    const bool own = settings_.structure->each_its_own() || settings_.structure->one_for_all();
    return own ? 4 * square() : 4 * covariances() + 8 * square();
  }

  double loop() const {
    const bool may_extrapolate =
        settings_.acceleration == Acceleration::always ||
        (settings_.acceleration == Acceleration::automatic && !settings_.ridge && settings_.max_iter > 2);
    // Extrapolations work with two mixtures and a vector of parameters, what is known of the last steps is one mixture and its
    // vectors.
    const Index n_parameters = k_ * d_ + Covariances::size(shape_, k_, d_, q_);
    const double vectors =
        1 + static_cast<double>(LastSteps::n_vectors(n_parameters, Accelerator::most_steps(settings_)));
    return plain_loop() + (may_extrapolate ? 3 * mixture() + workspace() + vectors * (means() + covariances()) : 0);
  }

  double em() const {
    if (may(OnDegenerate::restart)) return std::max(loop(), restart());
    return may(OnDegenerate::drop) ? loop() + mixture() : loop();
  }

  // The trial that may replace a start, beside it; before that, densities of all rows and the seeded mixture.
  double restart() const {
    const double seeding = static_cast<double>(data_.n_rows) + mixture() + e_step(data_.n_rows);
    return mixture() + 2 * trace() + counts() + std::max(seeding, loop());
  }

  double repairs() const {
    if (q_ > 0 || !has_matrices(shape_)) return 0;
    const Index matrices = shape_ == CovarianceShape::full ? k_ : 1;
    return kRepairMatrices * static_cast<double>(std::min<Index>(n_threads_, matrices)) * square();
  }

  double eigenvalue_ratio() const {
    if (!settings_.max_eigenvalue_ratio) return 0;
    if (!has_matrices(shape_)) return kPerEigenvalue * covariances();
    return 2 * covariances() + 3 * square() + kPerEigenvalue * covariances() / static_cast<double>(d_);
  }

  double prior() const { return settings_.prior ? kPriorMatrices * square() + 4 * static_cast<double>(d_) : 0; }

  const Data& data_;
  const Settings& settings_;
  int n_threads_;
  CovarianceShape shape_;
  Index k_, d_, q_;
};

}  // namespace

MemoryNeeded memory_needed(const Data& data, const Settings& settings, int n_threads) {
  const Sizes sizes(data, settings, n_threads);
  const double largest = std::max(sizes.parameters(), static_cast<double>(data.n_rows));
  if (largest > kBeyondMemory) return {0, kDouble * largest, 0};
  return {sizes.kept_bytes(), sizes.working_bytes(), sizes.handed_over_bytes()};
}

}  // namespace gaussmix
