// A block is a few hundred rows, transposed so that SIMD lanes hold different samples. Its buffers stay in the second cache
// level while every component passes over them. They are cut into strips, one register tile of samples each: in a buffer of
// n quantities, value q of sample i lies at [i / kStrip][q][i % kStrip], so that a strip is contiguous memory.
#pragma once

#include "kernels/simd.hpp"

namespace gaussmix::kernels {
namespace {

inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

struct Block {
  Index rows;           // rows present
  Index n_strips;       // padding rows repeat the first row with weight zero
  double* x;            // D per sample
  double* whitened;     // D, or null
  double* centred;      // D + 1, scratch of the centred form
  double* features;     // scratch of the feature form; shares the memory of `centred`
  double* logits;       // K: logits, then responsibilities
  double* weights;      // 1
  double* log_density;  // 1
};

// What one sample needs, in doubles.
inline Index row_size(const Task& task) {
  const Density& density = task.density;
  const Index centred = density.n_features + 1;
  const Index scratch =
      density.features.table != nullptr && density.features.size > centred ? density.features.size : centred;
  const Index coordinates = density.whitener != nullptr ? 2 * density.n_features : density.n_features;
  return coordinates + scratch + density.n_components + 2;
}

// As many rows as fit in 1 MB, so that reducing the sums once per block is cheap beside making them, but no more than
// 512, because nothing is gained, and no fewer than one strip.
inline Index block_rows(const Task& task) {
  Index rows = 512;
  while (rows > kStrip && rows * row_size(task) > 131072) rows /= 2;
  return rows;
}

inline Block make_block(const Task& task, double* workspace) {
  const Density& density = task.density;
  const Index rows = block_rows(task);
  Block block{};
  auto take = [&](Index count) {
    double* p = workspace;
    workspace += count * rows;
    return p;
  };
  block.x = take(density.n_features);
  block.whitened = density.whitener != nullptr ? take(density.n_features) : nullptr;
  block.logits = take(density.n_components);
  block.weights = take(1);
  block.log_density = take(1);
  block.centred = block.features = workspace;
  return block;
}

template <class T>
inline void transpose(const T* rows, Index n_features, const Block& block) {
  for (Index i = 0; i < block.n_strips * kStrip; ++i) {
    const T* row = rows + (i < block.rows ? i : 0) * n_features;
    double* out = block.x + i / kStrip * n_features * kStrip + i % kStrip;
    for (Index d = 0; d < n_features; ++d) out[d * kStrip] = static_cast<double>(row[d]);
  }
}

inline void load_block(const Rows& rows, Index n_features, Index begin, Index end, Block& block) {
  block.rows = end - begin;
  block.n_strips = (block.rows + kStrip - 1) / kStrip;
  if (rows.single_precision)
    transpose(static_cast<const float*>(rows.data) + begin * n_features, n_features, block);
  else
    transpose(static_cast<const double*>(rows.data) + begin * n_features, n_features, block);
  for (Index i = 0; i < block.rows; ++i) block.weights[i] = rows.weights != nullptr ? rows.weights[begin + i] : 1.0;
  for (Index i = block.rows; i < block.n_strips * kStrip; ++i) block.weights[i] = 0.0;
}

}  // namespace
}  // namespace gaussmix::kernels
