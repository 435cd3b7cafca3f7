// The two loops that every pass spends its time in: numbers times vectors of samples (towards logits), and vectors of samples
// times each other (towards sums).
#pragma once

#include "kernels/block.hpp"

namespace gaussmix::kernels {
namespace {

// sum[r] += sum_{j < count} row[r][j] * z_j over one strip; z_j at a distance of `step`.
template <int R>
inline void add_products(const Real* const (&row)[R], Index count, const Real* z, Tile (&sum)[R], Index step = kStrip) {
  for (Index j = 0; j < count; ++j) {
    Vec zj[kTileVectors];
    unrolled<kTileVectors>([&]<int v>() { zj[v] = load(z + j * step + v * kLanes); });
    unrolled<R>([&]<int r>() {
      const Vec factor = broadcast(row[r][j]);
      unrolled<kTileVectors>([&]<int v>() { sum[r][v] += factor * zj[v]; });
    });
  }
}

// Quantities of all samples of a block: where a strip of one of them lies.
struct Panel {
  const Real* data;
  Index step;        // to the next quantity
  Index strip_step;  // to the next strip
  const Real* at(Index q, Index strip) const { return data + q * step + strip * strip_step; }
};

// n quantities per sample, strip by strip as in a block's buffers.
inline Panel strips_of(const Real* data, Index n) { return {data, kStrip, n * kStrip}; }

// A tile of sums: one row of the left panel per row, one lane per column of the right panel.
constexpr int kSumColumns =
    kWideLanes;  // no more, so that the accumulators fit and sums widen to one vector of doubles
constexpr int kSumRows = kWideLanes == 2 ? 6 : 3;

// sums[r] lane c = sum over all samples of left_{first_row + r} * right_{first_column + c}, zero from lane C on.
template <int R, int C>
GAUSSMIX_TILES void sum_products(const Panel& left, Index first_row, const Panel& right, Index first_column,
                                 Index n_strips, Vec (&sums)[R]) {
  Vec sum[R][C];
  unrolled<R>([&]<int r>() { unrolled<C>([&]<int c>() { sum[r][c] = Vec{}; }); });
  for (Index strip = 0; strip < n_strips; ++strip) {
    const Real* a = left.at(first_row, strip);
    const Real* b = right.at(first_column, strip);
    for (int v = 0; v < kTileVectors; ++v) {
      Vec row[R];
      unrolled<R>([&]<int r>() { row[r] = load(a + r * left.step + v * kLanes); });
      unrolled<C>([&]<int c>() {
        const Vec column = load(b + c * right.step + v * kLanes);
        unrolled<R>([&]<int r>() { sum[r][c] += row[r] * column; });
      });
    }
  }
  unrolled<R>([&]<int r>() { sums[r] = horizontal_sums<kLanes, 0>(sum[r]); });
}

}  // namespace
}  // namespace gaussmix::kernels
