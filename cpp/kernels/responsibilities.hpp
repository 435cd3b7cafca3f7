// Logits of a strip -> responsibilities times row weight, in place, and the weighted log-likelihood.
#pragma once

#include "kernels/block.hpp"
#include "kernels/exp_log.hpp"

namespace gaussmix::kernels {
namespace {

struct Likelihood {
  Vec log_likelihood{};
  Vec certainty{};  // sum of weight * log max_k r_k, at most 0
  Vec lowest{};     // smallest over the rows of their largest logit, or 0
};

// Logits of single precision are good to 2^-24 of their size, and the largest of a row should be good to 1e-4.
constexpr double kLowestSingleLogit = -2048;

inline bool digits_suffice(const Likelihood& likelihood) {
  if (sizeof(Real) == 8) return true;
  for (int l = 0; l < kLanes; ++l)
    if (!(static_cast<double>(likelihood.lowest[l]) >= kLowestSingleLogit)) return false;
  return true;
}

// All vectors of the strip side by side: each is a chain of dependent operations.
inline void largest_logits(const Real* logits, Index n_components, Tile& largest) {
  for (int v = 0; v < kTileVectors; ++v) largest[v] = load(logits + v * kLanes);
  for (Index k = 1; k < n_components; ++k)
    for (int v = 0; v < kTileVectors; ++v) largest[v] = larger(largest[v], load(logits + k * kStrip + v * kLanes));
}

// log p(x) per row goes to `log_density`.
inline void softmax(Index n_components, Real* logits, const Real* weights, Real* log_density, Likelihood& total) {
  Tile largest, sum = {}, scale;
  largest_logits(logits, n_components, largest);
  for (Index k = 0; k < n_components; ++k) {
    Real* p = logits + k * kStrip;
    Tile e;
    unrolled<kTileVectors>([&]<int v>() { e[v] = load(p + v * kLanes) - largest[v]; });
    exp2_of_nonpositive(e);
    unrolled<kTileVectors>([&]<int v>() {
      store(p + v * kLanes, e[v]);
      sum[v] += e[v];
    });
  }
  for (int v = 0; v < kTileVectors; ++v) scale[v] = load(weights + v * kLanes) / sum[v];
  for (Index k = 0; k < n_components; ++k)
    for (int v = 0; v < kTileVectors; ++v) {
      Real* p = logits + k * kStrip + v * kLanes;
      store(p, load(p) * scale[v]);
    }
  for (int v = 0; v < kTileVectors; ++v) {
    const Vec weight = load(weights + v * kLanes);
    const Vec log_sum = log_of_positive(sum[v]);  // the largest responsibility is 1 / sum
    const Vec row = largest[v] * Real(kLn2) + log_sum;
    store(log_density + v * kLanes, row);
    total.log_likelihood += weight * row;
    total.certainty -= weight * log_sum;
    if (sizeof(Real) == 4) total.lowest = largest[v] < total.lowest ? largest[v] : total.lowest;
  }
}

// Logits of a centre are negative squares. Those of a row half way between two centres differ by their rounding, which is another
// one in other units.
constexpr Real kTied = Real(1 + 1e-10);

// All of the row's weight to its best component, the first one where several tie: as a share in the logits, and as a number in
// `best`. `log_density` is then the best logit.
inline void harden(Index n_components, Real* logits, const Real* weights, Real* best, Real* log_density,
                   Likelihood& total) {
  Tile largest;
  largest_logits(logits, n_components, largest);
  for (int v = 0; v < kTileVectors; ++v) {
    const Vec weight = load(weights + v * kLanes);
    Vec label = broadcast(Real(-1));
    for (Index k = 0; k < n_components; ++k) {
      Real* p = logits + k * kStrip + v * kLanes;
      const IntVec mine = (load(p) >= kTied * largest[v]) & (label < Real(0));
      label = mine ? broadcast(static_cast<Real>(k)) : label;
      store(p, mine ? weight : Vec{});
    }
    store(best + v * kLanes, label);
    store(log_density + v * kLanes, largest[v] * Real(kLn2));
    total.log_likelihood += weight * largest[v] * Real(kLn2);
  }
}

inline void copy_given(const double* given, Index n_components, Index begin, const Block& block) {
  for (Index i = 0; i < block.n_strips * kStrip; ++i) {
    Real* out = block.logits + i / kStrip * n_components * kStrip + i % kStrip;
    for (Index k = 0; k < n_components; ++k)
      out[k * kStrip] =
          i < block.rows ? static_cast<Real>(given[(begin + i) * n_components + k]) * block.weights[i] : 0;
  }
}

}  // namespace
}  // namespace gaussmix::kernels
