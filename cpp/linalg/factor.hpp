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
// singular. The log-determinant is the sum of the logs of the inverse factor's own diagonal: a density must integrate to one for
// the factor that evaluates it, to the last digits also where the covariance itself is known to few.
Factor factorise(const Eigen::Ref<const Matrix>& covariance);

// The factor of the covariance scale root^T root scale, from the root itself: forming the product would square its
// condition number.
Factor factor_of_root(const Eigen::MatrixXd& root, const Vector& scale);

}  // namespace gaussmix
