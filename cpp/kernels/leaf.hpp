// One leaf: a fixed range of rows, block by block. E-step and M-step sums in one visit, no n x K array.
#pragma once

#include "kernels/centred.hpp"
#include "kernels/features.hpp"
#include "kernels/responsibilities.hpp"

namespace gaussmix::kernels {
namespace {

inline void write_transposed(const double* from, double scale, const Block& block, Index n_components, Index begin,
                             double* to) {
  for (Index i = 0; i < block.rows; ++i) {
    const double* row = from + i / kStrip * n_components * kStrip + i % kStrip;
    for (Index k = 0; k < n_components; ++k) to[(begin + i) * n_components + k] = scale * row[k * kStrip];
  }
}

inline void write_labels(const Block& block, Index n_components, Index begin, std::int64_t* labels) {
  for (Index i = 0; i < block.rows; ++i) {
    const double* row = block.logits + i / kStrip * n_components * kStrip + i % kStrip;
    Index best = 0;
    for (Index k = 1; k < n_components; ++k)
      if (row[k * kStrip] > row[best * kStrip]) best = k;
    labels[begin + i] = best;
  }
}

inline void normalise(const Task& task, const Block& block, Likelihood& total) {
  const Index n_components = task.density.n_components;
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    double* logits = block.logits + strip * n_components * kStrip;
    const double* weights = block.weights + strip * kStrip;
    double* log_density = block.log_density + strip * kStrip;
    if (task.source == Source::softmax)
      softmax(n_components, logits, weights, log_density, total);
    else
      harden(n_components, logits, weights, log_density, total);
  }
}

// Leaves weighted responsibilities in block.logits.
inline void assign(const Task& task, const double* x, Index begin, const Block& block, Likelihood& total) {
  const Index n_components = task.density.n_components, n_features = task.density.n_features;
  const Outputs& outputs = task.outputs;
  if (task.source == Source::given) {
    copy_given(task.rows.responsibilities, n_components, begin, block);
    return;
  }
  for (Index strip = 0; strip < block.n_strips; ++strip)
    centred_logits(task.density, x + strip * n_features * kStrip, block.centred,
                   block.logits + strip * n_components * kStrip);
  if (outputs.joint_log_density != nullptr)
    write_transposed(block.logits, kLn2, block, n_components, begin, outputs.joint_log_density);
  if (outputs.labels != nullptr) write_labels(block, n_components, begin, outputs.labels);
  normalise(task, block, total);
  if (outputs.log_density != nullptr)
    for (Index i = 0; i < block.rows; ++i) outputs.log_density[begin + i] = block.log_density[i];
  if (outputs.responsibilities != nullptr)
    write_transposed(block.logits, 1.0, block, n_components, begin, outputs.responsibilities);
}

// The same, where features serve: they stay in block.features for the sums.
inline void assign_by_features(const Task& task, const double* x, const Block& block, Likelihood& total) {
  const Density& density = task.density;
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    double* features = block.features + strip * density.features.size * kStrip;
    make_features(density, x + strip * density.n_features * kStrip, features);
    feature_logits(density.features, density.n_components, features,
                   block.logits + strip * density.n_components * kStrip);
  }
  normalise(task, block, total);
  // What all components have in common of a whitened row's log density.
  if (density.whitener != nullptr)
    for (Index strip = 0; strip < block.n_strips; ++strip)
      for (int v = 0; v < kStrip; v += kLanes) {
        Vec squares{};
        for (Index d = 0; d < density.n_features; ++d) {
          const Vec y = load(x + (strip * density.n_features + d) * kStrip + v);
          squares += y * y;
        }
        total.log_likelihood -= 0.5 * load(block.weights + strip * kStrip + v) * squares;
      }
}

inline Index workspace_size(const Task& task) {
  const Density& density = task.density;
  const Index feature_sums = density.features.table != nullptr ? density.n_components * density.features.size : 0;
  const Layout layout = make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter);
  return block_size(task) + round_up(layout.size + kLanes, kAlignment) + round_up(feature_sums + kLanes, kAlignment);
}

inline void run_leaf(const Task& task, Index begin, Index end, double* workspace, double* partial) {
  const Density& density = task.density;
  const Layout layout = make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter);
  Block block = make_block(task, workspace);
  double* sums = workspace + block_size(task);
  double* feature_sums = sums + round_up(layout.size + kLanes, kAlignment);
  const Index n_feature_sums = density.features.table != nullptr ? density.n_components * density.features.size : 0;
  for (Index i = 0; i < layout.size; ++i) sums[i] = 0.0;
  for (Index i = 0; i < n_feature_sums; ++i) feature_sums[i] = 0.0;

  Likelihood likelihood;
  for (Index first = begin; first < end; first += block.capacity) {
    const Index last = first + block.capacity < end ? first + block.capacity : end;
    load_block(task.rows, density.n_features, first, last, block);
    const double* x = block.x;
    if (density.whitener != nullptr) {
      whiten(density, block);
      x = block.whitened;
    }
    const bool by_features =
        density.features.table != nullptr && within_limit(density.features, density.n_features, x, block.n_strips);
    if (by_features)
      assign_by_features(task, x, block, likelihood);
    else
      assign(task, x, first, block, likelihood);
    if (!task.accumulate) continue;
    if (by_features)
      accumulate_features(density, block, feature_sums);
    else
      for (Index k = 0; k < density.n_components; ++k) accumulate_component(task, layout, k, x, block, sums);
    if (task.total_scatter) accumulate_total(density, block, sums + layout.total);
  }
  sums[layout.log_likelihood] = horizontal_sum(likelihood.log_likelihood);
  sums[layout.certainty] = horizontal_sum(likelihood.certainty);
  if (n_feature_sums > 0) recentre(task, layout, feature_sums, sums);
  for (Index i = 0; i < layout.size; ++i) partial[i] = sums[i];
}

}  // namespace
}  // namespace gaussmix::kernels
