#include "linalg/factor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/QR>

#include "base/small_sizes.hpp"

namespace gaussmix {

namespace {

// Largest trace of an inverse correlation matrix (it is at least 1 / its smallest eigenvalue) that is called clear of
// singular: a hundred times what the eigenvalue floor lets pass in units of the columns' spread, and far from rounding.
constexpr double kLargestClearTrace = 1e10;

// Rows below this are taken together, so that the zeros above the diagonal of an inverse cost little.
constexpr Index kChunk = 48;

// From the right: what is to be the identity when rows are whitened is inverse * lower, and close to a singularity lower * inverse
// may be that to every digit while the other is not.
void invert(const MatrixMap& lower, MatrixMap inverse) {
  inverse.setIdentity();
  lower.triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(inverse);
}

template <class Lower>
double log_determinant_of(const Lower& inverse_lower) {
  double sum = 0;
  for (Eigen::Index i = 0; i < inverse_lower.rows(); ++i) sum += std::log(inverse_lower(i, i));
  return -2 * sum;
}

Eigen::MatrixXd correlation_of(const Eigen::Ref<const Matrix>& covariance) {
  const Vector inverse_scale = covariance.diagonal().cwiseSqrt().cwiseInverse();
  return inverse_scale.asDiagonal() * covariance * inverse_scale.asDiagonal();
}

using Ldlt = Eigen::LDLT<Eigen::MatrixXd>;

// Rounding of the factorisation itself: a pivot below it has no correct digit.
bool above_rounding(const Ldlt& ldlt) {
  return ldlt.info() == Eigen::Success &&
         ldlt.vectorD().minCoeff() > static_cast<double>(ldlt.rows()) * std::numeric_limits<double>::epsilon();
}

bool can_be_scaled(const Eigen::Ref<const Matrix>& covariance) {
  return covariance.diagonal().minCoeff() > 0 && covariance.allFinite();
}

// A square root of P^T L D L^T P.
Eigen::MatrixXd root_of(const Ldlt& ldlt) {
  Eigen::MatrixXd root = ldlt.vectorD().cwiseSqrt().asDiagonal() * Eigen::MatrixXd(ldlt.matrixU());
  // root P: P is the product of the transpositions, the last one leftmost, so that one meets the columns first.
  const auto& transpositions = ldlt.transpositionsP().indices();
  for (Eigen::Index i = root.cols() - 1; i >= 0; --i) root.col(i).swap(root.col(transpositions[i]));
  return root;
}

void sort_by_falling_length(ColumnMap rows, Workspace& workspace) {
  const Workspace::Scope scope(workspace);
  VectorMap lengths = workspace.vector(rows.rows());
  lengths = rows.rowwise().squaredNorm();
  for (Eigen::Index i = 0; i + 1 < rows.rows(); ++i) {
    Eigen::Index longest = 0;
    lengths.tail(rows.rows() - i).maxCoeff(&longest);
    if (longest == 0) continue;
    std::swap(lengths[i], lengths[i + longest]);
    rows.row(i).swap(rows.row(i + longest));
  }
}

// The triangle R of rows = Q R, in their place.
void triangulate(ColumnMap rows, Workspace& workspace) {
  // Up to this many columns Eigen takes one after the other, in memory that is there already.
  constexpr Eigen::Index kLargestBlock = 128;
  const Workspace::Scope scope(workspace);
  VectorMap coefficients = workspace.vector(rows.cols()), scratch = workspace.vector(rows.cols());
  Eigen::internal::householder_qr_inplace_blocked<ColumnMap, VectorMap>::run(rows, coefficients, kLargestBlock,
                                                                             scratch.data());
}

FactorReport factorise_pivoted(const Eigen::Ref<const Matrix>& covariance, MatrixMap lower, MatrixMap inverse_lower) {
  FactorReport report;
  report.smallest_pivot = covariance.diagonal().minCoeff();
  if (!can_be_scaled(covariance)) return report;
  const Ldlt ldlt(correlation_of(covariance));
  report.smallest_pivot = ldlt.vectorD().minCoeff();
  if (!above_rounding(ldlt)) return report;
  const double smallest_pivot = report.smallest_pivot;
  Workspace workspace;
  report = factor_of_root(root_of(ldlt), covariance.diagonal().cwiseSqrt(), workspace, lower, inverse_lower);
  report.smallest_pivot = smallest_pivot;
  return report;
}

// With R^T R the correlation matrix and S the standard deviations: row i of R, and row i of the inverse factor
// R^-T S^-1, come from the rows above by the same coefficients, column i of R. Cholesky's method needs no pivoting where
// every pivot is large, and each row is one product of a vector with the rows above it.
template <int N>
bool factorise_clear_of(const Eigen::Map<const SquareOf<N>, 0, Eigen::OuterStride<>>& covariance,
                        Eigen::Map<SquareOf<N>> lower, Eigen::Map<SquareOf<N>> inverse_lower, FactorReport& report) {
  const Eigen::Index n = covariance.rows();
  auto& r = lower;  // its upper triangle, until the end
  inverse_lower.setZero();
  inverse_lower.diagonal() = covariance.diagonal().cwiseSqrt().cwiseInverse();
  double smallest_pivot = 1, trace = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    auto row = r.row(i).tail(n - i);
    row = (inverse_lower(i, i) * covariance.row(i).tail(n - i))
              .cwiseProduct(inverse_lower.diagonal().tail(n - i).transpose());
    if (i > 0) row.noalias() -= r.col(i).head(i).transpose() * r.block(0, i, i, n - i);
    for (Eigen::Index k = 0; k < i; k += kChunk) {
      const Eigen::Index end = std::min(i, k + kChunk);
      inverse_lower.row(i).head(end).noalias() -=
          r.col(i).segment(k, end - k).transpose() * inverse_lower.block(k, 0, end - k, end);
    }
    const double pivot = row[0];
    if (!(pivot > 0)) return false;
    smallest_pivot = std::min(smallest_pivot, pivot);
    const double scale = 1 / std::sqrt(pivot);
    row *= scale;
    inverse_lower.row(i).head(i + 1) *= scale;
    trace += inverse_lower.row(i).head(i + 1).cwiseAbs2().dot(covariance.diagonal().head(i + 1).transpose());
  }
  if (!(trace <= kLargestClearTrace)) return false;
  for (Eigen::Index i = n - 1; i >= 0; --i) {  // the last row first: it is done with the upper triangle
    const double deviation = std::sqrt(covariance(i, i));
    for (Eigen::Index j = 0; j <= i; ++j) lower(i, j) = deviation * r(j, i);
    lower.row(i).tail(n - i - 1).setZero();
  }
  report = {true, smallest_pivot, log_determinant_of(inverse_lower)};
  return true;
}

}  // namespace

