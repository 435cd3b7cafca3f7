#include "bindings/settings.hpp"

#include <pybind11/stl.h>

#include "base/errors.hpp"

namespace gaussmix::bindings {

namespace {

Start to_start(const std::string& name) {
  if (name == "kmeans") return Start::kmeans;
  if (name == "k-means++") return Start::kmeans_plus_plus;
  if (name == "random_from_data") return Start::random_from_data;
  if (name == "random") return Start::random;
  if (name == "hierarchical") return Start::hierarchical;
  throw InvalidArgument("unknown init_params '" + name + "'");
}

// Who names a tolerance asks for scikit-learn's rule, and wants its passes too.
Acceleration to_acceleration(const std::string& name, bool has_tolerance) {
  if (name == "auto") return has_tolerance ? Acceleration::never : Acceleration::automatic;
  if (name == "by rate") return Acceleration::automatic;
  if (name == "always") return Acceleration::always;
  if (name == "never") return Acceleration::never;
  throw InvalidArgument("unknown accelerate '" + name + "'");
}

OnDegenerate to_policy(const std::string& name) {
  if (name == "repair") return OnDegenerate::repair;
  if (name == "restart") return OnDegenerate::restart;
  if (name == "drop") return OnDegenerate::drop;
  if (name == "raise") return OnDegenerate::raise;
  throw InvalidArgument("unknown on_degenerate '" + name + "'");
}

}  // namespace

PriorSettings to_prior(const py::dict& prior, Index n_features) {
  PriorSettings settings;
  settings.shrinkage = number_item<double>(prior, "shrinkage");
  settings.dof = number_item<std::optional<double>>(prior, "dof");
  if (const OptionalArray mean = strict_or_none(item(prior, "mean"), "mean of the prior")) {
    require_size(*mean, n_features, "mean of the prior");
    settings.mean = to_vector(*mean);
  }
  if (const OptionalArray scale = strict_or_none(item(prior, "scale"), "scale of the prior"))
    settings.scale = to_matrix(*scale, n_features, n_features, "scale of the prior");
  return settings;
}

Settings make_settings(const ModelWords& words, const Limits& limits) {
  if (limits.n_components < 1 || limits.n_init < 1 || limits.max_iter < 0)
    throw InvalidArgument("n_components and n_init must be at least 1, max_iter at least 0");
  Settings settings;
  settings.structure = &structure(words.covariance_type, limits.n_factors);
  settings.start = to_start(words.init_params);
  settings.acceleration = to_acceleration(words.accelerate, limits.tol.has_value());
  settings.on_degenerate = to_policy(words.on_degenerate);
  settings.n_components = limits.n_components;
  settings.tol = limits.tol;
  settings.ridge = limits.reg_covar;
  settings.max_iter = limits.max_iter;
  settings.max_seconds = limits.max_seconds;
  settings.n_init = limits.n_init;
  settings.race = limits.race;
  settings.max_eigenvalue_ratio = limits.max_eigenvalue_ratio;
  settings.one_unit = limits.one_unit;
  settings.gain_left = limits.gain_left;
  return settings;
}

}  // namespace gaussmix::bindings
