// The settings that single and many fits share, as Python says them.
#pragma once

#include <string>

#include "bindings/arrays.hpp"
#include "em/settings.hpp"

namespace gaussmix::bindings {

struct ModelWords {
  const std::string& covariance_type;
  const std::string& init_params;
  const std::string& accelerate;
  const std::string& on_degenerate;
};

struct Limits {
  Index n_components;
  Index n_factors;  // 0 where the structure has none
  std::optional<double> tol;
  std::optional<double> reg_covar;
  Index max_iter;
  std::optional<double> max_seconds;
  Index n_init;
  bool race;
  std::optional<double> max_eigenvalue_ratio;
  bool one_unit;
  std::optional<double> gain_left;
};

// From keys shrinkage, mean, dof, scale; the last three may be None.
PriorSettings to_prior(const py::dict& prior, Index n_features);

Settings make_settings(const ModelWords& words, const Limits& limits);

}  // namespace gaussmix::bindings
