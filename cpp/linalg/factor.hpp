// Factor of one covariance matrix: a triangular factor in feature order serves the kernels; where definiteness is in doubt
// a pivoted LDLT decides.
#pragma once

#include "base/workspace.hpp"

namespace gaussmix {

struct FactorReport {
  bool positive_definite = false;
  double smallest_pivot = 0;  // for the matrix scaled to unit diagonal; of the pivoted D where that had to decide
  double log_determinant = 0;
};

// covariance = lower lower^T with a positive diagonal, and lower^-1: both n x n, written when positive definite. The
// covariance is first scaled to unit diagonal (a correlation matrix), so that units of features cannot make it look
// singular. The log-determinant is the sum of the logs of the inverse factor's own diagonal: a density must integrate to
// one for the factor that evaluates it, to the last digits also where the covariance itself is known to few.
FactorReport factorise(const Eigen::Ref<const Matrix>& covariance, MatrixMap lower, MatrixMap inverse_lower);

// The first half of it: no heap, and false unless the covariance is well clear of singular.
bool factorise_clear(const Eigen::Ref<const Matrix>& covariance, MatrixMap lower, MatrixMap inverse_lower,
                     FactorReport& report);

// Of the covariance root root^T, `root` a lower triangle. False, and nothing written, if that is zero.
bool factorise_root(const ConstMatrixMap& root, MatrixMap lower, MatrixMap inverse_lower, FactorReport& report);

// The factor of the covariance scale root^T root scale, from the root itself: forming the product would square its
// condition number.
FactorReport factor_of_root(const ColumnView& root, const VectorView& scale, Workspace& workspace, MatrixMap lower,
                            MatrixMap inverse_lower);

// Reciprocal condition of the matrix scaled to unit diagonal, by a 1-norm estimate; 0 when it is singular to working
// precision.
double reciprocal_condition(const Eigen::Ref<const Matrix>& covariance);

}  // namespace gaussmix
