#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "em/fit.hpp"

namespace gaussmix::bindings {

namespace {

Start to_start(const std::string& name) {
  if (name == "kmeans") return Start::kmeans;
  if (name == "k-means++") return Start::kmeans_plus_plus;
  if (name == "random_from_data") return Start::random_from_data;
  if (name == "random") return Start::random;
  throw InvalidArgument("unknown init_params '" + name + "'");
}

Acceleration to_acceleration(const std::string& name) {
  if (name == "auto") return Acceleration::automatic;
  if (name == "always") return Acceleration::always;
  if (name == "never") return Acceleration::never;
  throw InvalidArgument("unknown accelerate '" + name + "'");
}

const char* to_string(Status status) {
  switch (status) {
    case Status::converged: return "converged";
    case Status::max_iter: return "max_iter";
    case Status::stopped: return "stopped";
    case Status::interrupted: return "interrupted";
    case Status::degenerate: return "degenerate";
  }
  return "";
}

py::dict from_start(const StartOutcome& start) {
  py::dict out;
  out["status"] = to_string(start.status);
  out["n_iter"] = start.n_iter;
  out["log_likelihood"] = start.log_likelihood;
  out["trace"] = to_array(start.trace);
  out["predicted_gain"] = start.predicted_gain;
  out["floored"] = to_array(start.repairs.floored);
  out["emptied"] = to_array(start.repairs.emptied);
  out["rejected"] = start.rejected;
  out["message"] = start.message;
  return out;
}

py::dict from_outcome(const Outcome& outcome) {
  const StartOutcome& best = outcome.starts[static_cast<std::size_t>(outcome.best)];
  py::dict out = from_mixture(best.mixture);
  out["log_likelihood"] = best.log_likelihood;
  out["certainty"] = best.certainty;
  out["total_weight"] = outcome.totals.weight;
  out["total_squared_weight"] = outcome.totals.squared_weight;
  out["n_rows"] = outcome.totals.n_rows;
  out["column_scale"] = to_array(outcome.column_scale);
  out["best_start"] = outcome.best;
  double seconds_init = 0, seconds_em = 0;
  py::list starts;
  for (const StartOutcome& start : outcome.starts) {
    seconds_init += start.seconds_init;
    seconds_em += start.seconds_em;
    starts.append(from_start(start));
  }
  out["seconds_init"] = seconds_init;
  out["seconds_em"] = seconds_em;
  out["starts"] = starts;
  return out;
}

GivenStart given_start(const Data& data, const Structure& structure, Index n_components, const OptionalArray& weights,
                       const OptionalArray& means, const OptionalArray& covariances,
                       const OptionalArray& precisions_cholesky, const OptionalArray& responsibilities,
                       const OptionalArray& history) {
  GivenStart given;
  if (weights) {
    require_size(*weights, n_components, "weights_init");
    given.weights = to_vector(*weights);
  }
  if (means) {
    require_size(*means, n_components * data.n_features, "means_init");
    given.means = to_matrix(*means);
  }
  if (covariances) given.covariances = to_covariances(*covariances, structure.shape(), n_components, data.n_features);
  if (precisions_cholesky) {
    require_size(*precisions_cholesky, Covariances::size(structure.shape(), n_components, data.n_features),
                 "precisions_cholesky_init");
    given.factors = from_precisions_cholesky(structure.shape(), n_components, data.n_features,
                                             precisions_cholesky->data(), Lower::computed);
  }
  if (responsibilities) {
    require_size(*responsibilities, data.n_rows * n_components, "responsibilities_init");
    given.responsibilities = responsibilities->data();
  }
  if (history) given.history.assign(history->data(), history->data() + history->size());
  return given;
}

py::dict fit_mixture(const py::array& x, const OptionalArray& sample_weight, Index n_components,
                     const std::string& covariance_type, std::optional<double> tol, std::optional<double> reg_covar,
                     Index max_iter, Index n_init, const std::string& init_params, std::uint64_t seed,
                     const std::string& accelerate, const std::string& on_degenerate, std::optional<int> n_threads,
                     const OptionalArray& weights_init, const OptionalArray& means_init,
                     const OptionalArray& covariances_init, const OptionalArray& precisions_cholesky_init,
                     const OptionalArray& responsibilities_init, const OptionalArray& history,
                     const std::optional<py::function>& on_iteration) {
  const Data data = make_data(x, sample_weight);
  Settings settings;
  settings.structure = &structure(covariance_type);
  settings.n_components = n_components;
  settings.tol = tol;
  settings.ridge = reg_covar;
  settings.max_iter = max_iter;
  settings.n_init = n_init;
  settings.start = to_start(init_params);
  settings.seed = seed;
  settings.acceleration = to_acceleration(accelerate);
  settings.raise_degenerate = on_degenerate == "raise";
  settings.given = given_start(data, *settings.structure, n_components, weights_init, means_init, covariances_init,
                               precisions_cholesky_init, responsibilities_init, history);
  Call call(n_threads, data.n_rows, n_components, data.n_features);
  if (on_iteration)
    settings.on_iteration = [&](Index start, Index iteration, double log_likelihood) {
      py::gil_scoped_acquire acquire;
      try {
        return (*on_iteration)(start, iteration, log_likelihood).cast<bool>();
      } catch (const py::error_already_set& error) {
        call.keep_error(error);
        throw Interrupted();
      }
    };
  return from_outcome(call.without_gil([&] { return fit(data, settings, call.execution()); }));
}

}  // namespace

void add_fit(py::module_& m) {
  using py::arg;
  m.def("fit", &fit_mixture, arg("X").noconvert(), arg("sample_weight").noconvert(), py::kw_only(), arg("n_components"),
        arg("covariance_type"), arg("tol"), arg("reg_covar"), arg("max_iter"), arg("n_init"), arg("init_params"),
        arg("seed"), arg("accelerate"), arg("on_degenerate"), arg("n_threads"), arg("weights_init").noconvert(),
        arg("means_init").noconvert(), arg("covariances_init").noconvert(), arg("precisions_cholesky_init").noconvert(),
        arg("responsibilities_init").noconvert(), arg("history").noconvert(), arg("on_iteration"));
}

}  // namespace gaussmix::bindings
