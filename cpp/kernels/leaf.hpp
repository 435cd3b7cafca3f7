// One leaf: a fixed range of rows, block by block. E-step and M-step sums in one visit, no n x K array.
#pragma once

#include "kernels/accumulate.hpp"
#include "kernels/responsibilities.hpp"

namespace gaussmix::kernels {
namespace {

inline void write_transposed(const double* from, const Block& block, Index n_components, Index begin, double* to) {
  for (Index i = 0; i < block.rows; ++i)
    for (Index k = 0; k < n_components; ++k) to[(begin + i) * n_components + k] = from[k * block.stride + i];
}

inline void write_labels(const Block& block, Index n_components, Index begin, std::int64_t* labels) {
  for (Index i = 0; i < block.rows; ++i) {
    Index best = 0;
    for (Index k = 1; k < n_components; ++k)
      if (block.logits[k * block.stride + i] > block.logits[best * block.stride + i]) best = k;
    labels[begin + i] = best;
  }
}

// Leaves weighted responsibilities in block.logits.
inline Likelihood assign(const Task& task, const double* x, Index begin, Block& block) {
  const Index n_components = task.density.n_components;
  const Outputs& outputs = task.outputs;
  if (task.source == Source::given) {
    copy_given(task.rows.responsibilities, n_components, begin, block);
    return Likelihood{Vec{}, Vec{}};
  }
  compute_logits(task.density, x, block);
  if (outputs.joint_log_density != nullptr)
    write_transposed(block.logits, block, n_components, begin, outputs.joint_log_density);
  if (outputs.labels != nullptr) write_labels(block, n_components, begin, outputs.labels);
  double* log_density = block.scaled;  // free until the sums are taken
  const Likelihood total = task.source == Source::softmax ? softmax(n_components, block, log_density)
                                                          : harden(n_components, block, log_density);
  if (outputs.log_density != nullptr)
    for (Index i = 0; i < block.rows; ++i) outputs.log_density[begin + i] = log_density[i];
  if (outputs.responsibilities != nullptr)
    write_transposed(block.logits, block, n_components, begin, outputs.responsibilities);
  return total;
}

inline void run_leaf(const Task& task, Index begin, Index end, double* workspace, double* partial) {
  const Density& density = task.density;
  const Layout layout = make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter);
  Block block = make_block(task, layout, workspace);
  const Index sums = block.sums.lanewise ? layout.size * kLanes : layout.size;
  for (Index i = 0; i < sums; ++i) block.sums.data[i] = 0.0;

  const Index rows = block.stride - kAlignment;
  for (Index first = begin; first < end; first += rows) {
    load_block(task.rows, density.n_features, first, first + rows < end ? first + rows : end, block);
    const double* x = block.x;
    if (density.whitener != nullptr) {
      whiten(density, block);
      x = block.whitened;
    }
    const Likelihood likelihood = assign(task, x, first, block);
    block.sums.add(layout.log_likelihood, likelihood.log_likelihood);
    block.sums.add(layout.certainty, likelihood.certainty);
    if (!task.accumulate) continue;
    for (Index k = 0; k < density.n_components; ++k) accumulate_component(task, layout, k, x, block);
    if (task.total_scatter) accumulate_total(task, layout, block);
  }
  for (Index i = 0; i < layout.size; ++i)
    partial[i] = block.sums.lanewise ? horizontal_sum(load(block.sums.data + i * kLanes)) : block.sums.data[i];
}

}  // namespace
}  // namespace gaussmix::kernels
