// The centred form: |factor (x - mean)|^2 and sums about each mean. Exact at any distance; every shape has it.
#pragma once

#include "kernels/factor.hpp"

namespace gaussmix::kernels {
namespace {

// Rows of a packed lower triangle that start at `first`: y_r = sum_{j <= first + r} factor_rj z_j over one strip.
template <int R>
inline void triangle_rows(const Real* factor, Index first, const Real* z, Tile (&y)[R]) {
  const Real* row[R];
  unrolled<R>([&]<int r>() {
    row[r] = factor + packed_size(first + r);
    unrolled<kTileVectors>([&]<int v>() { y[r][v] = Vec{}; });
  });
  add_products<R>(row, first, z, y);
  unrolled<R>([&]<int j>() {
    unrolled<kTileVectors>([&]<int v>() {
      const Vec zj = load(z + (first + j) * kStrip + v * kLanes);
      unrolled<R - j>([&]<int r>() { y[j + r][v] += row[j + r][first + j] * zj; });
    });
  });
}

inline void centre_strip(const Real* x, const Real* mean, Index n_features, Real* z) {
  for (Index d = 0; d < n_features; ++d) {
    const Vec m = broadcast(mean[d]);
    for (int v = 0; v < kTileVectors; ++v) store(z + d * kStrip + v * kLanes, load(x + d * kStrip + v * kLanes) - m);
  }
}

GAUSSMIX_TILES void squared_distance_full(const Real* z, const Real* factor, Index n_features, Tile& sum) {
  for_groups<kTileItems>(n_features, [&]<int R>(Index first) {
    Tile y[R];
    triangle_rows<R>(factor, first, z, y);
    unrolled<R>([&]<int r>() { unrolled<kTileVectors>([&]<int v>() { sum[v] += y[r][v] * y[r][v]; }); });
  });
}

// `step` 1: a factor per feature; 0: one for all.
inline void squared_distance_diagonal(const Real* x, const Real* mean, const Real* factor, Index step, Index n_features,
                                      Tile& sum) {
  for (Index d = 0; d < n_features; ++d) {
    const Vec m = broadcast(mean[d]), f = broadcast(factor[d * step]);
    for (int v = 0; v < kTileVectors; ++v) {
      const Vec t = (load(x + d * kStrip + v * kLanes) - m) * f;
      sum[v] += t * t;
    }
  }
}

// One strip; `z` is scratch.
inline void centred_logits(const RealDensity& density, const Real* x, Real* z, Real* logits) {
  const Index n_features = density.n_features;
  for (Index k = 0; k < density.n_components; ++k) {
    const Real* mean = density.means + k * n_features;
    Tile distance = {};
    switch (density.shape) {
      case Shape::spherical: squared_distance_diagonal(x, mean, density.factors + k, 0, n_features, distance); break;
      case Shape::diagonal:
        squared_distance_diagonal(x, mean, density.factors + k * n_features, 1, n_features, distance);
        break;
      case Shape::full:
        centre_strip(x, mean, n_features, z);
        squared_distance_full(z, density.factors + k * packed_size(n_features), n_features, distance);
        break;
      case Shape::factor: {
        const Index n_projections = density.n_projections;
        const Real *factor = density.factors + k * n_features,
                   *projections = density.projections + k * n_projections * n_features;
        centre_strip(x, mean, n_features, z);
        if (density.explained != nullptr) {
          const Real* explained = density.explained + k * (n_features + n_projections) * n_projections;
          add_residual(z, factor, projections, explained, n_projections, n_features, z + n_features * kStrip, distance);
        } else {
          squared_distance_diagonal(x, mean, factor, 1, n_features, distance);
          subtract_projections(z, projections, n_projections, n_features, distance);
        }
        break;
      }
    }
    const Vec constant = broadcast(density.log_constants[k]);
    for (int v = 0; v < kTileVectors; ++v)
      store(logits + k * kStrip + v * kLanes, larger(constant - distance[v], broadcast(kLowestRealLogit)));
  }
}

// Replaces the block's coordinates by whitener (x - centre).
GAUSSMIX_TILES void whiten(const RealDensity& density, const Block& block) {
  const Index n_features = density.n_features;
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    const Index at = strip * n_features * kStrip;
    Real* z = block.centred;
    centre_strip(block.x + at, density.whitening_centre, n_features, z);
    for_groups<kTileItems>(n_features, [&]<int R>(Index first) {
      Tile y[R];
      triangle_rows<R>(density.whitener, first, z, y);
      unrolled<R>([&]<int r>() {
        unrolled<kTileVectors>(
            [&]<int v>() { store(block.whitened + at + (first + r) * kStrip + v * kLanes, y[r][v]); });
      });
    });
  }
}

inline float root_of(float value) { return __builtin_sqrtf(value); }
inline double root_of(double value) { return __builtin_sqrt(value); }

inline Vec square_root(Vec v) {
  Vec out;
  for (int l = 0; l < kLanes; ++l) out[l] = root_of(v[l]);
  return out;
}

// The first n_rows rows and n_columns columns of the lower triangle of sum_i u_i u_i^T over the block; `line(row)` is where a
// row of it is kept. Zeros are added beyond the end of a row: what follows it must be memory, too. By panels of columns that
// stay in the first cache level while all rows pass.
template <class Line>
inline void accumulate_square(const Panel& u, Index n_rows, Index n_columns, const Block& block, Line&& line) {
  const Index width =
      3072 / block.capacity < kSumColumns ? kSumColumns : 3072 / block.capacity / kSumColumns * kSumColumns;
  for (Index panel = 0; panel < n_columns; panel += width)
    for_groups<kSumRows>(n_rows - panel, [&]<int R>(Index below) {
      const Index row = panel + below;
      for_groups<kSumColumns>(n_columns - panel < width ? n_columns - panel : width, [&]<int C>(Index beside) {
        const Index column = panel + beside;
        if (column >= row + R) return;  // above the diagonal
        Vec tile[R];
        sum_products<R, C>(u, row, u, column, block.n_strips, tile);
        for (int r = 0; r < R; ++r) {
          double* out = line(row + r) + column;
          if (row + r >= column + C - 1) {
            add_unaligned(out, tile[r]);
            continue;
          }
          for (int c = 0; c < C && column + c <= row + r; ++c) out[c] += static_cast<double>(tile[r][c]);
        }
      });
    });
}

// u = root (x - mean), and root itself as one more quantity; root squared is the weight of the sample. Then sum u u^T holds
// scatter, and in its last row the first moments. A null mean is zero. Quantity by quantity, not strip by strip: the sums
// run along few quantities and all samples, which for wide rows would be short pieces far apart (D = 256: 1.2 times slower).
inline Panel scale_block(const Real* x, const Real* mean, Index n_features, const Panel& weights, Index k,
                         const Block& block) {
  const Index step = centred_step(block);
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    Real* u = block.centred + strip * kStrip;
    Tile root;
    for (int v = 0; v < kTileVectors; ++v) root[v] = square_root(load(weights.at(k, strip) + v * kLanes));
    for (Index d = 0; d < n_features; ++d, x += kStrip, u += step) {
      const Vec m = broadcast(mean != nullptr ? mean[d] : Real(0));
      for (int v = 0; v < kTileVectors; ++v) store(u + v * kLanes, (load(x + v * kLanes) - m) * root[v]);
    }
    for (int v = 0; v < kTileVectors; ++v) store(u + v * kLanes, root[v]);
  }
  return {block.centred, step, kStrip};
}

