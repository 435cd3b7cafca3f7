#include "linalg/spectral.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>

namespace gaussmix {

namespace {

// Ratio of variances of two features beyond which the usual solver, whose errors are relative to the largest eigenvalue, loses
// digits of those below the bound that covariances are kept above.
constexpr double kGraded = 1e4;
constexpr int kMostSweeps = 60;  // ten do

// Rotates m from both sides, and `axes` from the right, so that m(j, l) becomes 0.
void rotate(ColumnMap m, ColumnMap axes, Eigen::Index j, Eigen::Index l) {
  const double theta = (m(l, l) - m(j, j)) / (2 * m(j, l));
  const double tangent = std::copysign(1 / (std::abs(theta) + std::hypot(1.0, theta)), theta);
  const double cosine = 1 / std::hypot(1.0, tangent), sine = tangent * cosine;
  const auto turn_columns = [=](ColumnMap& of) {
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
void by_rotations(ColumnMap m, Spectrum& spectrum) {
  const Eigen::Index n = m.rows();
  ColumnMap& axes = spectrum.axes;
  axes.setIdentity();
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
  spectrum.eigenvalues = m.diagonal();
  for (Eigen::Index j = 0; j < n; ++j) {
    Eigen::Index least = 0;
    spectrum.eigenvalues.tail(n - j).minCoeff(&least);
    if (least == 0) continue;
    std::swap(spectrum.eigenvalues[j], spectrum.eigenvalues[j + least]);
    axes.col(j).swap(axes.col(j + least));
  }
}

// The steps of Eigen's SelfAdjointEigenSolver, which takes memory from the heap at each call, in memory that is there already.
void by_reduction(const ColumnView& matrix, Workspace& workspace, Spectrum& spectrum) {
  constexpr Eigen::Index kMostIterations = 30;  // per eigenvalue
  const Workspace::Scope scope(workspace);
  const Eigen::Index n = matrix.rows();
  VectorMap coefficients = workspace.vector(n - 1), beside = workspace.vector(n - 1), scratch = workspace.vector(n);
  ColumnMap& axes = spectrum.axes;
  const double largest = matrix.cwiseAbs().maxCoeff(), unit = largest == 0 ? 1 : largest;
  axes = matrix / unit;
  Eigen::internal::tridiagonalization_inplace(axes, coefficients);
  spectrum.eigenvalues = axes.diagonal();
  beside = axes.diagonal<-1>();
  Eigen::HouseholderSequence<ColumnMap, VectorMap>(axes, coefficients)
      .setLength(n - 1)
      .setShift(1)
      .evalTo(axes, scratch);
  Eigen::internal::computeFromTridiagonal_impl(spectrum.eigenvalues, beside, kMostIterations, true, axes);
  spectrum.eigenvalues *= unit;
}

// Features without any variance have no digits to lose.
bool graded(const ColumnView& matrix) {
  const double largest = matrix.diagonal().maxCoeff();
  const auto narrow = [=](double variance) { return variance > 0 && largest > kGraded * variance; };
  return matrix.allFinite() && matrix.diagonal().unaryExpr(narrow).any();
}

}  // namespace

void find_spectrum(const ColumnView& matrix, Workspace& workspace, Spectrum& spectrum) {
  if (graded(matrix)) {
    const Workspace::Scope scope(workspace);
    ColumnMap rotated = workspace.columns(matrix.rows(), matrix.cols());
    rotated = matrix;
    return by_rotations(rotated, spectrum);
  }
  by_reduction(matrix, workspace, spectrum);
}

Spectrum spectrum_of(const ColumnView& matrix, Workspace& workspace) {
  Spectrum spectrum(matrix.rows(), workspace);
  find_spectrum(matrix, workspace, spectrum);
  return spectrum;
}

void settle_null_space(const ColumnView& by, Workspace& workspace, Spectrum& spectrum) {
  const Eigen::Index n = by.rows();
  const double rounding =
      static_cast<double>(n) * std::numeric_limits<double>::epsilon() * std::abs(spectrum.eigenvalues[n - 1]);
  const Eigen::Index n_null = (spectrum.eigenvalues.array() <= rounding).count();
  if (n_null < 2) return;
  const Workspace::Scope scope(workspace);
  ColumnMap image = workspace.columns(n, n_null), within = workspace.columns(n_null, n_null);
  image.noalias() = by * spectrum.axes.leftCols(n_null);
  within.noalias() = spectrum.axes.leftCols(n_null).transpose() * image;
  const Spectrum turned = spectrum_of(within, workspace);
  image.noalias() = spectrum.axes.leftCols(n_null) * turned.axes;
  spectrum.axes.leftCols(n_null) = image;
}

void in_units_of(const VectorView& scale, const MatrixView& matrix, ColumnMap out) {
  for (Eigen::Index j = 0; j < out.cols(); ++j)
    out.col(j) = scale.cwiseInverse().cwiseProduct(matrix.row(j).transpose()) * (1 / scale[j]);
}

ColumnMap in_units_of(const VectorView& scale, const MatrixView& matrix, Workspace& workspace) {
  ColumnMap out = workspace.columns(matrix.rows(), matrix.cols());
  in_units_of(scale, matrix, out);
  return out;
}

void from_eigenvalues(const VectorView& scale, const ColumnView& axes, const VectorView& variances,
                      Workspace& workspace, MatrixMap out) {
  const Workspace::Scope scope(workspace);
  ColumnMap root = workspace.columns(axes.rows(), axes.cols());
  for (Eigen::Index j = 0; j < axes.cols(); ++j)
    root.col(j) = std::sqrt(variances[j]) * scale.cwiseProduct(axes.col(j));
  out.noalias() = root * root.transpose();
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
}

}  // namespace gaussmix
