// exp2 and log for the E-step. Coefficients: near-minimax (Chebyshev) fits made with 60 digits; truncation is below 2e-17 in
// both (2e-9 in single precision), so what remains is the rounding of the last few operations (under 2 ulp).
#pragma once

#include "kernels/simd.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace gaussmix::kernels {
namespace {

constexpr double kLn2 = 0.6931471805599453;

#if defined(GAUSSMIX_SINGLE_PRECISION)
constexpr int kMantissaBits = 23;
constexpr Real kSmallestExponent = -126;
constexpr Integer kSqrtHalf = 0x3f3504f3;
// ln 2 in two parts: n * kLn2High is exact for every exponent n.
constexpr Real kLn2High = 0x1.62ep-1f;
constexpr Real kLn2Low = 3.1946183e-05f;
constexpr int kTableBits = 0;
constexpr Real kExp2[] = {1.54614447e-04f, 1.34004282e-03f, 9.61805668e-03f,
                          5.55032723e-02f, 2.40226509e-01f, 6.93147207e-01f};
constexpr Real kAtanh[] = {1.16652336e-01f, 1.42754104e-01f, 2.00000609e-01f, 3.33333333e-01f};
#else
constexpr int kMantissaBits = 52;
constexpr Real kSmallestExponent = -1020;
constexpr Integer kSqrtHalf = 0x3fe6a09e667f3bcd;
constexpr Real kLn2High = 0x1.62e42feep-1;
constexpr Real kLn2Low = 1.9082149292705877e-10;
#if defined(__AVX512F__)
// One instruction looks up a table of sixteen; the polynomial is shorter by five terms.
constexpr int kTableBits = 4;
constexpr Real kExp2[] = {1.5403723980749256e-04, 1.3333781576784268e-03, 9.618129106919537e-03,
                          5.55041086566393e-02,   2.4022650695910075e-01, 6.931471805599457e-01};
#else
constexpr int kTableBits = 0;
constexpr Real kExp2[] = {4.4549605981865186e-10, 7.072585949269223e-09,  1.0178062445845774e-07, 1.321544258792169e-06,
                          1.525273382983612e-05,  1.540353044173605e-04,  1.3333558146416936e-03, 9.618129107606888e-03,
                          5.55041086648216e-02,   2.4022650695910097e-01, 6.931471805599453e-01};
#endif
constexpr Real kAtanh[] = {6.544017425463777e-02, 6.634319184633412e-02, 7.693122368368833e-02, 9.090897773760569e-02,
                           1.111111119629052e-01, 1.428571428539990e-01, 2.000000000000044e-01, 3.333333333333333e-01};
#endif
// Adding and subtracting 1.5 * 2^kMantissaBits rounds to an integer and leaves that integer in the low bits.
constexpr Real kRound = static_cast<Real>(Integer{3} << (kMantissaBits - 1));
// The same for multiples of 2^-kTableBits.
constexpr Real kTableRound = kRound / (1 << kTableBits);

template <int N>
inline Vec polynomial(const Real (&coefficients)[N], Vec x) {
  Vec p = broadcast(coefficients[0]);
  for (int i = 1; i < N; ++i) p = p * x + coefficients[i];
  return p;
}

// 2^(n / 2^kTableBits), n in the low bits of `bits`. The table holds these powers for 0 <= n < 2^kTableBits, less what
// adding n to the exponent brings too much.
inline Vec power_of_two(UnsignedVec bits) {
#if defined(__AVX512F__) && !defined(GAUSSMIX_SINGLE_PRECISION)
  const UnsignedVec low = {0x3ff0000000000000, 0x3fefb5586cf9890f, 0x3fef72b83c7d517b, 0x3fef387a6e756238,
                           0x3fef06fe0a31b715, 0x3feedea64c123422, 0x3feebfdad5362a27, 0x3feeab07dd485429};
  const UnsignedVec high = {0x3feea09e667f3bcd, 0x3feea11473eb0187, 0x3feeace5422aa0db, 0x3feec49182a3f090,
                            0x3feee89f995ad3ad, 0x3fef199bdd85529c, 0x3fef5818dcfba487, 0x3fefa4afa2a490da};
  const UnsignedVec table = reinterpret_cast<UnsignedVec>(_mm512_permutex2var_epi64(
      reinterpret_cast<__m512i>(low), reinterpret_cast<__m512i>(bits), reinterpret_cast<__m512i>(high)));
#else
  const UnsignedVec table = reinterpret_cast<UnsignedVec>(broadcast(1));
#endif
  // Unsigned, because far below the normal range the sum runs over; that lane is thrown away.
  return reinterpret_cast<Vec>(table + (bits << (kMantissaBits - kTableBits)));
}

// 2^x for x <= 0; zero below kSmallestExponent, where the result would leave the normal range. A tile at once, because each
// vector is a chain of some twenty dependent operations.
GAUSSMIX_TILES void exp2_of_nonpositive(Tile& x) {
  UnsignedVec bits[kTileVectors];
  Tile r, p;
  unrolled<kTileVectors>([&]<int v>() {
    const Vec shifted = x[v] + kTableRound;
    bits[v] = reinterpret_cast<UnsignedVec>(shifted);
    r[v] = x[v] - (shifted - kTableRound);
    p[v] = broadcast(kExp2[0]);
  });
  constexpr int n_terms = sizeof kExp2 / sizeof kExp2[0];
  unrolled<n_terms - 1>([&]<int j>() { unrolled<kTileVectors>([&]<int v>() { p[v] = p[v] * r[v] + kExp2[j + 1]; }); });
  unrolled<kTileVectors>([&]<int v>() {
    const Vec power = power_of_two(bits[v]);
    const Vec y = power + power * (r[v] * p[v]);
    x[v] = x[v] < kSmallestExponent ? Vec{} : y;
  });
}

// log(x) for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)).
inline Vec log_of_positive(Vec x) {
  constexpr Integer bias = sizeof(Real) == 4 ? 128 : 1024;  // keeps the number to shift positive
  const IntVec bits = reinterpret_cast<IntVec>(x);
  const IntVec e = ((bits - kSqrtHalf + (bias << kMantissaBits)) >> kMantissaBits) - bias;
  const Vec m = reinterpret_cast<Vec>(bits - (e << kMantissaBits));
  const IntVec round_bits = reinterpret_cast<IntVec>(broadcast(kRound));
  const Vec exponent = reinterpret_cast<Vec>(round_bits + e) - kRound;
  const Vec f = (m - 1) / (m + 1);
  const Vec t = f * f;
  const Vec twice = f + f;
  return exponent * kLn2High + (twice + (twice * (t * polynomial(kAtanh, t)) + exponent * kLn2Low));
}

}  // namespace
}  // namespace gaussmix::kernels