// The same with u = root factor (x - mean), through scratch in block.whitened. The root comes first: a row of no weight may lie
// so far out that no factor can reach it.
GAUSSMIX_TILES Panel scale_whitened_block(const RealDensity& density, Index k, const Real* x, const Panel& weights,
                                          const Block& block) {
  const Index n_features = density.n_features, step = centred_step(block);
  const Real* mean = density.means + k * n_features;
  const Real* factor = density.factors + k * packed_size(n_features);
  for (Index strip = 0; strip < block.n_strips; ++strip, x += n_features * kStrip) {
    Real* z = block.whitened;
    Real* u = block.centred + strip * kStrip;
    Tile root;
    for (int v = 0; v < kTileVectors; ++v) {
      root[v] = square_root(load(weights.at(k, strip) + v * kLanes));
      store(u + n_features * step + v * kLanes, root[v]);
    }
    for (Index d = 0; d < n_features; ++d)
      for (int v = 0; v < kTileVectors; ++v)
        store(z + d * kStrip + v * kLanes, (load(x + d * kStrip + v * kLanes) - broadcast(mean[d])) * root[v]);
    for_groups<kTileItems>(n_features, [&]<int R>(Index first) {
      Tile y[R];
      triangle_rows<R>(factor, first, z, y);
      unrolled<R>([&]<int r>() {
        unrolled<kTileVectors>([&]<int v>() { store(u + (first + r) * step + v * kLanes, y[r][v]); });
      });
    });
  }
  return {block.centred, step, kStrip};
}

