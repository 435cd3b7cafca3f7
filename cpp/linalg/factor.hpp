// Factor of one covariance matrix: pivoted LDLT decides, a triangular factor in feature order serves the kernels.
#pragma once

#include "base/types.hpp"

namespace gaussmix {

struct Factor {
  bool positive_definite = false;
  double smallest_pivot = 0;  // of D, for the matrix scaled to unit diagonal
  double log_determinant = 0;
  double reciprocal_condition = 0;  // of the matrix scaled to unit diagonal, 1-norm estimate
  Matrix lower;                     // covariance = lower lower^T, positive diagonal
  Matrix inverse_lower;             // lower^-1
};

// The covariance is first scaled to unit diagonal (a correlation matrix), so that units of features cannot make it look
// singular. Log-determinant: sum of logs of D plus twice the logs of the scales, never a product.
Factor factorise(const Eigen::Ref<const Matrix>& covariance);

}  // namespace gaussmix
