// Sums taken in each component's own metric, y = L^-1 (x - mean) with covariance = L L^T, for components that are all but flat.
// The scatter of y is near the identity, so that its factor M has all its digits, and so has the new root L M, in every
// direction; from a scatter of x the thinnest direction comes out with the rounding of the widest, times the condition.
#pragma once

#include <Eigen/Cholesky>

#include "kernels/interface.hpp"
#include "mixture/mixture.hpp"
#include "statistics/sufficient_statistics.hpp"

namespace gaussmix {

class OwnMetric {
 public:
  // Whether the mixture has a covariance so ill-conditioned that this pays, and statistics of this kind are its own. Not after a
  // repair: what is singular in its own metric is rounding, which would move the repaired covariance at every pass.
  static bool needed(const Mixture& mixture, ScatterKind kind);

  // Kernel sums -> weight, mean, scatter and its root, of kind full or pooled.
  void finish(const double* sums, const kernels::Layout& layout, const Mixture& mixture,
              SufficientStatistics& statistics);

 private:
  void take_square(const double* packed, double weight, const Vector& shift);
  void take_root(const ConstMatrixMap& lower, MatrixMap scatter, MatrixMap root);

  // Scratch.
  Vector first_, shift_;
  Matrix square_;  // sum of y y^T about the mean of y
  Matrix factor_;
};

}  // namespace gaussmix
