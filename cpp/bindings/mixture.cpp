#include <memory>
#include <string_view>

#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "covariance/array_form.hpp"
#include "mixture/evaluate.hpp"
#include "mixture/sample.hpp"

namespace gaussmix::bindings {

namespace {

const char* to_string(ScatterKind kind) {
  switch (kind) {
    case ScatterKind::full: return "full";
    case ScatterKind::pooled: return "pooled";
    case ScatterKind::diag: return "diag";
    case ScatterKind::trace: return "trace";
    case ScatterKind::factor: return "factor";
  }
  return "";
}

py::tuple list_structures() {
  py::list out;
  for (const Structure* s : structures())
    out.append(py::make_tuple(std::string(s->name()), std::string(s->code()), std::string(to_string(s->shape())),
                              to_string(s->need()), s->one_for_all(), s->each_its_own(), s->one_unit(),
                              s->only_n_features()));
  return py::tuple(out);
}

py::tuple factorise_covariances(const std::string& covariance_type, const Array& covariances, Index n_components,
                                Index n_features) {
  const DefaultFloatingPoint mode;
  const Structure& kind = structure(covariance_type);
  require_sizes(n_components, n_features);
  if (kind.shape() == CovarianceShape::tied) n_components = 1;  // nothing given bounds it, and one answer serves all
  const Covariances values = to_covariances(covariances, kind, n_components, n_features);
  const std::vector<double> factors =
      to_array_form(kind, n_components, n_features, precisions_cholesky(factorise(values)));
  check_structure(kind, values);
  return py::make_tuple(copy_to_array(factors.data(), covariance_dimensions(kind, n_components, n_features)),
                        to_array(reciprocal_conditions(values)));
}

constexpr const char* kDensity = "gaussmix.density";

// What the kernels read, kept by the Python mixture: for a few rows, making it takes longer than using it.
py::capsule prepare_density(const std::string& covariance_type, const Array& weights, const Array& means,
                            const Array& precisions_cholesky) {
  const DefaultFloatingPoint mode;
  auto parameters = std::make_unique<KernelParameters>(
      kernel_parameters(to_mixture(covariance_type, weights, means, precisions_cholesky, Lower::omitted)));
  py::capsule density(parameters.get(), kDensity, [](void* p) { delete static_cast<KernelParameters*>(p); });
  parameters.release();
  return density;
}

const KernelParameters& to_parameters(const py::capsule& density) {
  if (density.name() == nullptr || std::string_view(density.name()) != kDensity)
    throw py::type_error("density must be what prepare() returned");
  return *density.get_pointer<KernelParameters>();
}

py::dict evaluate_rows(const py::array& x, const py::capsule& density, bool log_density, bool responsibilities,
                       bool labels, bool joint_log_density, std::optional<int> n_threads) {
  const Data data = make_data(x, std::nullopt);
  const KernelParameters& parameters = to_parameters(density);
  const Index n_components = parameters.means.rows();
  if (parameters.means.cols() != data.n_features)
    throw InvalidArgument("X and means differ in their number of columns");
  py::dict out;
  kernels::Outputs outputs;
  const std::vector<py::ssize_t> rows{data.n_rows}, table{data.n_rows, n_components};
  const auto add = [&](const char* name, const std::vector<py::ssize_t>& shape) {
    Array array(shape);
    out[name] = array;
    return array.mutable_data();
  };
  if (log_density) outputs.log_density = add("log_density", rows);
  if (responsibilities) outputs.responsibilities = add("responsibilities", table);
  if (joint_log_density) outputs.joint_log_density = add("joint_log_density", table);
  if (labels) {
    IntArray array(rows);
    out["labels"] = array;
    outputs.labels = array.mutable_data();
  }
  Call call(n_threads, data.n_rows, n_components, data.n_features);
  const Execution execution = call.execution();
  call.without_gil([&] {
    evaluate(data, parameters, outputs, execution);
    return true;
  });
  return out;
}

py::tuple sample_mixture(const std::string& covariance_type, const Array& weights, const Array& means,
                         const Array& precisions_cholesky, Index n_samples, std::uint64_t seed) {
  const Mixture mixture = to_mixture(covariance_type, weights, means, precisions_cholesky, Lower::computed);
  Array x(std::vector<py::ssize_t>{n_samples, mixture.n_features()});
  IntArray labels(n_samples);
  double* rows = x.mutable_data();
  std::int64_t* components = labels.mutable_data();
  Call call(std::nullopt);
  const Execution execution = call.execution();
  call.without_gil([&] {
    sample(mixture, n_samples, seed, execution, rows, components);
    return true;
  });
  return py::make_tuple(x, labels);
}

}  // namespace

void add_mixture(py::module_& m) {
  using py::arg;
  m.def("structures", &list_structures);
  m.def(
      "n_covariance_parameters",
      [](const std::string& covariance_type, Index n_components, Index n_features, Index n_factors) {
        require_sizes(n_components, n_features);
        const Structure& wanted = structure(covariance_type, n_factors);
        require_factors(wanted, n_features);
        return wanted.n_covariance_parameters(n_components, n_features);
      },
      arg("covariance_type"), arg("n_components"), arg("n_features"), arg("n_factors") = 0);
  m.def("factorise", &factorise_covariances, arg("covariance_type"), arg("covariances").noconvert(),
        arg("n_components"), arg("n_features"));
  m.def("prepare", &prepare_density, arg("covariance_type"), arg("weights").noconvert(), arg("means").noconvert(),
        arg("precisions_cholesky").noconvert());
  m.def("evaluate", &evaluate_rows, arg("X").noconvert(), arg("density"), py::kw_only(), arg("log_density") = false,
        arg("responsibilities") = false, arg("labels") = false, arg("joint_log_density") = false,
        arg("n_threads") = py::none());
  m.def("sample", &sample_mixture, arg("covariance_type"), arg("weights").noconvert(), arg("means").noconvert(),
        arg("precisions_cholesky").noconvert(), arg("n_samples"), arg("seed"));
}

}  // namespace gaussmix::bindings
