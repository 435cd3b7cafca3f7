// Factor analysers: a covariance Lambda Lambda^T + Psi of D rows and q columns more than a diagonal, at q times the price of
// one. With projections P = M^-1/2 Lambda^T Psi^-1, M = I + Lambda^T Psi^-1 Lambda, |Psi^-1/2 d|^2 - |P d|^2 is the squared
// distance (Sherman, Morrison & Woodbury), and what an M-step needs beside the diagonal is sum r d (P d)^T.
#pragma once

#include "kernels/products.hpp"

namespace gaussmix::kernels {
namespace {

// y_r = sum_j projection_{first + r, j} z_j over one strip, z_j at a distance of `step`.
template <int R>
inline void project_strip(const Real* projections, Index first, Index n_features, const Real* z, Index step,
                          Tile (&y)[R]) {
  const Real* row[R];
  unrolled<R>([&]<int r>() {
    row[r] = projections + (first + r) * n_features;
    unrolled<kTileVectors>([&]<int v>() { y[r][v] = Vec{}; });
  });
  add_products<R>(row, n_features, z, y, step);
}

GAUSSMIX_TILES void subtract_projections(const Real* z, const Real* projections, Index n_projections, Index n_features,
                                         Tile& sum) {
  for_groups<kTileItems>(n_projections, [&]<int R>(Index first) {
    Tile y[R];
    project_strip<R>(projections, first, n_features, z, kStrip, y);
    unrolled<R>([&]<int r>() { unrolled<kTileVectors>([&]<int v>() { sum[v] -= y[r][v] * y[r][v]; }); });
  });
}

// The same distance, |Psi^-1/2 d - X M^-1/2 y|^2 + |M^-1/2 y|^2 with X = Psi^-1/2 Lambda and y = P d: what the factors leave,
// and the factors. Half as much work again, but a sum of squares: where there is next to no noise, as in Heywood cases, the
// other is a difference of numbers 1e8 times as large. `y` is scratch.
GAUSSMIX_TILES void add_residual(const Real* z, const Real* factor, const Real* projections, const Real* explained,
                                 Index n_projections, Index n_features, Real* y, Tile& sum) {
  for_groups<kTileItems>(n_projections, [&]<int R>(Index first) {
    Tile part[R];
    project_strip<R>(projections, first, n_features, z, kStrip, part);
    unrolled<R>([&]<int r>() {
      unrolled<kTileVectors>([&]<int v>() { store(y + (first + r) * kStrip + v * kLanes, part[r][v]); });
    });
  });
  for_groups<kTileItems>(n_features + n_projections, [&]<int R>(Index first) {
    const Real* row[R];
    Tile rest[R];
    unrolled<R>([&]<int r>() {
      const Index d = first + r;
      row[r] = explained + d * n_projections;
      unrolled<kTileVectors>([&]<int v>() {
        rest[r][v] = d < n_features ? broadcast(factor[d]) * load(z + d * kStrip + v * kLanes) : Vec{};
      });
    });
    add_products<R>(row, n_projections, y, rest);
    unrolled<R>([&]<int r>() { unrolled<kTileVectors>([&]<int v>() { sum[v] += rest[r][v] * rest[r][v]; }); });
  });
}

// Behind the rows u = root (x - mean) and root: the projections of u.
GAUSSMIX_TILES void project_block(const RealDensity& density, Index k, const Panel& u, Real* out, Index n_strips) {
  const Index n_features = density.n_features, n_projections = density.n_projections;
  const Real* projections = density.projections + k * n_projections * n_features;
  for (Index strip = 0; strip < n_strips; ++strip)
    for_groups<kTileItems>(n_projections, [&]<int R>(Index first) {
      Tile y[R];
      project_strip<R>(projections, first, n_features, u.at(0, strip), u.step, y);
      unrolled<R>([&]<int r>() {
        unrolled<kTileVectors>(
            [&]<int v>() { store(out + (first + r) * u.step + strip * u.strip_step + v * kLanes, y[r][v]); });
      });
    });
}

// Every feature times the root, which is the first moment, and times the projections: `scatter` has room for one number more
// per feature.
inline void accumulate_projections(const RealDensity& density, Index k, const Panel& u, const Block& block,
                                   double* first, double* scatter) {
  const Index n_features = density.n_features, line = density.n_projections + 1;
  project_block(density, k, u, block.centred + (n_features + 1) * u.step, block.n_strips);
  for_groups<kSumRows>(n_features, [&]<int R>(Index row) {
    for_groups<kSumColumns>(line, [&]<int C>(Index column) {
      Vec tile[R];
      sum_products<R, C>(u, row, u, n_features + column, block.n_strips, tile);
      for (int r = 0; r < R; ++r)
        for (int c = 0; c < C; ++c) {
          const Index at = column + c;
          (at == 0 ? first[row + r] : scatter[(row + r) * line + at - 1]) += static_cast<double>(tile[r][c]);
        }
    });
  });
}

}  // namespace
}  // namespace gaussmix::kernels
