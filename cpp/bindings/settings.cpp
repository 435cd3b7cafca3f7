#include "bindings/settings.hpp"

#include "base/errors.hpp"

namespace gaussmix::bindings {

namespace {

Start to_start(const std::string& name) {
  if (name == "kmeans") return Start::kmeans;
  if (name == "k-means++") return Start::kmeans_plus_plus;
  if (name == "random_from_data") return Start::random_from_data;
  if (name == "random") return Start::random;
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

}  // namespace

Settings make_settings(const ModelWords& words, const Limits& limits) {
  Settings settings;
  settings.structure = &structure(words.covariance_type);
  settings.start = to_start(words.init_params);
  settings.acceleration = to_acceleration(words.accelerate, limits.tol.has_value());
  settings.raise_degenerate = words.on_degenerate == "raise";
  settings.n_components = limits.n_components;
  settings.tol = limits.tol;
  settings.ridge = limits.reg_covar;
  settings.max_iter = limits.max_iter;
  settings.max_seconds = limits.max_seconds;
  settings.n_init = limits.n_init;
  settings.race = limits.race;
  return settings;
}

}  // namespace gaussmix::bindings
