// A factor analyser as one vector of numbers about another.
#pragma once

#include "mixture/mixture.hpp"

namespace gaussmix {

// About mean m, loadings Lambda and noise Psi of component k of a mixture, in its own units: the mean less m times Sigma^-1/2;
// Psi^-1/2 times the loadings less Lambda, stretched as below; the sd of the noise over that of the origin, less one. Of any
// vector there is a factor analyser, and its coordinates do not depend on the units of the features nor on how the factors are
// turned. Standard deviations, because the likelihood of a noise that vanishes is linear in its variance: quadratic in these,
// with a maximum at zero, where logs would have it infinitely far away.
//
// The M-step is one of parameter-expanded EM: loadings Lambda* by regression and a covariance R of the factors, then
// Lambda* R^1/2. Per unit weight and in the units above, the information on Lambda* is I and that on R, at R = I, half the
// squared Frobenius norm of its change, which moves the loadings by X dR / 2, X = Psi^-1/2 Lambda = U S V^T. So what is known of
// the loadings has the inverse I, and along (s_i u_i v_j^T + s_j u_j v_i^T) / sqrt(s_i^2 + s_j^2) the inverse
// 1 + (s_i^2 + s_j^2) / 4: steps of EM are longer there. Shrunk by the root of it, the loadings have information I.
class FactorCoordinates {
 public:
  // Takes memory from the workspace that has to outlive it.
  FactorCoordinates(const Mixture& origin, Index k, Workspace& workspace);

  static Index length(Index n_features, Index n_factors) { return n_features * (n_factors + 2); }
  void to_vector(const Mixture& mixture, double* parameters) const;
  // Writes mean and covariance.
  void from_vector(const double* parameters, Mixture& mixture) const;
  // The Fisher information, per unit weight.
  static void metric(Index n_features, Index n_factors, double weight, double* information);

 private:
  enum class Way { in, out };
  void stretch(Way way, MatrixMap loadings) const;
  void stretch(Way way, VectorMap mean) const;

  const Mixture& origin_;
  Index k_, n_features_, n_factors_;
  Workspace& workspace_;
  VectorMap deviation_;  // of the noise
  ColumnMap principal_;  // X V = U S
  ColumnMap axes_;       // V
  VectorMap squares_;    // S^2
};

}  // namespace gaussmix
