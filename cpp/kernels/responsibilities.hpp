// Logits -> responsibilities times row weight, in place, and the weighted log-likelihood of the block.
#pragma once

#include "kernels/block.hpp"
#include "kernels/exp_log.hpp"

namespace gaussmix::kernels {
namespace {

inline Vec largest_logit(const double* logits, Index stride, Index n_components) {
  Vec largest = load(logits);
  for (Index k = 1; k < n_components; ++k) largest = larger(largest, load(logits + k * stride));
  return largest;
}

struct Likelihood {
  Vec log_likelihood;
  Vec certainty;  // sum of weight * log max_k r_k, at most 0
};

// log p(x) per row goes to `log_density` (stride long); returns the weighted sums.
inline Likelihood softmax(Index n_components, Block& block, double* log_density) {
  Likelihood total{};
  for (Index i = 0; i < block.padded; i += kLanes) {
    double* logits = block.logits + i;
    const Vec largest = largest_logit(logits, block.stride, n_components);
    Vec sum{};
    for (Index k = 0; k < n_components; ++k) {
      const Vec e = exp_of_nonpositive(load(logits + k * block.stride) - largest);
      store(logits + k * block.stride, e);
      sum += e;
    }
    const Vec weight = load(block.weights + i);
    const Vec scale = weight / sum;
    for (Index k = 0; k < n_components; ++k) store(logits + k * block.stride, load(logits + k * block.stride) * scale);
    const Vec log_sum = log_of_positive(sum);  // the largest responsibility is 1 / sum
    const Vec row = largest + log_sum;
    store(log_density + i, row);
    total.log_likelihood += weight * row;
    total.certainty -= weight * log_sum;
  }
  return total;
}

// All of the row's weight to its best component, the first one where several tie. Returns the sum of the best logits.
inline Likelihood harden(Index n_components, Block& block, double* log_density) {
  Likelihood total{};
  for (Index i = 0; i < block.padded; i += kLanes) {
    double* logits = block.logits + i;
    const Vec largest = largest_logit(logits, block.stride, n_components);
    const Vec weight = load(block.weights + i);
    Vec remaining = weight;
    for (Index k = 0; k < n_components; ++k) {
      const Vec share = load(logits + k * block.stride) == largest ? remaining : Vec{};
      store(logits + k * block.stride, share);
      remaining -= share;
    }
    store(log_density + i, largest);
    total.log_likelihood += weight * largest;
  }
  return total;
}

inline void copy_given(const double* given, Index n_components, Index begin, Block& block) {
  for (Index k = 0; k < n_components; ++k) {
    double* out = block.logits + k * block.stride;
    for (Index i = 0; i < block.padded; ++i)
      out[i] = i < block.rows ? given[(begin + i) * n_components + k] * block.weights[i] : 0.0;
  }
}

}  // namespace
}  // namespace gaussmix::kernels
