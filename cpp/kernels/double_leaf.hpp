// A leaf in double precision: all components of all rows, or those that matter.
#pragma once

#include "kernels/leaf.hpp"
#include "kernels/moments.hpp"
#include "kernels/sparse.hpp"

namespace gaussmix::kernels {
namespace {

// One block of a sparse visit, rows in the order of the leaf. Returns how many components mattered, as next_stage() counts.
inline Index visit_groups(const Task& task, const LeafState& state, const SparseScratch& scratch, const Block& block,
                          float* bounds, std::int32_t* labels, LeafSums& sums) {
  const Density& density = task.density;
  const Index n_components = density.n_components, n_groups = block.n_strips / kGroupStrips;
  Index count = 0;
  for (Index g = 0; g < n_groups; ++g) {
    Group group{g * kGroupStrips, block.logits + g * kGroupStrips * n_components * kStrip,
                scratch.active + g * n_components, 0, bounds + g * n_components};
    for (Index s = group.first_strip; s < group.first_strip + kGroupStrips; ++s)
      make_features(density, block.x + s * density.n_features * kStrip,
                    block.features + s * density.features.size * kStrip);
    if (state.stage == kSparse)
      find_active(task, block, group, scratch.ceilings);
    else
      take_all(task, block, group);
    count += state.stage == kScout ? label_rows(density, block, group, labels + g * kSparseGroup)
                                   : keep_bounds(density, group);
    scratch.n_active[g] = static_cast<std::int32_t>(group.n_active);
    for (Index s = 0; s < kGroupStrips; ++s)
      softmax(group.n_active, group.logits + s * n_components * kStrip,
              block.weights + (group.first_strip + s) * kStrip, block.log_density, sums.likelihood);
  }
  if (state.stage == kSparse)
    accumulate_active(density, block, scratch, n_groups, sums.features);
  else
    accumulate_features(density, block, sums.features);
  return count;
}

// Rows far out make a block dense: nothing is known of its groups afterwards.
inline Index visit_dense_block(const Task& task, const Layout& layout, const LeafState& state, const Block& block,
                               float* bounds, std::int32_t* labels, LeafSums& sums) {
  const Index n_components = task.density.n_components, n_groups = block.n_strips / kGroupStrips;
  assign(task, block.x, 0, block, sums.likelihood);
  accumulate_centred(task, layout, block.x, block, sums.centred);
  for (Index i = 0; i < n_groups * n_components; ++i) bounds[i] = 0;
  for (Index i = 0; i < block.rows; ++i) labels[i] = 0;
  return n_components * (state.stage == kScout ? block.rows : n_groups);
}

// False: the leaf was looked at in vain, and the rest of it is for single precision.
inline bool visit_sparsely(const Task& task, const Layout& layout, Index begin, Index end, Block& block,
                           const SparseScratch& scratch, LeafSums& sums) {
  const Density& density = task.density;
  LeafState& state = task.sparse.leaves[begin / task.sparse.leaf_rows];
  if (state.wait > 0) {
    --state.wait;
    return visit_all(task, layout, begin, end, block, sums);
  }
  const Index n_rows = end - begin;
  std::uint16_t* order = task.sparse.order + begin;
  if (state.stage == kScout)
    for (Index i = 0; i < n_rows; ++i) order[i] = static_cast<std::uint16_t>(i);
  Index count = 0;
  for (Index first = 0; first < n_rows; first += block.capacity) {
    const Index last = first + block.capacity < n_rows ? first + block.capacity : n_rows;
    gather_block(task, begin, order, first, last, block);
    float* bounds = task.sparse.bounds + (begin + first) / kSparseGroup * density.n_components;
    std::int32_t* labels = scratch.labels + first;
    count += features_serve(density, block.x, block)
                 ? visit_groups(task, state, scratch, block, bounds, labels, sums)
                 : visit_dense_block(task, layout, state, block, bounds, labels, sums);
    if (state.stage == kScout &&
        too_many(task, count, last)) {  // mostly after the first block, which is cheap to learn
      give_up(state);
      return !task.single_precision && visit_all(task, layout, begin + last, end, block, sums);
    }
  }
  next_stage(task, state, n_rows, count, scratch, order);
  return true;
}

inline Index sparse_size(const Task& task) {
  return task.sparse.leaves != nullptr ? round_up(sparse_scratch_size(task, block_rows(task)), kAlignment) : 0;
}

inline Index workspace_size(const Task& task) { return make_workspace(task).size() + sparse_size(task); }

inline bool run_leaf(const Task& task, Index begin, Index end, double* workspace, double* partial) {
  const Layout layout = layout_of(task);
  const Workspace sizes = make_workspace(task);
  Block block = make_block(task, workspace);
  LeafSums sums = make_sums(sizes, workspace);
  double* scratch = sums.features + sizes.feature_sums;
  const bool sparse = task.sparse.leaves != nullptr && task.density.features.table != nullptr;
  if (!(sparse ? visit_sparsely(task, layout, begin, end, block,
                                make_sparse_scratch(task, block.capacity, scratch + sizes.shift), sums)
               : visit_all(task, layout, begin, end, block, sums)))
    return false;
  sums.flush();
  sums.centred[layout.log_likelihood] = sums.log_likelihood;
  sums.centred[layout.certainty] = sums.certainty;
  if (task.density.features.table != nullptr) recentre(task, layout, sums.features, scratch, sums.centred);
  for (Index i = 0; i < layout.size; ++i) partial[i] = sums.centred[i];
  return true;
}

}  // namespace
}  // namespace gaussmix::kernels
