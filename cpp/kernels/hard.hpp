// Sums under hard assignments of many components: each row adds to one component, row by row as the data lie, instead of
// passing all components over the block for the one that takes the row.
#pragma once

#include "kernels/responsibilities.hpp"

namespace gaussmix::kernels {
namespace {

// With no more components than this all of them pass, which takes no longer at D = 2 and is as fast as vectors are.
constexpr Index kFewComponents = 6;

// `z` is scratch, D long.
template <class T>
inline void add_row(const RealTask& task, const Layout& layout, const T* row, double weight, Index k,
                    Real* __restrict__ z, double* __restrict__ sums) {
  const Index n_features = task.density.n_features;
  const Real* mean = task.density.means + k * n_features;
  double* first = sums + layout.sum + k * n_features;
  double* scatter = sums + layout.scatter + k * layout.scatter_size;
  sums[layout.weight + k] += weight;
  for (Index i = 0; i < n_features; ++i) z[i] = static_cast<Real>(row[i]);
  if (task.rows.origin != nullptr)
    for (Index i = 0; i < n_features; ++i) z[i] -= static_cast<Real>(task.rows.origin[i]);
  for (Index i = 0; i < n_features; ++i) {
    z[i] -= mean[i];
    first[i] += weight * z[i];
  }
  switch (task.scatter) {
    case Scatter::none:
    case Scatter::factor: break;  // all components pass
    case Scatter::trace:
      for (Index i = 0; i < n_features; ++i) *scatter += weight * z[i] * z[i];
      break;
    case Scatter::diagonal:
      for (Index i = 0; i < n_features; ++i) scatter[i] += weight * z[i] * z[i];
      break;
    case Scatter::full:
      for (Index i = 0; i < n_features; ++i) {
        const double scaled = weight * z[i];
        for (Index j = 0; j <= i; ++j) *scatter++ += scaled * z[j];
      }
      break;
  }
}

inline void accumulate_hard(const RealTask& task, const Layout& layout, Index begin, const Block& block, double* sums) {
  const Index n_features = task.density.n_features;
  for (Index i = 0; i < block.rows; ++i) {
    const Index at = (begin + i) * n_features, k = static_cast<Index>(block.best[i]);
    if (task.rows.single_precision)
      add_row(task, layout, static_cast<const float*>(task.rows.data) + at, block.weights[i], k, block.centred, sums);
    else
      add_row(task, layout, static_cast<const double*>(task.rows.data) + at, block.weights[i], k, block.centred, sums);
  }
}

}  // namespace
}  // namespace gaussmix::kernels
