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

void set_spectral(Covariances& covariances, Index k, const Vector& scale, const Eigen::MatrixXd& axes,
                  const Vector& variances) {
  from_eigenvalues(scale, axes, variances, covariances.matrix(k));
  covariances.within_bound = true;
  if (variances.minCoeff() > kFarApart * variances.maxCoeff()) return;
  if (covariances.root.empty()) covariances.root.assign(covariances.values.size(), 0.0);
  const Index d = covariances.n_features;
  Matrix inverse(d, d);
  factor_of_root(variances.cwiseSqrt().asDiagonal() * axes.transpose(), scale,
                 MatrixMap(covariances.root.data() + k * d * d, d, d), MatrixMap(inverse.data(), d, d));
}

void note_lost(Covariances& covariances, const Eigen::MatrixXd& scatter, double weight, const Eigen::MatrixXd& axes,
               const Vector& variances, double least) {
  const auto n_features = static_cast<double>(variances.size());
  const Vector rounding = n_features * std::numeric_limits<double>::epsilon() / weight *
                          (axes.cwiseAbs2().transpose() * scatter.diagonal());
  for (Index j = 0; j < variances.size(); ++j)
    covariances.lost_in_rounding |=
        rounding[j] > kLargestRounding && variances[j] <= std::max(least * (1 + 1e-9), rounding[j]);
}

}  // namespace gaussmix
