// The feature form: logits = table x features and sums = responsibilities^T x features, two matrix products that share their
// features. Which features, and what the sums mean, is all that differs between the shapes.
#pragma once

#include "kernels/products.hpp"

namespace gaussmix::kernels {
namespace {

// Whether no row of the block is so far from the centre that products of its coordinates would lose digits.
inline bool within_limit(const RealFeatures& features, Index n_features, const Real* x, Index n_strips) {
  Vec largest{};
  for (Index strip = 0; strip < n_strips; ++strip) {
    Tile square = {};
    for (Index d = 0; d < n_features; ++d, x += kStrip) {
      const Vec centre = broadcast(features.centre[d]), scale = broadcast(features.inverse_scale[d]);
      for (int v = 0; v < kTileVectors; ++v) {
        const Vec t = (load(x + v * kLanes) - centre) * scale;
        square[v] += t * t;
      }
    }
    for (int v = 0; v < kTileVectors; ++v) largest = larger(square[v], largest);
  }
  for (int l = 0; l < kLanes; ++l)  // written so that NaN is beyond the limit
    if (!(static_cast<double>(largest[l]) <= features.limit)) return false;
  return true;
}

// out[v] = f(v) for the vectors of a strip.
template <class F>
inline Real* write_strip(Real* out, F&& f) {
  for (int v = 0; v < kTileVectors; ++v) store(out + v * kLanes, f(v * kLanes));
  return out + kStrip;
}

inline void make_features(const RealDensity& density, const Real* x, Real* out) {
  const Index n_features = density.n_features;
  out = write_strip(out, [](int) { return broadcast(1); });
  const Real* z = out;
  for (Index d = 0; d < n_features; ++d) {
    const Vec centre = broadcast(density.features.centre[d]);
    out = write_strip(out, [&](int v) { return load(x + d * kStrip + v) - centre; });
  }
  if (density.whitener != nullptr) return;
  switch (density.shape) {
    case Shape::spherical:
      write_strip(out, [&](int v) {
        Vec sum{};
        for (Index d = 0; d < n_features; ++d) sum += load(z + d * kStrip + v) * load(z + d * kStrip + v);
        return sum;
      });
      break;
    case Shape::diagonal:
      for (Index d = 0; d < n_features; ++d)
        out = write_strip(out, [&](int v) { return load(z + d * kStrip + v) * load(z + d * kStrip + v); });
      break;
    case Shape::full:
      for (Index i = 0; i < n_features; ++i)
        for (Index j = 0; j <= i; ++j)
          out = write_strip(out, [&](int v) { return load(z + i * kStrip + v) * load(z + j * kStrip + v); });
      break;
    case Shape::factor: break;  // has no such form
  }
}

// One strip, n components: those listed, or the first n if there is no list. The first feature is 1, so the first column of
// the table starts the sums.
GAUSSMIX_TILES void feature_logits(const RealFeatures& features, const std::int32_t* components, Index n,
                                   const Real* strip, Real* logits) {
  for_groups<kTileItems>(n, [&]<int R>(Index first) {
    const Real* row[R];
    Tile sum[R];
    unrolled<R>([&]<int r>() {
      row[r] = features.table + (components != nullptr ? components[first + r] : first + r) * features.size;
      unrolled<kTileVectors>([&]<int v>() { sum[r][v] = broadcast(row[r][0]); });
      ++row[r];
    });
    add_products<R>(row, features.size - 1, strip + kStrip, sum);
    unrolled<R>([&]<int r>() {
      unrolled<kTileVectors>([&]<int v>() {
        store(logits + (first + r) * kStrip + v * kLanes, larger(sum[r][v], broadcast(kLowestRealLogit)));
      });
    });
  });
}

inline Index n_feature_tiles(const RealDensity& density) {
  return round_up(density.features.size, kSumColumns) / kSumColumns *
         (round_up(density.n_components, kSumRows) / kSumRows);
}

// Columns outside, so that their few features stay in the first cache level while all components pass.
inline void accumulate_features(const RealDensity& density, const Block& block, double* sums) {
  const Index size = density.features.size;
  const Panel responsibilities = strips_of(block.logits, density.n_components);
  const Panel features = strips_of(block.features, size);
  for_groups<kSumColumns>(size, [&]<int C>(Index column) {
    for_groups<kSumRows>(density.n_components, [&]<int R>(Index k) {
      block.ahead.step();
      Vec tile[R];
      sum_products<R, C>(responsibilities, k, features, column, block.n_strips, tile);
      unrolled<R>([&]<int r>() { add_unaligned(sums + (k + r) * size + column, tile[r]); });
    });
  });
}

}  // namespace
}  // namespace gaussmix::kernels
