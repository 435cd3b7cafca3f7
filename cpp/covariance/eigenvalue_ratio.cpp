#include "covariance/eigenvalue_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Eigenvalues>

#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

using Solver = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>;

// sum_k n_k sum_j (log d' + d / d') with all d' in [low, ratio * low]
double deviance(const Matrix& eigenvalues, const Vector& weight, double low, double ratio) {
  const Eigen::ArrayXXd kept = eigenvalues.array().max(low).min(ratio * low);
  return (kept.log() + eigenvalues.array() / kept).rowwise().sum().matrix().dot(weight);
}

// The best lower bound if just those eigenvalues lie below it, and those above `ratio` times it, that do so for `low`.
double stationary(const Matrix& eigenvalues, const Vector& weight, double low, double ratio) {
  double sum = 0, count = 0;
  for (Index k = 0; k < eigenvalues.rows(); ++k)
    for (Index j = 0; j < eigenvalues.cols(); ++j) {
      const double d = eigenvalues(k, j);
      if (d >= low && d <= ratio * low) continue;
      sum += weight[k] * (d < low ? d : d / ratio);
      count += weight[k];
    }
  return count > 0 ? sum / count : low;
}

double best_bound(const Matrix& eigenvalues, const Vector& weight, double ratio) {
  std::vector<double> edges;  // between two of these the same eigenvalues are cut
  for (Index i = 0; i < eigenvalues.size(); ++i) {
    edges.push_back(eigenvalues.data()[i]);
    edges.push_back(eigenvalues.data()[i] / ratio);
  }
  std::sort(edges.begin(), edges.end());
  double best = eigenvalues.maxCoeff() / ratio, least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double low = stationary(eigenvalues, weight, 0.5 * (edges[i] + edges[i + 1]), ratio);
    if (!(low > 0)) continue;
    const double value = deviance(eigenvalues, weight, low, ratio);
    if (value < least) least = value, best = low;
  }
  return best;
}

// True when the eigenvalues were out of bounds, and are no longer, but for those below the floor, which will be lifted to it.
bool restrict_to_ratio(Matrix& eigenvalues, const Vector& weight, double ratio, double floor) {
  if (eigenvalues.maxCoeff() <= ratio * std::max(eigenvalues.minCoeff(), floor)) return false;
  const double low = best_bound(eigenvalues, weight, ratio);
  eigenvalues = eigenvalues.cwiseMax(low).cwiseMin(ratio * std::max(low, floor));
  return true;
}

void restrict_matrices(Covariances& covariances, const Vector& weight, const Vector& scale, double ratio,
                       double floor) {
  const Vector inverse = scale.cwiseInverse();
  std::vector<Solver> solvers;
  solvers.reserve(static_cast<std::size_t>(covariances.n_matrices()));  // growing would copy them
  Matrix eigenvalues(covariances.n_matrices(), covariances.n_features);
  for (Index i = 0; i < covariances.n_matrices(); ++i) {
    solvers.emplace_back(inverse.asDiagonal() * covariances.matrix(i) * inverse.asDiagonal());
    eigenvalues.row(i) = solvers.back().eigenvalues().cwiseMax(0.0);
  }
  if (!restrict_to_ratio(eigenvalues, weight, ratio, floor)) return;
  for (Index i = 0; i < covariances.n_matrices(); ++i) {
    from_eigenvalues(scale, solvers[static_cast<std::size_t>(i)].eigenvectors(), eigenvalues.row(i).transpose(),
                     covariances.matrix(i));
  }
}

}  // namespace

void restrict_eigenvalues(Covariances& covariances, const Vector& weight, const ColumnScale& column_scale, double ratio,
                          double floor) {
  const Vector& scale = column_scale.each;
  switch (covariances.shape) {
    case CovarianceShape::full: return restrict_matrices(covariances, weight, scale, ratio, floor);
    case CovarianceShape::tied: return restrict_matrices(covariances, Vector::Ones(1), scale, ratio, floor);
    case CovarianceShape::diag: {
      MatrixMap variances(covariances.values.data(), covariances.n_components, covariances.n_features);
      Matrix scaled = variances * scale.cwiseAbs2().cwiseInverse().asDiagonal();
      if (restrict_to_ratio(scaled, weight, ratio, floor)) variances = scaled * scale.cwiseAbs2().asDiagonal();
      return;
    }
    case CovarianceShape::factor: break;  // not available
    case CovarianceShape::spherical: {
      MatrixMap variances(covariances.values.data(), covariances.n_components, 1);
      Matrix values = variances;
      if (restrict_to_ratio(values, weight, ratio, floor * column_scale.largest * column_scale.largest))
        variances = values;
      return;
    }
  }
}

}  // namespace gaussmix
