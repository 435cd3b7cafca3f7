// The user's rows, borrowed: n x D row-major, float32 or float64, with an optional weight per row.
#pragma once

#include "base/types.hpp"
#include "kernels/interface.hpp"

namespace gaussmix {

struct Data {
  const void* x = nullptr;
  bool single_precision = false;
  const double* weights = nullptr;
  Index n_rows = 0;
  Index n_features = 0;
  const double* origin = nullptr;  // D: values are relative to it; null: as they are

  kernels::Rows rows() const { return {x, single_precision, weights, nullptr, origin}; }
  double weight(Index i) const { return weights != nullptr ? weights[i] : 1.0; }
  double value(Index i, Index d) const {
    const Index at = i * n_features + d;
    const double value =
        single_precision ? static_cast<double>(static_cast<const float*>(x)[at]) : static_cast<const double*>(x)[at];
    return origin != nullptr ? value - origin[d] : value;
  }
  // The origin is borrowed, too.
  Data relative_to(const Vector& point) const {
    Data moved = *this;
    moved.origin = (point.array() == 0).all() ? nullptr : point.data();
    return moved;
  }
  // Rows begin .. begin + n - 1.
  Data slice(Index begin, Index n) const {
    const Index at = begin * n_features;
    Data part = *this;
    part.x = single_precision ? static_cast<const void*>(static_cast<const float*>(x) + at)
                              : static_cast<const void*>(static_cast<const double*>(x) + at);
    part.weights = weights != nullptr ? weights + begin : nullptr;
    part.n_rows = n;
    return part;
  }
};

// The same rows with weights divided by a power of two near the largest, so that no sum, square or product of weights with
// anything the engine squares leaves the range of float64: a common factor is no part of the estimate. What is a sum over
// weights, likelihoods above all, is the caller's after multiplication by `unit`, which is at least `smallest_unit`.
class NormalisedWeights {
 public:
  explicit NormalisedWeights(const Data& data, double smallest_unit = 0);
  NormalisedWeights(const NormalisedWeights&) = delete;
  NormalisedWeights& operator=(const NormalisedWeights&) = delete;

  const Data& data() const { return data_; }
  double unit() const { return unit_; }

 private:
  std::vector<double> weights_;
  Data data_;
  double unit_ = 1;
};

// Frequency weights: n_effective = (sum w)^2 / sum w^2 (Kish 1965) is what thresholds use.
struct WeightTotals {
  double weight = 0;
  double n_effective = 0;
  Index n_rows = 0;  // of positive weight
};

WeightTotals weight_totals(const Data& data);

}  // namespace gaussmix
