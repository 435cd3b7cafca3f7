// What a caller asked to see of every row. Iterations ask for nothing, and only they run in single precision.
#pragma once

#include "kernels/responsibilities.hpp"

namespace gaussmix::kernels {
namespace {

#if !defined(GAUSSMIX_SINGLE_PRECISION)
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
        *reinterpret_cast<UnalignedWideVec*>(to + (first + l) * n_components + k) = square[l];
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

// Before the logits become responsibilities.
inline void write_logits(const Task& task, const Block& block, Index begin) {
  const Index n_components = task.density.n_components;
  if (task.outputs.joint_log_density != nullptr)
    write_transposed(block.logits, kLn2, block, n_components, begin, task.outputs.joint_log_density);
  if (task.outputs.labels != nullptr) write_labels(block, n_components, begin, task.outputs.labels);
}

inline void write_responsibilities(const Task& task, const Block& block, Index begin) {
  if (task.outputs.log_density != nullptr)
    for (Index i = 0; i < block.rows; ++i) task.outputs.log_density[begin + i] = block.log_density[i];
  if (task.outputs.responsibilities != nullptr)
    write_transposed(block.logits, 1.0, block, task.density.n_components, begin, task.outputs.responsibilities);
}
#else
inline void write_logits(const RealTask&, const Block&, Index) {}
inline void write_responsibilities(const RealTask&, const Block&, Index) {}
#endif

}  // namespace
}  // namespace gaussmix::kernels
