#include "em/memory.hpp"

#include <pybind11/stl.h>

#include "base/parallel.hpp"
#include "bindings/arrays.hpp"
#include "bindings/functions.hpp"
#include "bindings/settings.hpp"

namespace gaussmix::bindings {

namespace {

py::tuple memory_of_fit(Index n_rows, Index n_features, bool single_precision, bool weighted, Index n_components,
                        const std::string& covariance_type, Index n_factors, std::optional<double> tol,
                        std::optional<double> reg_covar, Index max_iter, std::optional<double> max_seconds,
                        Index n_init, bool race, const std::string& init_params, const std::string& accelerate,
                        const std::string& on_degenerate, std::optional<double> max_eigenvalue_ratio, bool one_unit,
                        std::optional<double> gain_left, const std::optional<py::dict>& prior,
                        std::optional<int> n_threads) {
  require_sizes(n_components, n_features);
  if (n_rows < 1) throw InvalidArgument("there must be a row");
  Settings settings = make_settings({covariance_type, init_params, accelerate, on_degenerate},
                                    {n_components, n_factors, tol, reg_covar, max_iter, max_seconds, n_init, race,
                                     max_eigenvalue_ratio, one_unit, gain_left});
  require_factors(*settings.structure, n_features);
  if (prior) settings.prior = to_prior(*prior, n_features);
  static const double some_weight = 1;
  const Data data{nullptr, single_precision, weighted ? &some_weight : nullptr, n_rows, n_features};
  // By default the threads that other calls have at work now may be this one's when it begins.
  const MemoryNeeded needed = memory_needed(data, settings, usable_threads(n_threads.value_or(available_threads())));
  return py::make_tuple(needed.kept, needed.working, needed.handed_over);
}

}  // namespace

void add_memory(py::module_& m) {
  using py::arg;
  m.def("memory_needed", &memory_of_fit, arg("n_rows"), arg("n_features"), arg("single_precision"), arg("weighted"),
        py::kw_only(), arg("n_components"), arg("covariance_type"), arg("n_factors") = 0, arg("tol"), arg("reg_covar"),
        arg("max_iter"), arg("max_seconds"), arg("n_init"), arg("race"), arg("init_params"), arg("accelerate"),
        arg("on_degenerate"), arg("max_eigenvalue_ratio"), arg("one_unit"), arg("gain_left"), arg("prior"),
        arg("n_threads"));
}

}  // namespace gaussmix::bindings
