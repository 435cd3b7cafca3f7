#include "covariance/spectral_form.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/factor.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

// Below this ratio the product keeps no more than 1e-11 of the least variance.
constexpr double kFarApart = 1e-5;
// A hundredth of the floor under eigenvalues: so well is a density known at the floor.
constexpr double kLargestRounding = 1e-10;

}  // namespace

void set_spectral(Covariances& covariances, Index k, const Vector& scale, const ColumnView& axes,
                  const VectorView& variances, Workspace& workspace) {
  from_eigenvalues(scale, axes, variances, workspace, covariances.matrix(k));
  covariances.within_bound = true;
  if (variances.minCoeff() > kFarApart * variances.maxCoeff()) return;
  if (covariances.root.empty()) covariances.root.assign(covariances.values.size(), 0.0);
  const Index d = covariances.n_features;
  const Workspace::Scope scope(workspace);
  ColumnMap root = workspace.columns(d, d);
  MatrixMap inverse = workspace.matrix(d, d);
  for (Index i = 0; i < d; ++i) root.row(i) = std::sqrt(variances[i]) * axes.col(i).transpose();
  factor_of_root(root, scale, workspace, MatrixMap(covariances.root.data() + k * d * d, d, d), inverse);
}

void note_lost(Covariances& covariances, const ColumnView& scatter, double weight, const ColumnView& axes,
               const VectorView& variances, double least) {
  const double unit = static_cast<double>(variances.size()) * std::numeric_limits<double>::epsilon() / weight;
  for (Index j = 0; j < variances.size(); ++j) {
    const double rounding = unit * axes.col(j).cwiseAbs2().dot(scatter.diagonal());
    covariances.lost_in_rounding |=
        rounding > kLargestRounding && variances[j] <= std::max(least * (1 + 1e-9), rounding);
  }
}

}  // namespace gaussmix
