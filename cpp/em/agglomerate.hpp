// Model-based hierarchical agglomeration: from one cluster per point, again and again the two clusters whose union costs the
// classification likelihood of a Gaussian mixture least are made one (Banfield & Raftery 1993, "Model-based Gaussian and
// non-Gaussian clustering").
#pragma once

#include <utility>

#include "base/parallel.hpp"

namespace gaussmix {

// Of n points numbered 0 .. n - 1. A cluster goes by one of its points; each of the n - 1 merges takes the second cluster into
// the first.
struct MergeTree {
  Index n_points = 0;
  std::vector<std::pair<Index, Index>> merges;

  // The number of each point's cluster when `n_clusters` are left, or one per point if that is more. Clusters are numbered
  // in the order of their first points.
  std::vector<Index> labels(Index n_clusters) const;
};

// Minimises at every merge the sum over clusters of the unconstrained criterion (Fraley 1998, "Algorithms for model-based
// Gaussian hierarchical clustering"), which has a value for singular clusters, too:
//   n_k log(det(W_k / n_k) + (tr(W_k) + u_k) / n_k),
// n_k being the weight, W_k the scatter, and u_k = sum w^2 / sum w the weight of a point in the cluster: it stands beside
// tr(W) / (n D) of all points, which is 1 in the coordinates that they are to come in. The determinant is zero, and left out,
// where there are no more points than columns, and left out for a single column, whose variance is the trace. Of equal costs
// the first pair is taken, and clusters go by their first points. Keeps the costs of all pairs: n^2 / 2 doubles.
MergeTree agglomerate(const Matrix& points, const Vector& weights, const Execution& execution);

// Doubles that this takes.
double agglomeration_memory(Index n_points, Index n_columns);

}  // namespace gaussmix
