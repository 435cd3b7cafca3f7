// A leaf in which most components cannot matter to most rows. Rows are visited in groups, sorted by their best component; of
// every group and component a lower bound of the distance is kept from pass to pass, and a component is left out where the
// bound proves that none of the group's responsibilities reaches 2^-58.
//
// Truncation of that kind: Neal & Hinton (1998), "A view of the EM algorithm that justifies incremental, sparse, and other
// variants". The bound: with movements of mean and factor in between, distance' >= scale * distance - shift (triangle
// inequality), as Elkan (2003) does for k-means.
#pragma once

#include "kernels/features.hpp"
#include "kernels/responsibilities.hpp"

namespace gaussmix::kernels {
namespace {

// Logits this far below the largest leave no trace in a double, and sixteen of them neither.
constexpr double kNegligible = 58;
constexpr Index kGroupStrips = kSparseGroup / kStrip;
constexpr float kRoundDown = 1 - 1e-6f;      // a bound in single precision stays a bound
constexpr float kTaken = -__builtin_inff();  // a ceiling below every threshold: best logits are finite

// Scratch of a leaf: lists of component numbers per group of the block, and what sorting needs.
struct SparseScratch {
  std::int32_t* active;    // groups of a block x K
  std::int32_t* n_active;  // groups of a block
  std::int32_t* labels;    // rows of the leaf
  std::int32_t* counts;    // K + 1
  float* ceilings;         // K
};

inline Index sparse_scratch_size(const Task& task, Index block_rows) {
  const Index groups = block_rows / kSparseGroup + 1;
  return (groups * (task.density.n_components + 1) + task.sparse.leaf_rows + 2 * task.density.n_components + 1) / 2 +
         kAlignment;
}

inline SparseScratch make_sparse_scratch(const Task& task, Index block_rows, double* workspace) {
  const Index groups = block_rows / kSparseGroup + 1, n_components = task.density.n_components;
  auto* active = reinterpret_cast<std::int32_t*>(workspace);
  std::int32_t* n_active = active + groups * n_components;
  std::int32_t* labels = n_active + groups;
  std::int32_t* counts = labels + task.sparse.leaf_rows;
  return {active, n_active, labels, counts, reinterpret_cast<float*>(counts + n_components + 1)};
}

template <class T>
inline void gather_rows(const T* rows, const std::uint16_t* order, Index first, Index n_features, const Block& block) {
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    const auto row = [&](Index i) {
      const Index sample = strip * kStrip + i;
      return rows + order[sample < block.rows ? first + sample : first] * n_features;
    };
    transpose_strip(row, n_features, block.x + strip * n_features * kStrip);
  }
}

inline void gather_block(const Task& task, Index begin, const std::uint16_t* order, Index first, Index last,
                         Block& block) {
  const Index n_features = task.density.n_features;
  block.rows = last - first;
  block.n_strips = round_up(block.rows, kSparseGroup) / kStrip;
  if (task.rows.single_precision)
    gather_rows(static_cast<const float*>(task.rows.data) + begin * n_features, order, first, n_features, block);
  else
    gather_rows(static_cast<const double*>(task.rows.data) + begin * n_features, order, first, n_features, block);
  if (task.rows.origin != nullptr) subtract_origin(task.rows.origin, n_features, block);
  for (Index i = 0; i < block.n_strips * kStrip; ++i) {
    const double weight =
        i < block.rows && task.rows.weights != nullptr ? task.rows.weights[begin + order[first + i]] : 1.0;
    block.weights[i] = i < block.rows ? weight : 0.0;
  }
  if (task.rows.weights != nullptr) place_absent(task.density, block);
}

// One group of strips of a block: what its steps share.
struct Group {
  Index first_strip;
  double* logits;  // of its first strip; [strip][slot][kStrip], room for K slots
  std::int32_t* active;
  Index n_active;
  float* bounds;  // K
};

// Logits of the slots from `from` on.
inline void group_logits(const Density& density, const Block& block, const Group& group, Index from) {
  for (Index s = 0; s < kGroupStrips; ++s)
    feature_logits(density.features, group.active + from, group.n_active - from,
                   block.features + (group.first_strip + s) * density.features.size * kStrip,
                   group.logits + (s * density.n_components + from) * kStrip);
}

// Smallest over the group's rows of their largest logit.
inline double lowest_peak(const Density& density, const Group& group) {
  Vec lowest = broadcast(0.0);
  for (Index s = 0; s < kGroupStrips; ++s) {
    Tile largest;
    largest_logits(group.logits + s * density.n_components * kStrip, group.n_active, largest);
    for (int v = 0; v < kTileVectors; ++v) lowest = s + v == 0 ? largest[v] : -larger(-lowest, -largest[v]);
  }
  double low = lowest[0];
  for (int l = 1; l < kLanes; ++l) low = lowest[l] < low ? lowest[l] : low;
  return low;
}

// Largest logit of slot a over the group's rows.
inline double peak_of(const Density& density, const Group& group, Index a) {
  Vec largest = broadcast(kLowestLogit);
  for (Index s = 0; s < kGroupStrips; ++s)
    for (int v = 0; v < kTileVectors; ++v)
      largest = larger(load(group.logits + (s * density.n_components + a) * kStrip + v * kLanes), largest);
  double high = largest[0];
  for (int l = 1; l < kLanes; ++l) high = largest[l] > high ? largest[l] : high;
  return high;
}

// Moves the bounds along with the components. No row of the group can have a larger logit of component k than ceilings[k].
// Returns the largest of them.
inline float move_bounds(const Task& task, const Group& group, float* ceilings) {
  const Density& density = task.density;
  for (Index k = 0; k < density.n_components; ++k) {
    const float moved = (task.sparse.scale[k] * group.bounds[k] - task.sparse.shift[k]) * kRoundDown;
    const float bound = moved > 0 ? moved : 0;
    group.bounds[k] = bound;
    ceilings[k] = static_cast<float>(density.log_constants[k]) - bound * bound * kRoundDown;
  }
  float highest = -3e38f;
  for (Index k = 0; k < density.n_components; ++k) highest = ceilings[k] > highest ? ceilings[k] : highest;
  return highest;
}

// Takes those components that look able to matter, and then, because the rows' largest logits are known, all others that can.
inline void find_active(const Task& task, const Block& block, Group& group, float* ceilings) {
  const Density& density = task.density;
  const Index n_components = density.n_components;
  const auto take = [&](float threshold) {
    for (Index k = 0; k < n_components; ++k) {
      if (ceilings[k] < threshold) continue;
      group.active[group.n_active++] = static_cast<std::int32_t>(k);
      ceilings[k] = kTaken;
    }
  };
  group.n_active = 0;
  take(move_bounds(task, group, ceilings) - static_cast<float>(kNegligible));
  group_logits(density, block, group, 0);
  const Index first = group.n_active;
  take(static_cast<float>(lowest_peak(density, group) - kNegligible - 1));
  if (group.n_active > first) group_logits(density, block, group, first);
}

inline void take_all(const Task& task, const Block& block, Group& group) {
  group.n_active = task.density.n_components;
  for (Index k = 0; k < group.n_active; ++k) group.active[k] = static_cast<std::int32_t>(k);
  group_logits(task.density, block, group, 0);
}

// Stores the distances seen; returns how many components matter to the group.
inline Index keep_bounds(const Density& density, const Group& group) {
  const double threshold = lowest_peak(density, group) - kNegligible;
  Index count = 0;
  for (Index a = 0; a < group.n_active; ++a) {
    const Index k = group.active[a];
    const double peak = peak_of(density, group, a);
    const double square = density.log_constants[k] - peak;
    // The feature form knows it to 1e-9; that much is given away.
    group.bounds[k] = square > 1e-9 ? static_cast<float>(__builtin_sqrt(square - 1e-9)) * kRoundDown : 0;
    count += peak >= threshold;
  }
  return count;
}

// The best component of each row, the first of several, and how many matter to the rows, all together. For groups with all
// components.
inline Index label_rows(const Density& density, const Block& block, const Group& group, std::int32_t* labels) {
  Vec count{};
  for (Index s = 0; s < kGroupStrips; ++s) {
    const double* logits = group.logits + s * density.n_components * kStrip;
    Tile largest, best = {};
    largest_logits(logits, density.n_components, largest);
    for (Index k = density.n_components - 1; k >= 0; --k)
      for (int v = 0; v < kTileVectors; ++v) {
        const Vec logit = load(logits + k * kStrip + v * kLanes);
        best[v] = logit == largest[v] ? broadcast(static_cast<double>(k)) : best[v];
        count += logit >= largest[v] - kNegligible ? broadcast(1.0) : Vec{};
      }
    for (Index i = 0; i < kStrip && (group.first_strip + s) * kStrip + i < block.rows; ++i)
      labels[s * kStrip + i] = static_cast<std::int32_t>(best[i / kLanes][i % kLanes]);
  }
  return static_cast<Index>(horizontal_sum(count));
}

// Counting sort of the leaf's rows by label, stable.
inline void sort_rows(Index n_rows, Index n_components, const std::int32_t* labels, std::int32_t* counts,
                      std::uint16_t* order) {
  for (Index k = 0; k <= n_components; ++k) counts[k] = 0;
  for (Index i = 0; i < n_rows; ++i) ++counts[labels[i] + 1];
  for (Index k = 0; k < n_components; ++k) counts[k + 1] += counts[k];
  for (Index i = 0; i < n_rows; ++i) order[counts[labels[i]]++] = static_cast<std::uint16_t>(i);
}

// Sums of one component over the strips of the groups in which it is active.
inline void accumulate_active(const Density& density, const Block& block, const SparseScratch& scratch, Index n_groups,
                              double* sums) {
  const Index size = density.features.size, n_components = density.n_components;
  const Panel features = strips_of(block.features, size);
  for (Index g = 0; g < n_groups; ++g)
    for (Index a = 0; a < scratch.n_active[g]; ++a) {
      const Index strip = g * kGroupStrips, k = scratch.active[g * n_components + a];
      const Panel responsibilities{block.logits + (strip * n_components + a) * kStrip, kStrip, n_components * kStrip};
      const Panel own{features.at(0, strip), features.step, features.strip_step};
      for_groups<kSumColumns>(size, [&]<int C>(Index column) {
        Vec tile[1];
        sum_products<1, C>(responsibilities, 0, own, column, kGroupStrips, tile);
        add_unaligned(sums + k * size + column, tile[0]);
      });
    }
}

enum : std::int32_t { kScout, kFirstSorted, kSparse };

// Look again later, ever more rarely.
inline void give_up(LeafState& state) {
  state.stage = kScout;
  state.wait = state.wait_next;
  state.wait_next = state.wait_next < 64 ? 2 * state.wait_next : 64;
}

inline float share_of(const Task& task, Index count, Index units) {
  return static_cast<float>(count) / static_cast<float>(units * task.density.n_components);
}

// Whether more components matter to a row, on average, than sorting could sort out.
inline bool too_many(const Task& task, Index count, Index n_rows) { return share_of(task, count, n_rows) > 0.25f; }

// What the leaf does next, judged by the share of components that mattered: per row after scouting, per group when sorted.
inline void next_stage(const Task& task, LeafState& state, Index n_rows, Index count, const SparseScratch& scratch,
                       std::uint16_t* order) {
  const float share = share_of(task, count, round_up(n_rows, kSparseGroup) / kSparseGroup);
  switch (state.stage) {
    case kScout:
      sort_rows(n_rows, task.density.n_components, scratch.labels, scratch.counts, order);
      state.stage = kFirstSorted;
      break;
    case kFirstSorted:
      if (share > 0.5f) return give_up(state);
      state.share = share;
      state.stage = kSparse;
      break;
    default:
      if (share > 2 * state.share + 0.05f) state.stage = kScout;  // rows have changed their components
      break;
  }
}

}  // namespace
}  // namespace gaussmix::kernels
