#include "linalg/joint_axes.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

void JointAxes::begin(const MatrixStack& matrices, const ColumnView& axes, Workspace& workspace) {
  const Workspace::Scope scope(workspace);
  ColumnMap turned = workspace.columns(axes.rows(), axes.cols());
  axes_ = axes;
  for (Index k = 0; k < rotated_.count; ++k) {
    turned.noalias() = axes_.transpose() * matrices[k];
    rotated_[k].noalias() = turned * axes_;
  }
}

void JointAxes::take(const JointAxes& other) {
  axes_ = other.axes_;
  for (Index k = 0; k < rotated_.count; ++k) rotated_[k] = other.rotated_[k];
}

void JointAxes::along(MatrixMap table) const {
  for (Index k = 0; k < rotated_.count; ++k) table.row(k) = rotated_[k].diagonal().cwiseMax(0.0).transpose();
}

// In the plane of two axes the sum of the two quadratic forms of a matrix is constant, so what is minimised is
// a_j^T M a_j with M = sum_k (1 / v_kj - 1 / v_kl) M_k: a_j becomes the lower eigenvector of M within the plane.
double JointAxes::sweep(const MatrixView& variances) {
  double largest = 0;
  for (Index j = 0; j + 1 < axes_.cols(); ++j)
    for (Index l = j + 1; l < axes_.cols(); ++l) {
      double difference = 0, mixed = 0, size = 0;  // (M_jj - M_ll) / 2, M_jl
      for (Index k = 0; k < rotated_.count; ++k) {
        const ColumnMap m = rotated_[k];
        const double factor = 1 / variances(k, j) - 1 / variances(k, l);
        difference += 0.5 * factor * (m(j, j) - m(l, l));
        mixed += factor * m(j, l);
        size += std::abs(factor) * (m(j, j) + m(l, l));
      }
      if (!(std::hypot(difference, mixed) > 1e-15 * size)) continue;  // the plane is round, to rounding
      const double angle = 0.5 * std::atan2(-mixed, -difference);
      largest = std::max(largest, std::abs(angle));
      rotate(j, l, std::cos(angle), std::sin(angle));
    }
  return largest;
}

void JointAxes::rotate(Index j, Index l, double cosine, double sine) {
  const auto columns = [&](ColumnMap& m) {
    for (Index i = 0; i < m.rows(); ++i) {
      const double a = m(i, j), b = m(i, l);
      m(i, j) = cosine * a + sine * b;
      m(i, l) = cosine * b - sine * a;
    }
  };
  columns(axes_);
  for (Index k = 0; k < rotated_.count; ++k) {
    ColumnMap m = rotated_[k];
    columns(m);
    for (Index i = 0; i < m.cols(); ++i) {
      const double a = m(j, i), b = m(l, i);
      m(j, i) = cosine * a + sine * b;
      m(l, i) = cosine * b - sine * a;
    }
  }
}

}  // namespace gaussmix
