// Logits of a strip -> responsibilities times row weight, in place, and the weighted log-likelihood.
#pragma once

#include "kernels/block.hpp"
#include "kernels/exp_log.hpp"

namespace gaussmix::kernels {
namespace {

struct Likelihood {
  Vec log_likelihood{};
  Vec certainty{};  // sum of weight * log max_k r_k, at most 0
};

inline Vec largest_logit(const double* logits, Index n_components) {
  Vec largest = load(logits);
  for (Index k = 1; k < n_components; ++k) largest = larger(largest, load(logits + k * kStrip));
  return largest;
}

// log p(x) per row goes to `log_density`.
inline void softmax(Index n_components, double* strip, const double* weights, double* log_density, Likelihood& total) {
  for (int v = 0; v < kStrip; v += kLanes) {
    double* logits = strip + v;
    const Vec largest = largest_logit(logits, n_components);
    Vec sum{};
    for (Index k = 0; k < n_components; ++k) {
      const Vec e = exp2_of_nonpositive(load(logits + k * kStrip) - largest);
      store(logits + k * kStrip, e);
      sum += e;
    }
    const Vec weight = load(weights + v);
    const Vec scale = weight / sum;
    for (Index k = 0; k < n_components; ++k) store(logits + k * kStrip, load(logits + k * kStrip) * scale);
    const Vec log_sum = log_of_positive(sum);  // the largest responsibility is 1 / sum
    const Vec row = largest * kLn2 + log_sum;
    store(log_density + v, row);
    total.log_likelihood += weight * row;
    total.certainty -= weight * log_sum;
  }
}

// All of the row's weight to its best component, the first one where several tie; `log_density` is then the best logit.
inline void harden(Index n_components, double* strip, const double* weights, double* log_density, Likelihood& total) {
  for (int v = 0; v < kStrip; v += kLanes) {
    double* logits = strip + v;
    const Vec largest = largest_logit(logits, n_components);
    const Vec weight = load(weights + v);
    Vec remaining = weight;
    for (Index k = 0; k < n_components; ++k) {
      const Vec share = load(logits + k * kStrip) == largest ? remaining : Vec{};
      store(logits + k * kStrip, share);
      remaining -= share;
    }
    store(log_density + v, largest * kLn2);
    total.log_likelihood += weight * largest * kLn2;
  }
}

inline void copy_given(const double* given, Index n_components, Index begin, const Block& block) {
  for (Index i = 0; i < block.n_strips * kStrip; ++i) {
    double* out = block.logits + i / kStrip * n_components * kStrip + i % kStrip;
    for (Index k = 0; k < n_components; ++k)
      out[k * kStrip] = i < block.rows ? given[(begin + i) * n_components + k] * block.weights[i] : 0.0;
  }
}

}  // namespace
}  // namespace gaussmix::kernels
