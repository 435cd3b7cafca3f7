#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "bindings/outcome.hpp"
#include "bindings/settings.hpp"
#include "em/fit.hpp"

namespace gaussmix::bindings {

namespace {

GivenStart given_start(const Data& data, const Structure& structure, Index n_components, const OptionalArray& weights,
                       const OptionalArray& means, const OptionalArray& covariances,
                       const OptionalArray& precisions_cholesky, const OptionalArray& responsibilities,
                       const OptionalArray& history) {
  const DefaultFloatingPoint mode;
  GivenStart given;
  if (weights) {
    require_size(*weights, n_components, "weights_init");
    given.weights = to_vector(*weights);
  }
  if (means) given.means = to_matrix(*means, n_components, data.n_features, "means_init");
  if (covariances) given.covariances = to_covariances(*covariances, structure, n_components, data.n_features);
  if (precisions_cholesky)
    given.factors = to_factors(*precisions_cholesky, structure, n_components, data.n_features, Lower::computed);
  if (responsibilities) {
    require_size(*responsibilities, data.n_rows * n_components, "responsibilities_init");
    given.responsibilities = responsibilities->data();
  }
  if (history) require_aligned(*history, "history");
  if (history) given.history.assign(history->data(), history->data() + history->size());
  return given;
}

py::dict fit_mixture(const py::array& x, const OptionalArray& sample_weight, Index n_components,
                     const std::string& covariance_type, Index n_factors, std::optional<double> tol,
                     std::optional<double> reg_covar, Index max_iter, std::optional<double> max_seconds, Index n_init,
                     bool race, const std::string& init_params, std::uint64_t seed, const std::string& accelerate,
                     const std::string& on_degenerate, std::optional<double> max_eigenvalue_ratio, bool one_unit,
                     std::optional<double> gain_left, const std::optional<py::dict>& prior,
                     std::optional<int> n_threads, const OptionalArray& weights_init, const OptionalArray& means_init,
                     const OptionalArray& covariances_init, const OptionalArray& precisions_cholesky_init,
                     const OptionalArray& responsibilities_init, const OptionalArray& history,
                     const std::optional<py::function>& on_iteration) {
  const Data data = make_data(x, sample_weight);
  Settings settings = make_settings({covariance_type, init_params, accelerate, on_degenerate},
                                    {n_components, n_factors, tol, reg_covar, max_iter, max_seconds, n_init, race,
                                     max_eigenvalue_ratio, one_unit, gain_left});
  if (prior) settings.prior = to_prior(*prior, data.n_features);
  settings.seed = seed;
  require_sizes(n_components, data.n_features);
  require_factors(*settings.structure, data.n_features);
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
        arg("covariance_type"), arg("n_factors") = 0, arg("tol"), arg("reg_covar"), arg("max_iter"), arg("max_seconds"),
        arg("n_init"), arg("race"), arg("init_params"), arg("seed"), arg("accelerate"), arg("on_degenerate"),
        arg("max_eigenvalue_ratio"), arg("one_unit"), arg("gain_left"), arg("prior"), arg("n_threads"),
        arg("weights_init").noconvert(), arg("means_init").noconvert(), arg("covariances_init").noconvert(),
        arg("precisions_cholesky_init").noconvert(), arg("responsibilities_init").noconvert(),
        arg("history").noconvert(), arg("on_iteration"));
}

}  // namespace gaussmix::bindings
