#include "em/gain_series.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

// Gains that grow promise no finite sum. This ratio stands for theirs, and what it promises is meant as a lower bound.
constexpr double kOfGrowing = 0.99;
constexpr double kLargestRatio = 0.9999;

// Of a second series there is too little to tell from rounding where the determinant is a smaller share of its terms.
constexpr double kOneSeries = 1e-3;

}  // namespace

void GainSeries::add(double gain) {
  std::rotate(gains_.begin(), gains_.begin() + 1, gains_.end());
  gains_.back() = gain;
}

GainSeries::Forecast GainSeries::of_one_series() const {
  if (!(last() > 0) || std::isnan(gains_[2])) return {};
  const double a = ratio();
  const double bounded = a > 0 && a < 1 ? std::min(a, kLargestRatio) : kOfGrowing;
  const double gain = last() * bounded / (1 - bounded);
  return {gain, gain * bounded, a};
}

// Two series obey g[i + 2] = p g[i + 1] + q g[i]; their ratios are the roots of x^2 = p x + q.
GainSeries::Forecast GainSeries::forecast(double least) const {
  const auto& g = gains_;
  Forecast one = of_one_series();
  if (last() < least) return one;
  const double determinant = g[1] * g[1] - g[0] * g[2];
  if (!(std::abs(determinant) > kOneSeries * g[1] * g[1])) return one;
  const double p = (g[1] * g[2] - g[0] * g[3]) / determinant, q = (g[1] * g[3] - g[2] * g[2]) / determinant;
  const double discriminant = p * p + 4 * q;
  if (!(discriminant >= 0)) return one;  // nan as well
  const double slowest = (p + std::sqrt(discriminant)) / 2;
  const double next = p * g[3] + q * g[2], left = (next + q * g[3]) / (1 - p - q);
  if (slowest > 0 && slowest < 1 && left > next && next > 0 && std::isfinite(left)) return {left, left - next, slowest};
  if (slowest >= 1 && one.gain > 0) one.ratio = slowest;
  return one;
}

}  // namespace gaussmix
