// One leaf: a fixed range of rows, block by block. E-step and M-step sums in one visit, no n x K array.
#pragma once

#include "kernels/centred.hpp"
#include "kernels/features.hpp"
#include "kernels/hard.hpp"
#include "kernels/sparse.hpp"

namespace gaussmix::kernels {
namespace {

// Exchanges, at a distance of W lanes, what lies above the diagonal of a 2 x 2 square with what lies below.
template <int W, int... L>
inline void exchange(Vec& a, Vec& b) {
  constexpr int l = sizeof...(L);
  if constexpr (l < kLanes) {
    exchange<W, L..., l>(a, b);
  } else {
    const Vec low = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L : L - W + kLanes)...);
    b = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L + W : L + kLanes)...);
    a = low;
  }
}

template <int W>
inline void transpose_square(Vec (&a)[kLanes]) {
  if constexpr (W > 0) {
    for (int i = 0; i < kLanes; ++i)
      if (i % (2 * W) < W) exchange<W>(a[i], a[i + W]);
    transpose_square<W / 2>(a);
  }
}

// Squares of registers where samples and components fill them, one number after the other at the edges.
inline void write_transposed(const double* from, double scale, const Block& block, Index n_components, Index begin,
                             double* to) {
  to += begin * n_components;
  for (Index first = 0; first < block.rows; first += kLanes) {
    const double* vector = from + first / kStrip * n_components * kStrip + first % kStrip;
    const Index n_rows = block.rows - first < kLanes ? block.rows - first : kLanes;
    Index k = 0;
    for (; n_rows == kLanes && k + kLanes <= n_components; k += kLanes) {
      Vec square[kLanes];
      for (int l = 0; l < kLanes; ++l) square[l] = load(vector + (k + l) * kStrip) * scale;
      transpose_square<kLanes / 2>(square);
      for (int l = 0; l < kLanes; ++l)
        *reinterpret_cast<UnalignedVec*>(to + (first + l) * n_components + k) = square[l];
    }
    for (; k < n_components; ++k)
      for (Index i = 0; i < n_rows; ++i) to[(first + i) * n_components + k] = scale * vector[k * kStrip + i];
  }
}

// The best component of each row, the first of several.
inline void write_labels(const Block& block, Index n_components, Index begin, std::int64_t* labels) {
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    const double* logits = block.logits + strip * n_components * kStrip;
    Tile largest, best = {};
    for (int v = 0; v < kTileVectors; ++v) largest[v] = load(logits + v * kLanes);
    for (Index k = 1; k < n_components; ++k)
      for (int v = 0; v < kTileVectors; ++v) {
        const Vec logit = load(logits + k * kStrip + v * kLanes);
        best[v] = logit > largest[v] ? broadcast(static_cast<double>(k)) : best[v];
        largest[v] = larger(logit, largest[v]);
      }
    for (Index i = 0; i < kStrip && strip * kStrip + i < block.rows; ++i)
      labels[begin + strip * kStrip + i] = static_cast<std::int64_t>(best[i / kLanes][i % kLanes]);
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
      harden(n_components, logits, weights, block.best + strip * kStrip, log_density, total);
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
    feature_logits(density.features, nullptr, density.n_components, features,
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

// What the blocks of a leaf add to.
struct LeafSums {
  double* centred;  // laid out as `partial`; room for a vector beyond its end
  double* features;
  Likelihood likelihood;
};

inline void accumulate_centred(const Task& task, const Layout& layout, const double* x, const Block& block,
                               double* sums) {
  for (Index k = 0; k < task.density.n_components; ++k) accumulate_component(task, layout, k, x, block, sums);
}

inline bool features_serve(const Density& density, const double* x, const Block& block) {
  return density.features.table != nullptr && within_limit(density.features, density.n_features, x, block.n_strips);
}

inline void visit_all(const Task& task, const Layout& layout, Index begin, Index end, Block& block, LeafSums& sums) {
  const Density& density = task.density;
  for (Index first = begin; first < end; first += block.capacity) {
    const Index last = first + block.capacity < end ? first + block.capacity : end;
    load_block(task.rows, density.n_features, first, last, block);
    const double* x = block.x;
    if (density.whitener != nullptr) {
      whiten(density, block);
      x = block.whitened;
    }
    const bool by_features = features_serve(density, x, block);
    if (by_features)
      assign_by_features(task, x, block, sums.likelihood);
    else
      assign(task, x, first, block, sums.likelihood);
    if (!task.accumulate) continue;
    if (by_features)
      accumulate_features(density, block, sums.features);
    else if (task.source == Source::hard && density.n_components > kFewComponents)
      accumulate_hard(task, layout, first, block, sums.centred);
    else
      accumulate_centred(task, layout, x, block, sums.centred);
    if (task.total_scatter) accumulate_total(density, block, sums.centred + layout.total);
  }
}

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
      find_active(task, block, group);
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

inline void visit_sparsely(const Task& task, const Layout& layout, Index begin, Index end, Block& block,
                           const SparseScratch& scratch, LeafSums& sums) {
  const Density& density = task.density;
  LeafState& state = task.sparse.leaves[begin / task.sparse.leaf_rows];
  if (state.wait > 0) {
    --state.wait;
    visit_all(task, layout, begin, end, block, sums);
    return;
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
      visit_all(task, layout, begin + last, end, block, sums);
      return;
    }
  }
  next_stage(task, state, n_rows, count, scratch, order);
}

struct Workspace {
  Index block, sums, feature_sums, sparse;  // sizes in doubles
  Index size() const { return block + sums + feature_sums + sparse; }
};

inline Workspace make_workspace(const Task& task, const Layout& layout) {
  const Density& density = task.density;
  const Index n_feature_sums = density.features.table != nullptr ? density.n_components * density.features.size : 0;
  return {block_size(task), round_up(layout.size + kLanes, kAlignment), round_up(n_feature_sums + kLanes, kAlignment),
          task.sparse.leaves != nullptr ? round_up(sparse_scratch_size(task, block_rows(task)), kAlignment) : 0};
}

inline Layout layout_of(const Task& task) {
  return make_layout(task.density.n_components, task.density.n_features, task.scatter, task.total_scatter);
}

inline Index workspace_size(const Task& task) { return make_workspace(task, layout_of(task)).size(); }

inline void run_leaf(const Task& task, Index begin, Index end, double* workspace, double* partial) {
  const Layout layout = layout_of(task);
  const Workspace sizes = make_workspace(task, layout);
  Block block = make_block(task, workspace);
  LeafSums sums{workspace + sizes.block, workspace + sizes.block + sizes.sums, {}};
  for (Index i = 0; i < sizes.sums + sizes.feature_sums; ++i) sums.centred[i] = 0.0;

  if (task.sparse.leaves != nullptr && task.density.features.table != nullptr) {
    const SparseScratch scratch = make_sparse_scratch(task, block.capacity, sums.features + sizes.feature_sums);
    visit_sparsely(task, layout, begin, end, block, scratch, sums);
  } else {
    visit_all(task, layout, begin, end, block, sums);
  }
  sums.centred[layout.log_likelihood] = horizontal_sum(sums.likelihood.log_likelihood);
  sums.centred[layout.certainty] = horizontal_sum(sums.likelihood.certainty);
  if (task.density.features.table != nullptr) recentre(task, layout, sums.features, sums.centred);
  for (Index i = 0; i < layout.size; ++i) partial[i] = sums.centred[i];
}

}  // namespace
}  // namespace gaussmix::kernels