bool factorise_clear(const Eigen::Ref<const Matrix>& covariance, MatrixMap lower, MatrixMap inverse_lower,
                     FactorReport& report) {
  const Index n = covariance.rows();
  return with_size(n, [&](auto size) {
    constexpr int kSize = size();
    using Map = Eigen::Map<SquareOf<kSize>>;
    using Given = Eigen::Map<const SquareOf<kSize>, 0, Eigen::OuterStride<>>;
    const Given given(covariance.data(), n, n, Eigen::OuterStride<>(covariance.outerStride()));
    return factorise_clear_of<kSize>(given, Map(lower.data(), n, n), Map(inverse_lower.data(), n, n), report);
  });
}

bool factorise_root(const ConstMatrixMap& root, MatrixMap lower, MatrixMap inverse_lower, FactorReport& report) {
  if (!(root.diagonal().minCoeff() > 0)) return false;
  lower = root;
  invert(lower, inverse_lower);
  const double smallest_pivot = (root.diagonal().array() / root.rowwise().norm().array()).minCoeff();
  report = {true, smallest_pivot * smallest_pivot, log_determinant_of(inverse_lower)};
  return true;
}

FactorReport factorise(const Eigen::Ref<const Matrix>& covariance, MatrixMap lower, MatrixMap inverse_lower) {
  FactorReport report;
  if (factorise_clear(covariance, lower, inverse_lower, report)) return report;
  return factorise_pivoted(covariance, lower, inverse_lower);
}

// With root = Q R, root^T root = R^T R. Orthogonal transformations need no definiteness of their own, so this cannot fail
// where the decision was made elsewhere. The long rows come first: reflections then keep the digits of the short ones (Cox &
// Higham 1998, "Stability of Householder QR factorization for weighted least squares problems").
FactorReport factor_of_root(const ColumnView& root, const VectorView& scale, Workspace& workspace, MatrixMap lower,
                            MatrixMap inverse_lower) {
  const Workspace::Scope scope(workspace);
  ColumnMap upper = workspace.columns(root.rows(), root.cols());
  upper = root;
  sort_by_falling_length(upper, workspace);
  triangulate(upper, workspace);
  lower.setZero();
  for (Eigen::Index i = 0; i < upper.rows(); ++i)
    lower.col(i).tail(upper.rows() - i) = (upper(i, i) < 0 ? -1 : 1) * upper.row(i).tail(upper.rows() - i).transpose();
  const double smallest_pivot = lower.diagonal().minCoeff();
  invert(lower, inverse_lower);
  inverse_lower *= scale.cwiseInverse().asDiagonal();
  for (Eigen::Index i = 0; i < lower.rows(); ++i) lower.row(i) *= scale[i];
  return {smallest_pivot > 0, smallest_pivot * smallest_pivot, log_determinant_of(inverse_lower)};
}

double reciprocal_condition(const Eigen::Ref<const Matrix>& covariance) {
  if (!can_be_scaled(covariance)) return 0;
  const Ldlt ldlt(correlation_of(covariance));
  return above_rounding(ldlt) ? ldlt.rcond() : 0;
}

}  // namespace gaussmix
