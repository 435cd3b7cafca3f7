// A vector of doubles of this level's width. Compiled once per level, so every definition sits in an anonymous namespace.
#pragma once

#include "kernels/interface.hpp"

#if !defined(__GNUC__)
#error "gaussmix needs a compiler with GCC vector extensions: GCC or Clang"
#endif

namespace gaussmix::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 8;
// Vectors of samples and of columns in one register tile: 4 x 4 accumulators and their operands fill 32 registers.
constexpr int kTileVectors = 4;
#elif defined(__AVX__)
constexpr int kLanes = 4;
constexpr int kTileVectors = 2;  // 4 x 2 accumulators: 16 registers
#else
constexpr int kLanes = 2;  // SSE2, NEON, or whatever the compiler makes of it
constexpr int kTileVectors = 2;
#endif
constexpr int kTileRows = 4;                    // rows of a factor handled together
constexpr Index kTile = kTileVectors * kLanes;  // samples in one register tile
constexpr Index kAlignment = 8;                 // every buffer is a multiple of 64 bytes

typedef double Vec __attribute__((vector_size(8 * kLanes), may_alias));
typedef std::int64_t IntVec __attribute__((vector_size(8 * kLanes), may_alias));
typedef std::uint64_t UnsignedVec __attribute__((vector_size(8 * kLanes), may_alias));

inline Vec broadcast(double value) { return Vec{} + value; }
inline Vec load(const double* p) { return *reinterpret_cast<const Vec*>(p); }
inline void store(double* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }  // b when a is NaN

// Pairwise, so that the order does not depend on how the compiler would reduce.
inline double horizontal_sum(Vec v) {
  double s[kLanes];
  for (int i = 0; i < kLanes; ++i) s[i] = v[i];
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) s[i] += s[i + width];
  return s[0];
}

}  // namespace
}  // namespace gaussmix::kernels
