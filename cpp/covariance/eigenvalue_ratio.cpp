#include "covariance/eigenvalue_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

// The eigenvalues of all components in rising order, and sums over the first of them.
class SortedEigenvalues {
 public:
  SortedEigenvalues(const MatrixMap& eigenvalues, const VectorView& weight, Workspace& workspace)
      : n_(eigenvalues.size()),
        sorted_(workspace.vector(n_)),
        weights_(workspace.vector(n_ + 1)),
        products_(workspace.vector(n_ + 1)),
        logs_(workspace.vector(n_ + 1)) {
    const Workspace::Scope scope(workspace);
    VectorMap order = workspace.vector(n_);
    for (Index i = 0; i < n_; ++i) order[i] = static_cast<double>(i);
    const double* const values = eigenvalues.data();
    std::sort(order.begin(), order.end(),
              [=](double a, double b) { return values[static_cast<Index>(a)] < values[static_cast<Index>(b)]; });
    weights_[0] = products_[0] = logs_[0] = 0;
    for (Index i = 0; i < n_; ++i) {
      const auto at = static_cast<Index>(order[i]);
      const double d = sorted_[i] = values[at], w = weight[at / eigenvalues.cols()];
      weights_[i + 1] = weights_[i] + w;
      products_[i + 1] = products_[i] + w * d;
      logs_[i + 1] = logs_[i] + w * std::log(std::max(d, 1e-300));
    }
  }

  const VectorMap& sorted() const { return sorted_; }

  // sum_k n_k sum_j (log d' + d / d') with all d' in [low, ratio * low]
  double deviance(double low, double ratio) const {
    const auto [below, above] = cut(low, ratio);
    const double high = ratio * low;
    return weights_[below] * std::log(low) + products_[below] / low +               // lifted
           logs_[above] - logs_[below] + weights_[above] - weights_[below] +        // kept
           from(weights_, above) * std::log(high) + from(products_, above) / high;  // lowered
  }

  // The best lower bound if just those eigenvalues lie below it, and those above `ratio` times it, that do so for `low`.
  double stationary(double low, double ratio) const {
    const auto [below, above] = cut(low, ratio);
    const double count = weights_[below] + from(weights_, above);
    return count > 0 ? (products_[below] + from(products_, above) / ratio) / count : low;
  }

 private:
  // How many lie below `low`, and how many not above `ratio` times it.
  std::pair<Index, Index> cut(double low, double ratio) const {
    return {std::lower_bound(sorted_.begin(), sorted_.end(), low) - sorted_.begin(),
            std::upper_bound(sorted_.begin(), sorted_.end(), ratio * low) - sorted_.begin()};
  }
  double from(const VectorMap& sums, Index first) const { return sums[n_] - sums[first]; }

  Index n_;
  VectorMap sorted_, weights_, products_, logs_;
};

double best_bound(const MatrixMap& eigenvalues, const VectorView& weight, double ratio, Workspace& workspace) {
  const Workspace::Scope scope(workspace);
  const SortedEigenvalues all(eigenvalues, weight, workspace);
  const Index n = eigenvalues.size();
  VectorMap edges = workspace.vector(2 * n);  // between two of these the same eigenvalues are cut
  edges.head(n) = all.sorted();
  edges.tail(n) = all.sorted() / ratio;
  std::sort(edges.begin(), edges.end());
  double best = eigenvalues.maxCoeff() / ratio, least = std::numeric_limits<double>::infinity();
  for (Index i = 0; i + 1 < edges.size(); ++i) {
    const double low = all.stationary(0.5 * (edges[i] + edges[i + 1]), ratio);
    if (!(low > 0)) continue;
    const double value = all.deviance(low, ratio);
    if (value < least) least = value, best = low;
  }
  return best;
}

// True when the eigenvalues were out of bounds, and are no longer, but for those below the floor, which will be lifted to it.
bool restrict_to_ratio(MatrixMap eigenvalues, const VectorView& weight, double ratio, double floor,
                       Workspace& workspace) {
  if (eigenvalues.maxCoeff() <= ratio * std::max(eigenvalues.minCoeff(), floor)) return false;
  const double low = best_bound(eigenvalues, weight, ratio, workspace);
  eigenvalues = eigenvalues.cwiseMax(low).cwiseMin(ratio * std::max(low, floor));
  return true;
}

void restrict_matrices(Covariances& covariances, const VectorView& weight, const Vector& scale, double ratio,
                       double floor, Workspace& workspace) {
  const Index n = covariances.n_matrices(), n_features = covariances.n_features;
  const MatrixStack axes = workspace.matrices(n, n_features);
  MatrixMap eigenvalues = workspace.matrix(n, n_features);
  for (Index i = 0; i < n; ++i) {
    const Workspace::Scope of_one(workspace);
    const Spectrum spectrum = spectrum_of(in_units_of(scale, covariances.matrix(i), workspace), workspace);
    axes[i] = spectrum.axes;
    eigenvalues.row(i) = spectrum.eigenvalues.cwiseMax(0.0).transpose();
  }
  if (!restrict_to_ratio(eigenvalues, weight, ratio, floor, workspace)) return;
  for (Index i = 0; i < n; ++i)
    from_eigenvalues(scale, axes[i], eigenvalues.row(i).transpose(), workspace, covariances.matrix(i));
}

// Variances j of each component in units of the square of `scale` j.
void restrict_variances(MatrixMap variances, const VectorView& weight, const VectorView& scale, double ratio,
                        double floor, Workspace& workspace) {
  MatrixMap scaled = workspace.matrix(variances.rows(), variances.cols());
  const auto units = scale.cwiseAbs2().transpose();
  for (Index k = 0; k < scaled.rows(); ++k) scaled.row(k) = variances.row(k).cwiseQuotient(units);
  if (!restrict_to_ratio(scaled, weight, ratio, floor, workspace)) return;
  for (Index k = 0; k < scaled.rows(); ++k) variances.row(k) = scaled.row(k).cwiseProduct(units);
}

}  // namespace

void restrict_eigenvalues(Covariances& covariances, const Vector& weight, const ColumnScale& scale, double ratio,
                          double floor, Workspace& workspace) {
  const Workspace::Scope scope(workspace);
  const Index n_components = covariances.n_components;
  const double one = 1;
  switch (covariances.shape) {
    case CovarianceShape::full: return restrict_matrices(covariances, weight, scale.each, ratio, floor, workspace);
    case CovarianceShape::tied:
      return restrict_matrices(covariances, ConstVectorMap(&one, 1), scale.each, ratio, floor, workspace);
    case CovarianceShape::diag:
      return restrict_variances({covariances.values.data(), n_components, covariances.n_features}, weight, scale.each,
                                ratio, floor, workspace);
    case CovarianceShape::spherical:
      return restrict_variances({covariances.values.data(), n_components, 1}, weight, ConstVectorMap(&scale.largest, 1),
                                ratio, floor, workspace);
    case CovarianceShape::factor: break;  // not available
  }
}

}  // namespace gaussmix
