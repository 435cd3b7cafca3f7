// A leaf in single precision. Rows are taken relative to one point among them, the means too, and sums go to double precision
// block by block: what is lost is a few 1e-8 of the distance from that point (numbers relative to it are rounded once), and
// the error of sums about a mean that was rounded is made good at the end. A leaf refuses where that would be too much.
//
// Sums of a few hundred numbers each: Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2.
#pragma once

#include "kernels/leaf.hpp"
#include "kernels/moments.hpp"

namespace gaussmix::kernels {
namespace {

inline Index n_factors(const Task& task) {
  const Index n = task.density.n_features;
  return task.density.n_components * (task.density.shape == Shape::spherical  ? 1
                                      : task.density.shape == Shape::diagonal ? n
                                                                              : packed_size(n));
}

// In floats.
inline Index parameters_size(const Task& task) {
  const Density& density = task.density;
  const Index n = density.n_features;
  return round_up(density.n_components * (n + 1 + density.features.size) + n_factors(task) + packed_size(n) + 4 * n +
                      9 * kAlignment,
                  kAlignment);
}

// The task in single precision, its numbers in `memory`.
class SingleTask {
 public:
  SingleTask(const Task& task, float* memory) : memory_(memory) {
    const Density& from = task.density;
    const Index n = from.n_features, n_components = from.n_components;
    BasicDensity<float>& to = task_.density;
    to.shape = from.shape;
    to.n_components = n_components;
    to.n_features = n;
    const bool whitened = from.whitener != nullptr;
    const auto relative = [&](const double* p, Index i) { return p[i] - task.origin[i % n]; };
    const auto plain = [](const double* p, Index i) { return p[i]; };
    to.means = whitened ? copy(from.means, n_components * n, plain) : copy(from.means, n_components * n, relative);
    to.factors = copy(from.factors, n_factors(task), plain);
    base_ = from.log_constants[0];
    for (Index k = 1; k < n_components; ++k) base_ = from.log_constants[k] > base_ ? from.log_constants[k] : base_;
    const auto constant = [&](const double* p, Index i) { return lowered(p[i]); };
    to.log_constants = copy(from.log_constants, n_components, constant);
    if (whitened) {
      to.whitener = copy(from.whitener, packed_size(n), plain);
      to.whitening_centre = copy(from.whitening_centre, n, relative);
    }
    if (from.features.table != nullptr) {
      const Index size = from.features.size;
      const auto entry = [&](const double* p, Index i) { return i % size == 0 ? lowered(p[i]) : p[i]; };
      to.features = {copy(from.features.table, n_components * size, entry),
                     whitened ? copy(from.features.centre, n, plain) : copy(from.features.centre, n, relative),
                     copy(from.features.inverse_scale, n, plain),
                     from.features.single_limit,
                     0,
                     size};
    }
    task_.rows = task.rows;
    task_.scatter = task.scatter;
    task_.single_precision = true;
    task_.origin = task.origin;
  }

  const RealTask& task() const { return task_; }
  double base() const { return base_; }  // what logits are lowered by

 private:
  double lowered(double logit) const {
    return logit - base_ > static_cast<double>(kLowestRealLogit) ? logit - base_
                                                                 : static_cast<double>(kLowestRealLogit);
  }
  template <class F>
  const float* copy(const double* from, Index n, F&& f) {
    float* to = memory_;
    for (Index i = 0; i < n; ++i) to[i] = static_cast<float>(f(from, i));
    memory_ += round_up(n, kAlignment);
    return to;
  }

  BasicTask<float> task_;
  float* memory_;
  double base_;
};

// Sums about the rounded means -> sums about the means.
inline void unround_means(const Task& task, const RealTask& single, const Layout& layout, double* d, double* partial) {
  const Index n = task.density.n_features;
  const bool whitened = task.density.whitener != nullptr;
  for (Index k = 0; k < task.density.n_components; ++k) {
    for (Index i = 0; i < n; ++i)
      d[i] = task.density.means[k * n + i] - (whitened ? 0.0 : task.origin[i]) -
             static_cast<double>(single.density.means[k * n + i]);
    double* first = partial + layout.sum + k * n;
    move_sums(task.scatter, n, partial[layout.weight + k], first, d, first,
              partial + layout.scatter + k * layout.scatter_size);
  }
}

inline Index workspace_size(const Task& task) { return doubles(parameters_size(task)) + make_workspace(task).size(); }

inline bool run_leaf(const Task& task, Index begin, Index end, double* workspace, double* partial) {
  const Index parameters = doubles(parameters_size(task));
  const SingleTask converted(task, reinterpret_cast<float*>(workspace));
  const RealTask& single = converted.task();
  const Layout layout = layout_of(single);
  const Workspace sizes = make_workspace(single);
  workspace += parameters;
  Block block = make_block(single, reinterpret_cast<float*>(workspace));
  LeafSums sums = make_sums(sizes, workspace);
  if (!visit_all(single, layout, begin, end, block, sums)) return false;
  double* scratch = sums.features + sizes.feature_sums;
  unround_means(task, single, layout, scratch, sums.centred);
  if (task.density.features.table != nullptr) recentre(task, layout, sums.features, scratch, sums.centred);
  double weight = 0;
  for (Index k = 0; k < task.density.n_components; ++k) weight += sums.centred[layout.weight + k];
  sums.centred[layout.log_likelihood] = sums.log_likelihood + weight * converted.base() * kLn2;
  sums.centred[layout.certainty] = sums.certainty;
  for (Index i = 0; i < layout.size; ++i) partial[i] = sums.centred[i];
  if (task.sparse.leaves != nullptr) --task.sparse.leaves[begin / task.sparse.leaf_rows].wait;
  return true;
}

}  // namespace
}  // namespace gaussmix::kernels
