// Operations across the lanes of vectors.
#pragma once

#include "kernels/simd.hpp"

namespace gaussmix::kernels {
namespace {

// Adds the first kWideLanes lanes of v.
inline void add_unaligned(double* p, Vec v) {
#if defined(GAUSSMIX_SINGLE_PRECISION)
  typedef Real Half __attribute__((vector_size(kVectorSize / 2)));
  Half low;
  __builtin_memcpy(&low, &v, sizeof low);
  *reinterpret_cast<UnalignedWideVec*>(p) += __builtin_convertvector(low, UnalignedWideVec);
#else
  *reinterpret_cast<UnalignedWideVec*>(p) += v;
#endif
}

// Both folded in half over a distance of W lanes, then interleaved: lanes of a where l % (2 W) < W, else lanes of b.
template <int W, int... L>
inline Vec fold(Vec a, Vec b) {
  constexpr int l = sizeof...(L);
  if constexpr (l < kLanes) {
    return fold<W, L..., l>(a, b);
  } else {
    const Vec low = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L : L - W + kLanes)...);
    const Vec high = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L + W : L + kLanes)...);
    return low + high;
  }
}

// Lane c is the horizontal sum of a[First + c], zero from C on: a transposition and an addition in one, 21 operations for 8
// vectors of 8 lanes.
template <int W, int First, int C>
inline Vec horizontal_sums(const Vec (&a)[C]) {
  if constexpr (First >= C)
    return Vec{};
  else if constexpr (W == 1)
    return a[First];
  else
    return fold<W / 2>(horizontal_sums<W / 2, First>(a), horizontal_sums<W / 2, First + W / 2>(a));
}

// Exchanges, at a distance of W lanes, what lies above the diagonal of a 2 x 2 square with what lies below.
template <int W, int... L>
inline void exchange(Vec& a, Vec& b) {
  constexpr int l = sizeof...(L);
  if constexpr (l < kLanes) {
    exchange<W, L..., l>(a, b);
  } else {
    const Vec low = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L : L - W + kLanes)...);
    b = __builtin_shufflevector(a, b, (L % (2 * W) < W ? L + W : L + kLanes)...);
    a = low;
  }
}

template <int W>
inline void transpose_square(Vec (&a)[kLanes]) {
  if constexpr (W > 0) {
    for (int i = 0; i < kLanes; ++i)
      if (i % (2 * W) < W) exchange<W>(a[i], a[i + W]);
    transpose_square<W / 2>(a);
  }
}

}  // namespace
}  // namespace gaussmix::kernels
