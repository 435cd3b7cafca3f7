#include <memory>
#include <numeric>
#include <string_view>

#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "bindings/given_starts.hpp"
#include "bindings/outcome.hpp"
#include "bindings/settings.hpp"
#include "covariance/array_form.hpp"
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

std::int64_t total(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); }

// What a table of many fits shows, a column each; nan and 0 where there is no fit.
py::dict table(const Outcomes& outcomes) {
  const auto n = static_cast<py::ssize_t>(outcomes.size());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Array log_likelihood(n);
  IntArray n_iter(n), repairs(n);
  py::tuple status(n), message(n);
  for (py::ssize_t i = 0; i < n; ++i) {
    const TaskOutcome& task = outcomes[static_cast<std::size_t>(i)];
    const bool fitted = task.ending == Ending::fitted;
    const StartOutcome* best = fitted ? &task.outcome.starts[static_cast<std::size_t>(task.outcome.best)] : nullptr;
    log_likelihood.mutable_at(i) = fitted ? best->log_likelihood : nan;
    n_iter.mutable_at(i) = fitted ? best->n_iter : 0;
    repairs.mutable_at(i) = fitted ? total(best->repairs.floored) + total(best->repairs.emptied) : 0;
    status[static_cast<std::size_t>(i)] = ending(task);
    message[static_cast<std::size_t>(i)] = task.message;
  }
  py::dict out;
  out["status"] = status;
  out["message"] = message;
  out["log_likelihood"] = log_likelihood;
  out["n_iter"] = n_iter;
  out["repairs"] = repairs;
  return out;
}

py::dict fit_mixtures(const std::vector<py::array>& x, const std::vector<OptionalArray>& sample_weight,
                      const std::vector<std::uint64_t>& seeds, Index n_components, const std::string& covariance_type,
                      Index n_factors, std::optional<double> tol, std::optional<double> reg_covar, Index max_iter,
                      std::optional<double> max_seconds, Index n_init, bool race, const std::string& init_params,
                      const std::string& accelerate, const std::string& on_degenerate,
                      std::optional<double> max_eigenvalue_ratio, bool one_unit, std::optional<double> gain_left,
                      const std::optional<py::dict>& prior, std::optional<int> n_threads,
                      const OptionalArray& weights_init, const OptionalArray& means_init,
                      const OptionalArray& covariances_init) {
  if (sample_weight.size() != x.size() || seeds.size() != x.size())
    throw InvalidArgument("X, sample_weight and seeds differ in length");
  std::vector<FitTask> tasks;
  tasks.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) tasks.push_back({make_data(x[i], sample_weight[i]), seeds[i]});
  Settings settings = make_settings({covariance_type, init_params, accelerate, on_degenerate},
                                    {n_components, n_factors, tol, reg_covar, max_iter, max_seconds, n_init, race,
                                     max_eigenvalue_ratio, one_unit, gain_left});
  if (prior)
    for (const FitTask& task : tasks) settings.prior = to_prior(*prior, task.data.n_features);  // it must suit each
  const Index n_features = tasks.empty() ? 1 : tasks.front().data.n_features;
  const std::vector<GivenStart> starts =
      given_starts(*settings.structure, static_cast<Index>(tasks.size()), n_components, n_features, weights_init,
                   means_init, covariances_init);
  for (std::size_t i = 0; i < tasks.size() && !starts.empty(); ++i) {
    if (tasks[i].data.n_features != n_features) throw InvalidArgument("a start fits data of one width only");
    tasks[i].start = &starts[starts.size() == 1 ? 0 : i];
  }
  Call call(tasks.size() < 2 ? std::optional<int>(1) : n_threads);
  auto outcomes =
      std::make_unique<Outcomes>(call.without_gil([&] { return fit_many(tasks, settings, call.execution()); }));
  py::dict out = table(*outcomes);
  out["outcomes"] = py::capsule(outcomes.get(), kOutcomes, [](void* p) { delete static_cast<Outcomes*>(p); });
  outcomes.release();
  return out;
}

const Outcomes& outcomes_in(const py::capsule& outcomes) {
  if (outcomes.name() == nullptr || std::string_view(outcomes.name()) != kOutcomes)
    throw py::type_error("outcomes must be what fit_many() returned");
  return *outcomes.get_pointer<Outcomes>();
}

py::dict outcome_at(const py::capsule& outcomes, std::size_t index) {
  const Outcomes& tasks = outcomes_in(outcomes);
  if (index >= tasks.size()) throw InvalidArgument("there is no such index");
  const TaskOutcome& task = tasks[index];
  if (task.ending != Ending::fitted) throw InvalidArgument("there is no fit at this index");
  return from_outcome(task.outcome);
}

const Mixture& mixture_of(const TaskOutcome& task) {
  return task.outcome.starts[static_cast<std::size_t>(task.outcome.best)].mixture;
}

// As many rows as there are tasks; those of tasks without a fit stay nan.
Array nan_rows(std::size_t n_tasks, std::vector<py::ssize_t> dimensions) {
  dimensions.insert(dimensions.begin(), static_cast<py::ssize_t>(n_tasks));
  Array out(dimensions);
  std::fill_n(out.mutable_data(), out.size(), std::numeric_limits<double>::quiet_NaN());
  return out;
}

py::dict parameters_of(const py::capsule& outcomes) {
  const Outcomes& tasks = outcomes_in(outcomes);
  const auto fitted = [](const TaskOutcome& task) { return task.ending == Ending::fitted; };
  const auto first = std::find_if(tasks.begin(), tasks.end(), fitted);
  if (first == tasks.end()) throw InvalidArgument("there is no fit");
  const Mixture& model = mixture_of(*first);
  const Index n_components = model.n_components(), n_features = model.n_features();
  Array weights = nan_rows(tasks.size(), {n_components});
  Array means = nan_rows(tasks.size(), {n_components, n_features});
  Array covariances = nan_rows(tasks.size(), covariance_dimensions(*model.structure, n_components, n_features));
  const auto put = [](const auto& values, Array& rows, std::size_t i) {
    const auto size = static_cast<Index>(values.size());
    std::copy_n(values.data(), size, rows.mutable_data() + static_cast<Index>(i) * size);
  };
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!fitted(tasks[i])) continue;
    const Mixture& mixture = mixture_of(tasks[i]);
    if (mixture.n_components() != n_components || mixture.n_features() != n_features)
      throw InvalidArgument("the mixtures differ in size");
    put(mixture.weights, weights, i);
    put(mixture.means, means, i);
    put(to_array_form(*mixture.structure, n_components, n_features, mixture.covariances.values), covariances, i);
  }
  py::dict out;
  out["weights"] = weights;
  out["means"] = means;
  out["covariances"] = covariances;
  return out;
}

}  // namespace

void add_fit_many(py::module_& m) {
  using py::arg;
  m.def("fit_many", &fit_mixtures, arg("X"), arg("sample_weight"), arg("seeds"), py::kw_only(), arg("n_components"),
        arg("covariance_type"), arg("n_factors") = 0, arg("tol"), arg("reg_covar"), arg("max_iter"), arg("max_seconds"),
        arg("n_init"), arg("race"), arg("init_params"), arg("accelerate"), arg("on_degenerate"),
        arg("max_eigenvalue_ratio"), arg("one_unit"), arg("gain_left"), arg("prior"), arg("n_threads"),
        arg("weights_init").noconvert(), arg("means_init").noconvert(), arg("covariances_init").noconvert());
  m.def("outcome_at", &outcome_at, arg("outcomes"), arg("index"));
  m.def("parameters_of", &parameters_of, arg("outcomes"));
}

}  // namespace gaussmix::bindings
