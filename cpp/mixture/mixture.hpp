// A mixture of Gaussians: parameters and the factors that follow from them.
#pragma once

#include "covariance/structure.hpp"

namespace gaussmix {

struct Mixture {
  const Structure* structure = nullptr;
  Vector weights;  // K, sum 1
  Matrix means;    // K x D
  Covariances covariances;
  Factors factors;
  bool repaired = false;  // the M-step that made it had to floor or keep a covariance

  Index n_components() const { return means.rows(); }
  Index n_features() const { return means.cols(); }
};

}  // namespace gaussmix
