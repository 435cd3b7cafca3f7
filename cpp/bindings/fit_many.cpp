#include <memory>
#include <string_view>

#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "bindings/outcome.hpp"
#include "bindings/settings.hpp"
#include "em/fit_many.hpp"

namespace gaussmix::bindings {

namespace {

using Outcomes = std::vector<TaskOutcome>;

constexpr const char* kOutcomes = "gaussmix.outcomes";

const char* ending(const TaskOutcome& task) {
  switch (task.ending) {
    case Ending::fitted: return to_string(task.outcome.starts[static_cast<std::size_t>(task.outcome.best)].status);
    case Ending::degenerate: return "degenerate";
    case Ending::failed: return "failed";
    case Ending::not_run: return "not run";
  }
  return "";
}

// What a table of many fits shows, a column each; nan and 0 where there is no fit.
py::dict table(const Outcomes& outcomes) {
  const auto n = static_cast<py::ssize_t>(outcomes.size());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Array log_likelihood(n);
  IntArray n_iter(n);
  py::tuple status(n), message(n);
  for (py::ssize_t i = 0; i < n; ++i) {
    const TaskOutcome& task = outcomes[static_cast<std::size_t>(i)];
    const bool fitted = task.ending == Ending::fitted;
    const StartOutcome* best = fitted ? &task.outcome.starts[static_cast<std::size_t>(task.outcome.best)] : nullptr;
    log_likelihood.mutable_at(i) = fitted ? best->log_likelihood : nan;
    n_iter.mutable_at(i) = fitted ? best->n_iter : 0;
    status[static_cast<std::size_t>(i)] = ending(task);
    message[static_cast<std::size_t>(i)] = task.message;
  }
  py::dict out;
  out["status"] = status;
  out["message"] = message;
  out["log_likelihood"] = log_likelihood;
  out["n_iter"] = n_iter;
  return out;
}

py::dict fit_mixtures(const std::vector<py::array>& x, const std::vector<OptionalArray>& sample_weight,
                      const std::vector<std::uint64_t>& seeds, Index n_components, const std::string& covariance_type,
                      Index n_factors, std::optional<double> tol, std::optional<double> reg_covar, Index max_iter,
                      std::optional<double> max_seconds, Index n_init, bool race, const std::string& init_params,
                      const std::string& accelerate, const std::string& on_degenerate,
                      std::optional<double> max_eigenvalue_ratio, bool one_unit, const std::optional<py::dict>& prior,
                      std::optional<int> n_threads) {
  if (sample_weight.size() != x.size() || seeds.size() != x.size())
    throw InvalidArgument("X, sample_weight and seeds differ in length");
  std::vector<FitTask> tasks;
  tasks.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) tasks.push_back({make_data(x[i], sample_weight[i]), seeds[i]});
  Settings settings = make_settings(
      {covariance_type, init_params, accelerate, on_degenerate},
      {n_components, n_factors, tol, reg_covar, max_iter, max_seconds, n_init, race, max_eigenvalue_ratio, one_unit});
  if (prior)
    for (const FitTask& task : tasks) settings.prior = to_prior(*prior, task.data.n_features);  // it must suit each
  Call call(tasks.size() < 2 ? std::optional<int>(1) : n_threads);
  auto outcomes =
      std::make_unique<Outcomes>(call.without_gil([&] { return fit_many(tasks, settings, call.execution()); }));
  py::dict out = table(*outcomes);
  out["outcomes"] = py::capsule(outcomes.get(), kOutcomes, [](void* p) { delete static_cast<Outcomes*>(p); });
  outcomes.release();
  return out;
}

py::dict outcome_at(const py::capsule& outcomes, std::size_t index) {
  if (outcomes.name() == nullptr || std::string_view(outcomes.name()) != kOutcomes)
    throw py::type_error("outcomes must be what fit_many() returned");
  const auto& tasks = *outcomes.get_pointer<Outcomes>();
  if (index >= tasks.size()) throw InvalidArgument("there is no such index");
  const TaskOutcome& task = tasks[index];
  if (task.ending != Ending::fitted) throw InvalidArgument("there is no fit at this index");
  return from_outcome(task.outcome);
}

}  // namespace

void add_fit_many(py::module_& m) {
  using py::arg;
  m.def("fit_many", &fit_mixtures, arg("X"), arg("sample_weight"), arg("seeds"), py::kw_only(), arg("n_components"),
        arg("covariance_type"), arg("n_factors") = 0, arg("tol"), arg("reg_covar"), arg("max_iter"), arg("max_seconds"),
        arg("n_init"), arg("race"), arg("init_params"), arg("accelerate"), arg("on_degenerate"),
        arg("max_eigenvalue_ratio"), arg("one_unit"), arg("prior"), arg("n_threads"));
  m.def("outcome_at", &outcome_at, arg("outcomes"), arg("index"));
}

}  // namespace gaussmix::bindings
