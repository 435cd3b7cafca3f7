// Counter-based random numbers: the value is a function of (seed, stream, counter), so any row can be drawn by any thread
// and the result does not depend on how many there are. Mixing: SplitMix64's finaliser (Steele, Lea & Flood 2014).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace gaussmix {

// Streams are numbers that callers share: sampling takes the upper half, so that data drawn from a seed and a fit started
// from the same seed have nothing in common.
constexpr std::uint64_t kSamplingStreams = std::uint64_t{1} << 63;

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) : key_(mix(mix(seed) ^ (stream * kGamma + kGamma))) {}

  std::uint64_t bits(std::uint64_t counter) const { return mix(key_ + counter * kGamma); }

  // In [0, 1), 53 bits.
  double uniform(std::uint64_t counter) const { return static_cast<double>(bits(counter) >> 11) * 0x1p-53; }

  // In {0, ..., n - 1}; the bias is below n / 2^53.
  std::int64_t below(std::uint64_t counter, std::int64_t n) const {
    const auto i = static_cast<std::int64_t>(uniform(counter) * static_cast<double>(n));
    return i < n ? i : n - 1;
  }

  // Two independent standard normals from counters 2i and 2i + 1 (Box & Muller 1958).
  std::pair<double, double> normals(std::uint64_t i) const {
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform(2 * i)));
    const double angle = 2.0 * std::numbers::pi * uniform(2 * i + 1);
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15u;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t key_;
};

}  // namespace gaussmix
