// A conjugate prior of means and covariances: M-steps then maximise the posterior density.
#pragma once

#include "covariance/covariances.hpp"
#include "statistics/sufficient_statistics.hpp"

namespace gaussmix {

// Normal-inverse-Wishart, the same for every component (Fraley & Raftery 2007, "Bayesian regularization for normal mixture
// estimation and model-based clustering"):
//   mu_k | Sigma_k ~ N(mean, Sigma_k / shrinkage),   Sigma_k ~ IW(dof, scale),
// and with variances alone their inverse-gamma counterparts: sigma^2_kj ~ IG(dof / 2, scale_jj / 2) diag,
// sigma^2_k ~ IG(dof / 2, mean of scale_jj / 2) spherical.
struct Prior {
  double unit = 1;  // of the weights in statistics, which the prior counts as so many rows; of log_density() too
  double shrinkage = 0;
  Vector mean;  // D
  double dof = 0;
  Matrix scale;  // D x D

  // Turns n_k, means and scatters into those whose ratio scatter / n is the mode of the posterior (equations 10 to 17).
  // `one_for_all`: the components have one covariance in common, of which the prior counts once. Where they share only parts
  // of their covariances, the prior is the product of those of the components, restricted to what they share.
  void add_to(SufficientStatistics& statistics, bool one_for_all, Workspace& workspace) const;

  // Its log density at the parameters over `unit`, up to a constant.
  double log_density(const Matrix& means, const Factors& factors, bool one_for_all, Workspace& workspace) const;
};

}  // namespace gaussmix
