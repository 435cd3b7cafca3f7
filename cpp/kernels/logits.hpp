// Block of rows -> logits of every component. One body per parameter shape.
#pragma once

#include "kernels/block.hpp"

namespace gaussmix::kernels {
namespace {

// y_i = sum_{j <= i} factor_ij z_j for rows i = first .. first + R - 1 of a packed lower triangle, one tile of samples.
template <int R>
inline void triangle_rows(const double* factor, Index first, const double* z, Index stride, Vec (&y)[R][kTileVectors]) {
  const double* row[R];
  for (int r = 0; r < R; ++r) {
    row[r] = factor + packed_size(first + r);
    for (int v = 0; v < kTileVectors; ++v) y[r][v] = Vec{};
  }
  for (Index j = 0; j < first; ++j)
    for (int v = 0; v < kTileVectors; ++v) {
      const Vec zj = load(z + j * stride + v * kLanes);
      for (int r = 0; r < R; ++r) y[r][v] += row[r][j] * zj;
    }
  for (int j = 0; j < R; ++j)
    for (int v = 0; v < kTileVectors; ++v) {
      const Vec zj = load(z + (first + j) * stride + v * kLanes);
      for (int r = j; r < R; ++r) y[r][v] += row[r][first + j] * zj;
    }
}

template <int R>
inline void add_squares(const double* factor, Index first, const double* z, Index stride, Vec (&sum)[kTileVectors]) {
  Vec y[R][kTileVectors];
  triangle_rows<R>(factor, first, z, stride, y);
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kTileVectors; ++v) sum[v] += y[r][v] * y[r][v];
}

template <int R>
inline void store_rows(const double* factor, Index first, const double* z, Index stride, double* out) {
  Vec y[R][kTileVectors];
  triangle_rows<R>(factor, first, z, stride, y);
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kTileVectors; ++v) store(out + (first + r) * stride + v * kLanes, y[r][v]);
}

// Calls f.operator()<R>(first) for the rows 0 .. n - 1, kTileRows at a time.
template <class F>
inline void for_row_groups(Index n, F&& f) {
  static_assert(kTileRows == 4);
  Index first = 0;
  for (; first + 4 <= n; first += 4) f.template operator()<4>(first);
  switch (n - first) {
    case 3: f.template operator()<3>(first); break;
    case 2: f.template operator()<2>(first); break;
    case 1: f.template operator()<1>(first); break;
    default: break;
  }
}

inline void squared_distance_full(const double* z, Index stride, const double* factor, Index n_features,
                                  Vec (&sum)[kTileVectors]) {
  for_row_groups(n_features, [&]<int R>(Index first) { add_squares<R>(factor, first, z, stride, sum); });
}

inline void squared_distance_diagonal(const double* x, Index stride, const double* mean, const double* factor,
                                      Index n_features, Vec (&sum)[kTileVectors]) {
  for (Index d = 0; d < n_features; ++d)
    for (int v = 0; v < kTileVectors; ++v) {
      const Vec t = (load(x + d * stride + v * kLanes) - mean[d]) * factor[d];
      sum[v] += t * t;
    }
}

inline void squared_distance_spherical(const double* x, Index stride, const double* mean, double factor,
                                       Index n_features, Vec (&sum)[kTileVectors]) {
  for (Index d = 0; d < n_features; ++d)
    for (int v = 0; v < kTileVectors; ++v) {
      const Vec t = load(x + d * stride + v * kLanes) - mean[d];
      sum[v] += t * t;
    }
  for (int v = 0; v < kTileVectors; ++v) sum[v] *= factor * factor;
}

inline void centre_tile(const double* x, Index stride, const double* mean, Index n_features, double* z) {
  for (Index d = 0; d < n_features; ++d)
    for (int v = 0; v < kTileVectors; ++v)
      store(z + d * stride + v * kLanes, load(x + d * stride + v * kLanes) - mean[d]);
}

// Replaces the block's coordinates by whitener (x - centre).
inline void whiten(const Density& density, Block& block) {
  const Index n_features = density.n_features;
  for (Index i = 0; i < block.padded; i += kTile) {
    double* z = block.centred + i;
    centre_tile(block.x + i, block.stride, density.whitening_centre, n_features, z);
    for_row_groups(n_features, [&]<int R>(Index first) {
      store_rows<R>(density.whitener, first, z, block.stride, block.whitened + i);
    });
  }
}

inline void compute_logits(const Density& density, const double* x, Block& block) {
  const Index n_features = density.n_features;
  for (Index k = 0; k < density.n_components; ++k) {
    const double* mean = density.means + k * n_features;
    for (Index i = 0; i < block.padded; i += kTile) {
      Vec distance[kTileVectors] = {};
      switch (density.shape) {
        case Shape::spherical:
          squared_distance_spherical(x + i, block.stride, mean, density.factors[k], n_features, distance);
          break;
        case Shape::diagonal:
          squared_distance_diagonal(x + i, block.stride, mean, density.factors + k * n_features, n_features, distance);
          break;
        case Shape::full:
          centre_tile(x + i, block.stride, mean, n_features, block.centred + i);
          squared_distance_full(block.centred + i, block.stride, density.factors + k * packed_size(n_features),
                                n_features, distance);
          break;
      }
      double* out = block.logits + k * block.stride + i;
      for (int v = 0; v < kTileVectors; ++v)
        store(out + v * kLanes, larger(density.log_constants[k] - 0.5 * distance[v], broadcast(kLowestLogit)));
    }
  }
}

}  // namespace
}  // namespace gaussmix::kernels
