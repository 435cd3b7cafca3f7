#include "covariance/spectral_form.hpp"

#include <cmath>

#include "linalg/factor.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

// Below this ratio the product keeps no more than 1e-11 of the least variance.
constexpr double kFarApart = 1e-5;

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

}  // namespace gaussmix
