#include "linalg/spectral.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <Eigen/Eigenvalues>

namespace gaussmix {

namespace {

// Ratio of variances of two features beyond which the usual solver, whose errors are relative to the largest eigenvalue, loses
// digits of those below the bound that covariances are kept above.
constexpr double kGraded = 1e4;
constexpr int kMostSweeps = 60;  // ten do

// Rotates m from both sides, and `axes` from the right, so that m(j, l) becomes 0.
void rotate(Eigen::MatrixXd& m, Eigen::MatrixXd& axes, Eigen::Index j, Eigen::Index l) {
  const double theta = (m(l, l) - m(j, j)) / (2 * m(j, l));
  const double tangent = std::copysign(1 / (std::abs(theta) + std::hypot(1.0, theta)), theta);
  const double cosine = 1 / std::hypot(1.0, tangent), sine = tangent * cosine;
  const auto turn_columns = [=](Eigen::MatrixXd& of) {
    for (Eigen::Index i = 0; i < of.rows(); ++i) {
      const double a = of(i, j), b = of(i, l);
      of(i, j) = cosine * a - sine * b;
      of(i, l) = sine * a + cosine * b;
    }
  };
  const double moved = tangent * m(j, l), first = m(j, j) - moved, second = m(l, l) + moved;
  turn_columns(m);
  m.row(j) = m.col(j).transpose();
  m.row(l) = m.col(l).transpose();
  m(j, j) = first;
  m(l, l) = second;
  m(j, l) = m(l, j) = 0;
  turn_columns(axes);
}

// Jacobi's method keeps the digits of small eigenvalues: its errors are relative to the variances of the features, as those of
// the entries are (Demmel & Veselic 1992, "Jacobi's method is more accurate than QR").
Spectrum by_rotations(Eigen::MatrixXd m) {
  const Eigen::Index n = m.rows();
  Eigen::MatrixXd axes = Eigen::MatrixXd::Identity(n, n);
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < kMostSweeps; ++sweep) {
    rotated = false;
    for (Eigen::Index j = 0; j + 1 < n; ++j)
      for (Eigen::Index l = j + 1; l < n; ++l) {
        const double size = std::sqrt(std::abs(m(j, j))) * std::sqrt(std::abs(m(l, l)));
        if (!(std::abs(m(j, l)) > std::numeric_limits<double>::epsilon() * size)) continue;
        rotate(m, axes, j, l);
        rotated = true;
      }
  }
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return m(a, a) < m(b, b); });
  return {m.diagonal()(order), axes(Eigen::all, order)};
}

// Features without any variance have no digits to lose.
bool graded(const Eigen::MatrixXd& matrix) {
  const double largest = matrix.diagonal().maxCoeff();
  const auto narrow = [=](double variance) { return variance > 0 && largest > kGraded * variance; };
  return matrix.allFinite() && matrix.diagonal().unaryExpr(narrow).any();
}

}  // namespace

Spectrum spectrum_of(const Eigen::MatrixXd& matrix) {
  if (graded(matrix)) return by_rotations(matrix);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

void from_eigenvalues(const Vector& scale, const Eigen::MatrixXd& axes, const Vector& variances, MatrixMap out) {
  const Eigen::MatrixXd root = scale.asDiagonal() * axes * variances.cwiseSqrt().asDiagonal();
  out.noalias() = root * root.transpose();
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
}

}  // namespace gaussmix