inline double sum_of(const Panel& panel, Index q, Index n_strips) {
  Vec sum{};
  for (Index strip = 0; strip < n_strips; ++strip)
    for (int v = 0; v < kTileVectors; ++v) sum += load(panel.at(q, strip) + v * kLanes);
  return horizontal_sum(sum);
}

// sum of left_p right_q over the block.
inline double product_of(const Panel& left, Index p, const Panel& right, Index q, Index n_strips) {
  Vec sum{};
  for (Index strip = 0; strip < n_strips; ++strip)
    for (int v = 0; v < kTileVectors; ++v)
      sum += load(left.at(p, strip) + v * kLanes) * load(right.at(q, strip) + v * kLanes);
  return horizontal_sum(sum);
}

inline void accumulate_component(const RealTask& task, const Layout& layout, Index k, const Real* x, const Block& block,
                                 double* sums) {
  const Index n_features = task.density.n_features;
  const Panel weights = strips_of(block.logits, task.density.n_components);
  sums[layout.weight + k] += sum_of(weights, k, block.n_strips);
  const Panel u = task.own_metric ? scale_whitened_block(task.density, k, x, weights, block)
                                  : scale_block(x, task.density.means + k * n_features, n_features, weights, k, block);
  double* first = sums + layout.sum + k * n_features;
  double* scatter = sums + layout.scatter + k * layout.scatter_size;
  if (task.scatter == Scatter::full) {
    accumulate_square(u, n_features + 1, n_features, block,
                      [&](Index row) { return row < n_features ? scatter + packed_size(row) : first; });
    return;
  }
  if (task.scatter == Scatter::factor) {
    accumulate_projections(task.density, k, u, block, first, scatter);
    for (Index d = 0; d < n_features; ++d)
      scatter[d * (task.density.n_projections + 1) + task.density.n_projections] +=
          product_of(u, d, u, d, block.n_strips);
    return;
  }
  for (Index d = 0; d < n_features; ++d) {
    first[d] += product_of(u, d, u, n_features, block.n_strips);
    if (task.scatter == Scatter::none) continue;
    scatter[task.scatter == Scatter::diagonal ? d : 0] += product_of(u, d, u, d, block.n_strips);
  }
}

// Sum of weight * y y^T over the whitened rows, the same for every iteration but for the coordinates.
inline void accumulate_total(const RealDensity& density, const Block& block, double* total) {
  const Panel u = scale_block(block.whitened, nullptr, density.n_features, strips_of(block.weights, 1), 0, block);
  accumulate_square(u, density.n_features, density.n_features, block,
                    [&](Index row) { return total + packed_size(row); });
}

}  // namespace
}  // namespace gaussmix::kernels
