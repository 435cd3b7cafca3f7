#include <pybind11/stl.h>

#include "base/power_of_two.hpp"
#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "em/initialise.hpp"
#include "em/m_step.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix::bindings {

namespace {

ScatterKind to_scatter_kind(const std::string& name) {
  if (name == "full") return ScatterKind::full;
  if (name == "pooled") return ScatterKind::pooled;
  if (name == "diag") return ScatterKind::diag;
  if (name == "trace") return ScatterKind::trace;
  throw InvalidArgument("unknown scatter kind '" + name + "'");
}

std::vector<py::ssize_t> scatter_dimensions(ScatterKind kind, Index n_components, Index n_features) {
  switch (kind) {
    case ScatterKind::full: return {n_components, n_features, n_features};
    case ScatterKind::pooled: return {n_features, n_features};
    case ScatterKind::diag: return {n_components, n_features};
    case ScatterKind::trace: return {n_components};
    case ScatterKind::factor: break;  // has no name in to_scatter_kind()
  }
  return {};
}

py::dict from_statistics(const SufficientStatistics& s) {
  py::dict out;
  out["weight"] = to_array(s.weight);
  out["mean"] = to_array(s.mean);
  out["scatter"] = copy_to_array(s.scatter.data(), scatter_dimensions(s.kind, s.n_components(), s.n_features()));
  out["log_likelihood"] = s.log_likelihood;
  out["total_weight"] = s.total_weight;
  out["n_effective"] = s.n_effective;
  out["n_rows"] = s.n_rows;
  return out;
}

SufficientStatistics to_statistics(const py::dict& in, const std::string& scatter_kind) {
  SufficientStatistics s;
  s.kind = to_scatter_kind(scatter_kind);
  s.mean = to_matrix(strict(item(in, "mean"), "mean"));
  const Array weight = strict(item(in, "weight"), "weight"), scatter = strict(item(in, "scatter"), "scatter");
  require_size(weight, s.n_components(), "weight");
  require_size(scatter, scatter_size(s.kind, s.n_components(), s.n_features()), "scatter");
  s.weight = to_vector(weight);
  s.scatter.assign(scatter.data(), scatter.data() + scatter.size());
  s.log_likelihood = number_item<double>(in, "log_likelihood");
  s.total_weight = number_item<double>(in, "total_weight");
  s.n_effective = number_item<double>(in, "n_effective");
  s.n_rows = number_item<Index>(in, "n_rows");
  return s;
}

py::dict e_step(const py::array& x, const OptionalArray& sample_weight, const std::string& covariance_type,
                const Array& weights, const Array& means, const Array& precisions_cholesky,
                const std::string& scatter_kind, std::optional<int> n_threads) {
  const Data data = make_data(x, sample_weight);
  const Mixture mixture = to_mixture(covariance_type, weights, means, precisions_cholesky, Lower::computed);
  if (mixture.n_features() != data.n_features) throw InvalidArgument("X and means differ in their number of columns");
  const ScatterKind kind = to_scatter_kind(scatter_kind);
  Call call(n_threads, data.n_rows, mixture.n_components(), data.n_features);
  return from_statistics(call.without_gil([&] {
    const NormalisedWeights normalised(data);
    EStep e_step(normalised.data(), weight_totals(normalised.data()), call.execution());
    SufficientStatistics statistics = e_step(mixture, kind);
    scale(statistics, normalised.unit());
    return statistics;
  }));
}

py::tuple likelihood(const py::array& x, const OptionalArray& sample_weight, const std::string& covariance_type,
                     const Array& weights, const Array& means, const Array& precisions_cholesky,
                     std::optional<int> n_threads) {
  const Data data = make_data(x, sample_weight);
  const Mixture mixture = to_mixture(covariance_type, weights, means, precisions_cholesky, Lower::omitted);
  if (mixture.n_features() != data.n_features) throw InvalidArgument("X and means differ in their number of columns");
  Call call(n_threads, data.n_rows, mixture.n_components(), data.n_features);
  const auto [sums, unit] = call.without_gil([&] {
    const NormalisedWeights normalised(data);
    EStep e_step(normalised.data(), weight_totals(normalised.data()), call.execution());
    return std::pair(e_step.likelihood(mixture), normalised.unit());
  });
  return py::make_tuple(unit * sums.log_likelihood, unit * sums.certainty);
}

py::dict given_responsibilities(const py::array& x, const OptionalArray& sample_weight, const Array& responsibilities,
                                const std::string& scatter_kind, std::optional<int> n_threads) {
  const Data data = make_data(x, sample_weight);
  require_aligned(responsibilities, "responsibilities");
  if (responsibilities.ndim() != 2 || responsibilities.shape(0) != data.n_rows)
    throw InvalidArgument("responsibilities must have one row per row of X");
  const ScatterKind kind = to_scatter_kind(scatter_kind);
  const Index n_components = responsibilities.shape(1);
  require_sizes(n_components, data.n_features);
  const double* shares = responsibilities.data();
  Call call(n_threads);
  SufficientStatistics statistics = call.without_gil([&] {
    const NormalisedWeights normalised(data);
    const WeightTotals totals = weight_totals(normalised.data());
    const ColumnMoments moments = column_moments(normalised.data(), totals.weight, call.execution());
    EStep e_step(normalised.data(), totals, call.execution());
    SufficientStatistics sums =
        statistics_from_responsibilities(e_step, shares, n_components, moments.origin + moments.mean, kind);
    scale(sums, normalised.unit());
    return sums;
  });
  statistics.log_likelihood = std::numeric_limits<double>::quiet_NaN();  // no mixture, no likelihood
  return from_statistics(statistics);
}

py::dict merge_statistics(const py::dict& a, const py::dict& b, const std::string& scatter_kind) {
  const DefaultFloatingPoint mode;
  SufficientStatistics sum = to_statistics(a, scatter_kind);
  merge(sum, to_statistics(b, scatter_kind));
  return from_statistics(sum);
}

py::dict maximise(const py::dict& statistics, const std::string& scatter_kind, const std::string& covariance_type,
                  std::optional<double> reg_covar, const std::string& on_degenerate,
                  const std::optional<py::dict>& previous) {
  const DefaultFloatingPoint mode;
  SufficientStatistics s = to_statistics(statistics, scatter_kind);
  // A negligible share of the smallest weights must not underflow.
  scale(s, 1 / power_of_two_near(s.total_weight));
  const Structure& target = structure(covariance_type);
  if (!can_convert(s.kind, target.need()))
    throw InvalidArgument("the statistics keep the scatter as '" + scatter_kind + "', which is not enough for the '" +
                          covariance_type + "' covariance");
  Regularisation regularisation = regularisation_for(target, reg_covar, column_scale(s), false);
  regularisation.raise = on_degenerate == "raise";
  regularisation.rows_per_weight = s.n_effective / s.total_weight;
  std::optional<Mixture> before;
  if (previous) {
    before.emplace();
    before->means = to_matrix(strict(item(*previous, "means"), "means"));
    if (before->n_components() != s.n_components() || before->n_features() != s.n_features())
      throw InvalidArgument("the previous mixture and the statistics differ in shape");
    before->covariances =
        to_covariances(strict(item(*previous, "covariances"), "covariances"), target, s.n_components(), s.n_features());
  }
  // Their own: covariances may hold less than their factors do.
  if (before)
    before->factors = to_factors(strict(item(*previous, "precisions_cholesky"), "precisions_cholesky"), target,
                                 s.n_components(), s.n_features(), Lower::computed);
  Repairs repairs(s.n_components());
  const Mixture mixture = m_step(s, target, regularisation, before ? &*before : nullptr, Execution{}, repairs);
  py::dict out = from_mixture(mixture);
  out["floored"] = to_array(repairs.floored);
  out["emptied"] = to_array(repairs.emptied);
  return out;
}

}  // namespace

void add_statistics(py::module_& m) {
  using py::arg;
  m.def("e_step", &e_step, arg("X").noconvert(), arg("sample_weight").noconvert(), arg("covariance_type"),
        arg("weights").noconvert(), arg("means").noconvert(), arg("precisions_cholesky").noconvert(),
        arg("scatter_kind"), arg("n_threads"));
  m.def("likelihood", &likelihood, arg("X").noconvert(), arg("sample_weight").noconvert(), arg("covariance_type"),
        arg("weights").noconvert(), arg("means").noconvert(), arg("precisions_cholesky").noconvert(), arg("n_threads"));
  m.def("statistics_from_responsibilities", &given_responsibilities, arg("X").noconvert(),
        arg("sample_weight").noconvert(), arg("responsibilities").noconvert(), arg("scatter_kind"), arg("n_threads"));
  m.def("merge_statistics", &merge_statistics, arg("a"), arg("b"), arg("scatter_kind"));
  m.def("m_step", &maximise, arg("statistics"), arg("scatter_kind"), arg("covariance_type"), arg("reg_covar"),
        arg("on_degenerate"), arg("previous"));
}

}  // namespace gaussmix::bindings
