// exp2 and log for the E-step, the same algorithm at every level. Coefficients: near-minimax (Chebyshev) fits made with
// 60 digits; truncation is below 2e-17 in both, so what remains is the rounding of the last few operations (under 2 ulp).
#pragma once

#include "kernels/simd.hpp"

namespace gaussmix::kernels {
namespace {

// ln 2 in two parts: n * kLn2High is exact for every exponent n.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 1.9082149292705877e-10;
constexpr double kLn2 = 0.6931471805599453;
// Adding and subtracting 1.5 * 2^52 rounds to an integer and leaves that integer in the low bits.
constexpr double kRound = 6755399441055744.0;

// 2^x for x <= 0; zero below -1020, where the result would leave the normal range.
inline Vec exp2_of_nonpositive(Vec x) {
  const Vec shifted = x + kRound;
  const Vec r = x - (shifted - kRound);
  Vec p = broadcast(4.4549605981865186e-10);
  p = p * r + 7.072585949269223e-09;
  p = p * r + 1.0178062445845774e-07;
  p = p * r + 1.321544258792169e-06;
  p = p * r + 1.525273382983612e-05;
  p = p * r + 1.540353044173605e-04;
  p = p * r + 1.3333558146416936e-03;
  p = p * r + 9.618129107606888e-03;
  p = p * r + 5.55041086648216e-02;
  p = p * r + 2.4022650695910097e-01;
  p = p * r + 6.931471805599453e-01;
  p = p * r + 1.0;
  // Unsigned, because where x is far below -1020 the sum runs over; that lane is thrown away.
  const UnsignedVec bits = reinterpret_cast<UnsignedVec>(p) + (reinterpret_cast<UnsignedVec>(shifted) << 52);
  return x < -1020.0 ? Vec{} : reinterpret_cast<Vec>(bits);
}

// log(x) for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)).
inline Vec log_of_positive(Vec x) {
  const std::int64_t sqrt_half = 0x3fe6a09e667f3bcd;
  const std::int64_t bias = std::int64_t{1024} << 52;  // keeps the number to shift positive
  const IntVec bits = reinterpret_cast<IntVec>(x);
  const IntVec e = ((bits - sqrt_half + bias) >> 52) - 1024;
  const Vec m = reinterpret_cast<Vec>(bits - (e << 52));
  const IntVec round_bits = reinterpret_cast<IntVec>(broadcast(kRound));
  const Vec exponent = reinterpret_cast<Vec>(round_bits + e) - kRound;
  const Vec f = (m - 1.0) / (m + 1.0);
  const Vec t = f * f;
  Vec p = broadcast(6.544017425463777e-02);
  p = p * t + 6.634319184633412e-02;
  p = p * t + 7.693122368368833e-02;
  p = p * t + 9.090897773760569e-02;
  p = p * t + 1.111111119629052e-01;
  p = p * t + 1.428571428539990e-01;
  p = p * t + 2.000000000000044e-01;
  p = p * t + 3.333333333333333e-01;
  const Vec twice = f + f;
  return exponent * kLn2High + (twice + (twice * (t * p) + exponent * kLn2Low));
}

}  // namespace
}  // namespace gaussmix::kernels
