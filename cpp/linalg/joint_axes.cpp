#include "linalg/joint_axes.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

JointAxes::JointAxes(const std::vector<Eigen::MatrixXd>& matrices, const Eigen::MatrixXd& axes) : axes_(axes) {
  for (const Eigen::MatrixXd& matrix : matrices) rotated_.push_back(axes.transpose() * matrix * axes);
}

Matrix JointAxes::along() const {
  Matrix table(static_cast<Index>(rotated_.size()), axes_.cols());
  for (std::size_t k = 0; k < rotated_.size(); ++k)
    table.row(static_cast<Index>(k)) = rotated_[k].diagonal().cwiseMax(0.0).transpose();
  return table;
}

// In the plane of two axes the sum of the two quadratic forms of a matrix is constant, so what is minimised is
// a_j^T M a_j with M = sum_k (1 / v_kj - 1 / v_kl) M_k: a_j becomes the lower eigenvector of M within the plane.
double JointAxes::sweep(const Matrix& variances) {
  double largest = 0;
  for (Index j = 0; j + 1 < axes_.cols(); ++j)
    for (Index l = j + 1; l < axes_.cols(); ++l) {
      double difference = 0, mixed = 0, size = 0;  // (M_jj - M_ll) / 2, M_jl
      for (std::size_t k = 0; k < rotated_.size(); ++k) {
        const Eigen::MatrixXd& m = rotated_[k];
        const auto row = static_cast<Index>(k);
        const double factor = 1 / variances(row, j) - 1 / variances(row, l);
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
  const auto columns = [&](Eigen::MatrixXd& m) {
    for (Index i = 0; i < m.rows(); ++i) {
      const double a = m(i, j), b = m(i, l);
      m(i, j) = cosine * a + sine * b;
      m(i, l) = cosine * b - sine * a;
    }
  };
  columns(axes_);
  for (Eigen::MatrixXd& m : rotated_) {
    columns(m);
    for (Index i = 0; i < m.cols(); ++i) {
      const double a = m(j, i), b = m(l, i);
      m(j, i) = cosine * a + sine * b;
      m(l, i) = cosine * b - sine * a;
    }
  }
}

}  // namespace gaussmix
