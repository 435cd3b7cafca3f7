// Orthogonal axes along which several symmetric matrices are as nearly diagonal as one set of axes allows.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace gaussmix {

class JointAxes {
 public:
  JointAxes() = default;
  // `axes`: an orthogonal matrix, whose columns they are at first.
  JointAxes(const std::vector<Eigen::MatrixXd>& matrices, const Eigen::MatrixXd& axes);

  const Eigen::MatrixXd& axes() const { return axes_; }
  Matrix along() const;  // K x D: a_j^T M_k a_j, not negative

  // Rotates in the plane of each pair of axes once, by the angle that minimises sum_k sum_j a_j^T M_k a_j / v_kj for the
  // variances v (K x D); returns the largest angle.
  double sweep(const Matrix& variances);

 private:
  void rotate(Index j, Index l, double cosine, double sine);

  Eigen::MatrixXd axes_;
  std::vector<Eigen::MatrixXd> rotated_;  // axes^T M_k axes
};

}  // namespace gaussmix
