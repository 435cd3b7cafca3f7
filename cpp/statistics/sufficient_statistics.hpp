// What an M-step needs to know of the data, and nothing else. Statistics of parts add up to statistics of the whole.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

// Scatter sum r (x - mean)(x - mean)^T about the component's own mean: the matrix of each component, the sum of these
// matrices, their diagonals, or their traces. A kind to the right can be had from `full`, the reverse not. Or, of kind `factor`,
// the scatter of each component times the projections that its pass was made with, beside the diagonal: D (q + 1) numbers.
enum class ScatterKind { full, pooled, diag, trace, factor };

bool can_convert(ScatterKind from, ScatterKind to);
Index scatter_size(ScatterKind kind, Index n_components, Index n_features, Index n_projections = 0);

struct SufficientStatistics {
  ScatterKind kind = ScatterKind::full;
  Vector weight;                // K
  Matrix mean;                  // K x D
  std::vector<double> scatter;  // full K x D x D, pooled D x D, diag K x D, trace K, factor K x D x (n_projections + 1)
  Index n_projections = 0;
  // Full and pooled, where the E-step knows them to more digits than the scatter itself: lower triangles R with scatter = R R^T,
  // laid out as it; else empty. A triangle of zeros: not known.
  std::vector<double> root;
  double log_likelihood = 0;
  double total_weight = 0;
  double n_effective = 0;  // (sum w)^2 / sum w^2
  Index n_rows = 0;        // of positive weight

  Index n_components() const { return mean.rows(); }
  Index n_features() const { return mean.cols(); }
  MatrixMap full(Index k) { return {scatter.data() + k * n_features() * n_features(), n_features(), n_features()}; }
  ConstMatrixMap full(Index k) const {
    return {scatter.data() + k * n_features() * n_features(), n_features(), n_features()};
  }
  MatrixMap pooled() { return full(0); }
  ConstMatrixMap pooled() const { return full(0); }
  MatrixMap diag() { return {scatter.data(), n_components(), n_features()}; }
  ConstMatrixMap diag() const { return {scatter.data(), n_components(), n_features()}; }
  // Columns W P^T, then diag W.
  MatrixMap projected(Index k) {
    const Index width = n_projections + 1;
    return {scatter.data() + k * n_features() * width, n_features(), width};
  }
  ConstMatrixMap projected(Index k) const {
    const Index width = n_projections + 1;
    return {scatter.data() + k * n_features() * width, n_features(), width};
  }
};

// out += factor d d^T, to a matrix that is symmetric to the bit.
void add_outer_product(MatrixMap out, const VectorView& d, double factor);

// Sizes the arrays; what they held is lost, and no memory is asked for when they have these sizes already.
void reshape(SufficientStatistics& statistics, ScatterKind kind, Index n_components, Index n_features,
             Index n_projections = 0);
SufficientStatistics make_statistics(ScatterKind kind, Index n_components, Index n_features);

// Those of the same data with all weights multiplied by `factor`.
void scale(SufficientStatistics& statistics, double factor);

// The same statistics with less detail. Throws InvalidArgument when `kind` cannot be had from them.
SufficientStatistics convert(const SufficientStatistics& statistics, ScatterKind kind);

// a += b for statistics of disjoint data (Chan, Golub & LeVeque 1983, eq. 2.1, with weights). With d = mean_b - mean_a:
//   sum_{a and b} w (x - mean)(x - mean)^T = W_a + W_b + d d^T n_a n_b / (n_a + n_b),
// because each part's scatter about the common mean exceeds its own by n_i (mean_i - mean)(mean_i - mean)^T, and the two
// means lie n_b / n and n_a / n of the way apart. Those of kind `factor` do not tell their projections: InvalidArgument.
void merge(SufficientStatistics& a, const SufficientStatistics& b);

// Statistics of all components taken as one: overall weight, mean and scatter (K = 1).
SufficientStatistics overall(const SufficientStatistics& statistics);

}  // namespace gaussmix
