// A block is a few dozen to a few hundred rows, transposed so that SIMD lanes hold different samples. Its buffers stay in
// the first or second cache level while every component passes over them.
#pragma once

#include "kernels/simd.hpp"

namespace gaussmix::kernels {
namespace {

inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

// Rows of a block: the largest power of two that keeps one coordinate buffer within 16 KB (half of a small first-level
// cache) and the logits within 256 KB. Wide data gets 256 all the same: there the accumulators are the larger traffic.
inline Index block_rows(Index n_components, Index n_features, bool lanewise) {
  Index rows = 256;
  if (lanewise)
    while (rows > 32 && n_features * rows > 2048) rows /= 2;
  while (rows > 32 && n_components * rows > 32768) rows /= 2;
  return rows;
}

// Accumulators hold one sum per lane while that stays in the second-level cache; else one sum, reduced per block.
inline bool lanewise_accumulators(Index layout_size) { return layout_size * kLanes <= 98304; }

struct Accumulator {
  double* data;
  bool lanewise;
  void add(Index i, Vec v) const {
    if (lanewise)
      store(data + i * kLanes, load(data + i * kLanes) + v);
    else
      data[i] += horizontal_sum(v);
  }
};

struct Block {
  Index stride;      // distance of two features in the buffers below; not a power of two, to spread over cache sets
  Index rows;        // rows present
  Index padded;      // rounded up to whole tiles; padding rows repeat the first row with weight zero
  double* x;         // D x stride
  double* whitened;  // D x stride, or null
  double* centred;   // D x stride, scratch
  double* scaled;    // kTileRows x stride, scratch
  double* logits;    // K x stride: logits, then responsibilities
  double* weights;   // stride
  Accumulator sums;
};

inline Index block_stride(Index rows) { return rows + kAlignment; }

inline Index workspace_size(const Task& task) {
  const Density& density = task.density;
  const Layout layout = make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter);
  const bool lanewise = lanewise_accumulators(layout.size);
  const Index stride = block_stride(block_rows(density.n_components, density.n_features, lanewise));
  const Index coordinates = density.whitener != nullptr ? 3 : 2;
  const Index sums = lanewise ? layout.size * kLanes : layout.size;
  return (coordinates * density.n_features + kTileRows + density.n_components + 1) * stride +
         round_up(sums, kAlignment);
}

inline Block make_block(const Task& task, const Layout& layout, double* workspace) {
  const Density& density = task.density;
  Block block{};
  block.sums.lanewise = lanewise_accumulators(layout.size);
  block.stride = block_stride(block_rows(density.n_components, density.n_features, block.sums.lanewise));
  auto take = [&](Index count) {
    double* p = workspace;
    workspace += count * block.stride;
    return p;
  };
  block.x = take(density.n_features);
  block.centred = take(density.n_features);
  block.whitened = density.whitener != nullptr ? take(density.n_features) : nullptr;
  block.scaled = take(kTileRows);
  block.logits = take(density.n_components);
  block.weights = take(1);
  block.sums.data = workspace;
  return block;
}

template <class T>
inline void transpose(const T* rows, Index n_features, Block& block) {
  for (Index i = 0; i < block.padded; ++i) {
    const T* row = rows + (i < block.rows ? i : 0) * n_features;
    for (Index d = 0; d < n_features; ++d) block.x[d * block.stride + i] = static_cast<double>(row[d]);
  }
}

inline void load_block(const Rows& rows, Index n_features, Index begin, Index end, Block& block) {
  block.rows = end - begin;
  block.padded = round_up(block.rows, kTile);
  if (rows.single_precision)
    transpose(static_cast<const float*>(rows.data) + begin * n_features, n_features, block);
  else
    transpose(static_cast<const double*>(rows.data) + begin * n_features, n_features, block);
  for (Index i = 0; i < block.rows; ++i) block.weights[i] = rows.weights != nullptr ? rows.weights[begin + i] : 1.0;
  for (Index i = block.rows; i < block.padded; ++i) block.weights[i] = 0.0;
}

}  // namespace
}  // namespace gaussmix::kernels
