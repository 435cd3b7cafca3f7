// Orthogonal axes along which several symmetric matrices are as nearly diagonal as one set of axes allows.
#pragma once

#include "base/workspace.hpp"

namespace gaussmix {

class JointAxes {
 public:
  JointAxes(Index n_matrices, Index size, Workspace& workspace)
      : axes_(workspace.columns(size, size)), rotated_(workspace.matrices(n_matrices, size)) {}

  // `axes`: an orthogonal matrix, whose columns they are at first.
  void begin(const MatrixStack& matrices, const ColumnView& axes, Workspace& workspace);

  void take(const JointAxes& other);  // of as many matrices

  const ColumnMap& axes() const { return axes_; }
  void along(MatrixMap table) const;  // K x D: a_j^T M_k a_j, not negative

  // Rotates in the plane of each pair of axes once, by the angle that minimises sum_k sum_j a_j^T M_k a_j / v_kj for the
  // variances v (K x D); returns the largest angle.
  double sweep(const MatrixView& variances);

 private:
  void rotate(Index j, Index l, double cosine, double sine);

  ColumnMap axes_;
  MatrixStack rotated_;  // axes^T M_k axes
};

}  // namespace gaussmix
