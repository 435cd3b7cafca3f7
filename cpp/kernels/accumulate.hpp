// Responsibilities and rows -> sums about each component's centre (its mean before this pass, so that no offset of the
// data can cancel).
#pragma once

#include "kernels/logits.hpp"

namespace gaussmix::kernels {
namespace {

// The R x C products of scaled rows (first_row ..) and centred rows (first_column ..), lower triangle only.
template <int R, int C>
inline void scatter_tile(const double* scaled, const double* centred, const Block& block, Index first_row,
                         Index first_column, Index out) {
  Vec sum[R][C];
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) sum[r][c] = Vec{};
  const double* column = centred + first_column * block.stride;
  for (Index i = 0; i < block.padded; i += kLanes) {
    Vec left[R];
    for (int r = 0; r < R; ++r) left[r] = load(scaled + r * block.stride + i);
    for (int c = 0; c < C; ++c) {
      const Vec right = load(column + c * block.stride + i);
      for (int r = 0; r < R; ++r) sum[r][c] += left[r] * right;
    }
  }
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c)
      if (first_column + c <= first_row + r)
        block.sums.add(out + packed_size(first_row + r) + first_column + c, sum[r][c]);
}

template <int R>
inline void scatter_rows(const double* scaled, const double* centred, const Block& block, Index first_row, Index out) {
  const Index end = first_row + R;
  Index column = 0;
  for (; column + kTileVectors <= end; column += kTileVectors)
    scatter_tile<R, kTileVectors>(scaled, centred, block, first_row, column, out);
  switch (end - column) {
    case 3: scatter_tile<R, 3>(scaled, centred, block, first_row, column, out); break;
    case 2: scatter_tile<R, 2>(scaled, centred, block, first_row, column, out); break;
    case 1: scatter_tile<R, 1>(scaled, centred, block, first_row, column, out); break;
    default: break;
  }
}

// scaled_r = weight * centred_{first + r}; its sum is the first moment of that feature.
template <int R>
inline void scale_rows(const double* weight, const double* centred, const Block& block, Index first, Index out) {
  Vec sum[R];
  for (int r = 0; r < R; ++r) sum[r] = Vec{};
  for (Index i = 0; i < block.padded; i += kLanes) {
    const Vec w = load(weight + i);
    for (int r = 0; r < R; ++r) {
      const Vec t = w * load(centred + (first + r) * block.stride + i);
      store(block.scaled + r * block.stride + i, t);
      sum[r] += t;
    }
  }
  if (out >= 0)
    for (int r = 0; r < R; ++r) block.sums.add(out + first + r, sum[r]);
}

inline Vec squares_of_row(const double* scaled, const double* centred, const Block& block) {
  Vec sum{};
  for (Index i = 0; i < block.padded; i += kLanes) sum += load(scaled + i) * load(centred + i);
  return sum;
}

inline void accumulate_component(const Task& task, const Layout& layout, Index k, const double* x, const Block& block) {
  const Index n_features = task.density.n_features;
  const double* weight = block.logits + k * block.stride;
  Vec total{};
  for (Index i = 0; i < block.padded; i += kLanes) total += load(weight + i);
  block.sums.add(layout.weight + k, total);

  const double* mean = task.density.means + k * n_features;
  for (Index i = 0; i < block.padded; i += kTile) centre_tile(x + i, block.stride, mean, n_features, block.centred + i);

  const Index out = layout.scatter + k * layout.scatter_size;
  Vec trace{};
  for_row_groups(n_features, [&]<int R>(Index first) {
    scale_rows<R>(weight, block.centred, block, first, layout.sum + k * n_features);
    switch (task.scatter) {
      case Scatter::none: break;
      case Scatter::full: scatter_rows<R>(block.scaled, block.centred, block, first, out); break;
      case Scatter::trace:
      case Scatter::diagonal:
        for (int r = 0; r < R; ++r) {
          const Vec squares =
              squares_of_row(block.scaled + r * block.stride, block.centred + (first + r) * block.stride, block);
          if (task.scatter == Scatter::trace)
            trace += squares;
          else
            block.sums.add(out + first + r, squares);
        }
        break;
    }
  });
  if (task.scatter == Scatter::trace) block.sums.add(out, trace);
}

// Sum of weight * y y^T over the whitened rows, the same for every iteration but for the coordinates.
inline void accumulate_total(const Task& task, const Layout& layout, const Block& block) {
  for_row_groups(task.density.n_features, [&]<int R>(Index first) {
    scale_rows<R>(block.weights, block.whitened, block, first, -1);
    scatter_rows<R>(block.scaled, block.whitened, block, first, layout.total);
  });
}

}  // namespace
}  // namespace gaussmix::kernels
