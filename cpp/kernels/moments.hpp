// Sums about one point -> sums about another, in double precision.
#pragma once

#include "kernels/simd.hpp"

namespace gaussmix::kernels {
namespace {

// What sums of weight `weight` and first moments `first` change by when the point they are about moves by d; added to
// `out_first` (may be `first`) and `out_scatter`.
inline void move_sums(Scatter scatter, Index n, double weight, const double* first, const double* d, double* out_first,
                      double* out_scatter) {
  const auto change = [&](Index i, Index j) { return -d[i] * first[j] - d[j] * (first[i] - weight * d[i]); };
  switch (scatter) {
    case Scatter::none:
    case Scatter::factor: break;  // has neither the feature form nor single precision
    case Scatter::trace:
      for (Index i = 0; i < n; ++i) *out_scatter += change(i, i);
      break;
    case Scatter::diagonal:
      for (Index i = 0; i < n; ++i) out_scatter[i] += change(i, i);
      break;
    case Scatter::full:
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) *out_scatter++ += change(i, j);
      break;
  }
  for (Index i = 0; i < n; ++i) out_first[i] -= weight * d[i];
}

// Sums of features, about the one centre -> sums about each mean: what `partial` of a leaf holds. `d` is scratch.
inline void recentre(const Task& task, const Layout& layout, const double* sums, double* d, double* partial) {
  const Density& density = task.density;
  const Index n = density.n_features;
  for (Index k = 0; k < density.n_components; ++k, sums += density.features.size) {
    double* first = partial + layout.sum + k * n;
    double* scatter = partial + layout.scatter + k * layout.scatter_size;
    for (Index i = 0; i < n; ++i) d[i] = density.means[k * n + i] - density.features.centre[i];
    partial[layout.weight + k] += sums[0];
    for (Index i = 0; i < n; ++i) first[i] += sums[1 + i];
    for (Index i = 0; i < layout.scatter_size; ++i) scatter[i] += sums[1 + n + i];
    move_sums(task.scatter, n, sums[0], sums + 1, d, first, scatter);
  }
}

}  // namespace
}  // namespace gaussmix::kernels
