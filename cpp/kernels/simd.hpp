// A vector of numbers of this level's width. Compiled twice per level, the second time with GAUSSMIX_SINGLE_PRECISION, so every
// definition sits in an anonymous namespace.
#pragma once

#include "kernels/interface.hpp"

#if !defined(__GNUC__)
#error "gaussmix needs a compiler with GCC vector extensions: GCC or Clang"
#endif

namespace gaussmix::kernels {
namespace {

// A register tile multiplies kTileVectors vectors of samples by up to kTileItems numbers or vectors of the other operand:
// 4 x 6 accumulators and their operands fill the 32 registers of AVX-512, 2 x 6 the 16 of the levels below.
#if defined(__AVX512F__)
constexpr int kVectorSize = 64;
constexpr int kTileVectors = 4;
#elif defined(__AVX__)
constexpr int kVectorSize = 32;
constexpr int kTileVectors = 2;
#else
constexpr int kVectorSize = 16;  // SSE2, NEON, or whatever the compiler makes of it
constexpr int kTileVectors = 2;
#endif
constexpr int kTileItems = 6;

#if defined(GAUSSMIX_SINGLE_PRECISION)
using Real = float;
using Integer = std::int32_t;
using Unsigned = std::uint32_t;
#else
using Real = double;
using Integer = std::int64_t;
using Unsigned = std::uint64_t;
#endif
constexpr int kLanes = kVectorSize / static_cast<int>(sizeof(Real));
constexpr int kWideLanes = kVectorSize / 8;      // of doubles
constexpr Index kStrip = kTileVectors * kLanes;  // samples in one register tile
constexpr Index kAlignment = 64 / sizeof(Real);  // every buffer is a multiple of 64 bytes

typedef Real Vec __attribute__((vector_size(kVectorSize), may_alias));
typedef Integer IntVec __attribute__((vector_size(kVectorSize), may_alias));
typedef Unsigned UnsignedVec __attribute__((vector_size(kVectorSize), may_alias));
typedef double UnalignedWideVec __attribute__((vector_size(kVectorSize), may_alias, aligned(8)));
typedef Vec Tile[kTileVectors];  // one number per sample of a strip

// For functions with tiles of sums: whatever they call is inlined, because a call would put the tiles into memory.
#define GAUSSMIX_TILES [[gnu::flatten]] inline

using RealTask = BasicTask<Real>;
using RealDensity = BasicDensity<Real>;
using RealFeatures = BasicFeatures<Real>;

// A logit of minus infinity would turn into NaN as soon as two of them are subtracted.
constexpr Real kLowestRealLogit = sizeof(Real) == 4 ? Real(-1e30) : Real(kLowestLogit);

// Not Vec{} + value, which is an operation, because it turns -0 into 0.
inline Vec broadcast(Real value) { return value - Vec{}; }
inline Vec load(const Real* p) { return *reinterpret_cast<const Vec*>(p); }
inline void store(Real* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }  // b when a is NaN

inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

// The size in doubles of a multiple of kAlignment numbers.
inline Index doubles(Index n) { return n * Index{sizeof(Real)} / 8; }

// Pairwise, so that the order does not depend on how the compiler would reduce.
inline double horizontal_sum(Vec v) {
  double s[kLanes];
  for (int i = 0; i < kLanes; ++i) s[i] = static_cast<double>(v[i]);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) s[i] += s[i + width];
  return s[0];
}

// Calls f.operator()<size>(), 1 <= size <= M, for a size known only at run time.
template <int M, class F>
inline void with_size(Index size, F&& f) {
  if constexpr (M > 0) {
    if (size == M)
      f.template operator()<M>();
    else
      with_size<M - 1>(size, f);
  }
}

// f.operator()<0>(), ..., f.operator()<N - 1>(): a loop unrolled before anything else happens. Arrays of vectors that are
// subscripted in loops the compiler unrolls late are kept in memory: for tiles of sums that cost up to a third of the time.
template <int N, class F>
inline void unrolled(F&& f) {
  if constexpr (N > 0) {
    unrolled<N - 1>(f);
    f.template operator()<N - 1>();
  }
}

// Cuts n items into groups of at most M, as even as can be, and calls f.operator()<size>(first) for each: two register tiles
// of 4 beat one of 6 and one of 2.
template <int M, class F>
inline void for_groups(Index n, F&& f) {
  for (Index first = 0, n_groups = (n + M - 1) / M; n_groups > 0; --n_groups) {
    const Index size = (n - first) / n_groups;
    with_size<M>(size, [&]<int R>() { f.template operator()<R>(first); });
    first += size;
  }
}

}  // namespace
}  // namespace gaussmix::kernels
