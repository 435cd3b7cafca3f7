#include "bindings/arrays.hpp"

#include "covariance/array_form.hpp"

namespace gaussmix::bindings {

Array strict(const py::handle& object, const char* name) {
  if (!py::isinstance<Array>(object)) throw py::type_error(std::string(name) + " must be a C-contiguous float64 array");
  auto array = py::reinterpret_borrow<Array>(object);
  require_aligned(array, name);
  return array;
}

OptionalArray strict_or_none(const py::handle& object, const char* name) {
  if (object.is_none()) return std::nullopt;
  return strict(object, name);
}

py::object item(const py::dict& in, const char* name) {
  if (!in.contains(name)) throw InvalidArgument(std::string("'") + name + "' is missing");
  return in[name];
}

void require_aligned(const py::array& array, const char* name) {
  if ((array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) == 0)
    throw py::type_error(std::string(name) + " must be an aligned array");
}

void require_size(const Array& array, Index size, const char* name) {
  require_aligned(array, name);
  if (array.size() != size)
    throw InvalidArgument(std::string(name) + " has " + std::to_string(array.size()) + " elements, expected " +
                          std::to_string(size));
}

void require_sizes(Index n_components, Index n_features) {
  constexpr double kMostNumbers = 0x1p60;
  if (n_components < 1 || n_features < 1) throw InvalidArgument("there must be a component and a feature");
  const auto width = static_cast<double>(n_features);
  if (static_cast<double>(n_components) * width * (width + 1) > kMostNumbers)
    throw InvalidArgument("more parameters than can be counted");
}

void require_factors(const Structure& structure, Index n_features) {
  if (structure.n_factors() >= n_features && structure.n_factors() > 0)
    throw InvalidArgument("there must be fewer factors than features");
}

Data make_data(const py::array& x, const OptionalArray& weights) {
  const bool f64 = py::isinstance<Array>(x);
  const bool f32 = py::isinstance<py::array_t<float, py::array::c_style>>(x);
  if ((!f64 && !f32) || x.ndim() != 2) throw py::type_error("X must be a C-contiguous float64 or float32 matrix");
  require_aligned(x, "X");
  Data data{x.data(), f32, nullptr, x.shape(0), x.shape(1)};
  if (data.n_rows == 0 || data.n_features == 0) throw InvalidArgument("X is empty");
  if (weights) {
    require_size(*weights, data.n_rows, "sample_weight");
    data.weights = weights->data();
  }
  return data;
}

IntArray to_array(const Counts& counts) {
  IntArray out(static_cast<py::ssize_t>(counts.size()));
  std::copy(counts.begin(), counts.end(), out.mutable_data());
  return out;
}

std::vector<py::ssize_t> covariance_dimensions(const Structure& structure, Index n_components, Index n_features) {
  switch (array_shape(structure)) {
    case CovarianceShape::full: return {n_components, n_features, n_features};
    case CovarianceShape::tied: return {n_features, n_features};
    case CovarianceShape::diag: return {n_components, n_features};
    case CovarianceShape::spherical: return {n_components};
    case CovarianceShape::factor: return {n_components, n_features, structure.n_factors() + 1};
  }
  return {};
}

Vector to_vector(const Array& array) { return ConstVectorMap(array.data(), array.size()); }

Matrix to_matrix(const Array& array) {
  if (array.ndim() != 2) throw InvalidArgument("expected a matrix");
  require_aligned(array, "a matrix");
  require_sizes(array.shape(0), array.shape(1));
  return ConstMatrixMap(array.data(), array.shape(0), array.shape(1));
}

Matrix to_matrix(const Array& array, Index n_rows, Index n_columns, const char* name) {
  require_size(array, n_rows * n_columns, name);
  if (array.ndim() != 2 || array.shape(0) != n_rows) throw InvalidArgument(std::string(name) + " has the wrong shape");
  return to_matrix(array);
}

Covariances to_covariances(const Array& array, const Structure& structure, Index n_components, Index n_features) {
  require_size(array, array_size(structure, n_components, n_features), "covariances");
  return to_covariances(array.data(), structure, n_components, n_features);
}

Covariances to_covariances(const double* values, const Structure& structure, Index n_components, Index n_features) {
  check_off_diagonals(structure, n_components, n_features, values);
  Covariances covariances;
  reshape(covariances, structure.shape(), n_components, n_features, structure.n_factors());
  covariances.values = from_array_form(structure, n_components, n_features, values);
  return covariances;
}

Factors to_factors(const Array& precisions_cholesky, const Structure& structure, Index n_components, Index n_features,
                   Lower lower) {
  if (structure.shape() == CovarianceShape::factor)
    return factorise(to_covariances(precisions_cholesky, structure, n_components, n_features));
  require_size(precisions_cholesky, array_size(structure, n_components, n_features), "precisions_cholesky");
  const std::vector<double> stored = from_array_form(structure, n_components, n_features, precisions_cholesky.data());
  return from_precisions_cholesky(structure.shape(), n_components, n_features, stored.data(), lower);
}

Mixture to_mixture(const std::string& covariance_type, const Array& weights, const Array& means,
                   const Array& precisions_cholesky, Lower lower) {
  const DefaultFloatingPoint mode;
  Mixture mixture;
  mixture.means = to_matrix(means);
  // An array of another size is refused below.
  const Index n_factors = precisions_cholesky.size() / mixture.means.size() - 1;
  mixture.structure = &structure(covariance_type, n_factors);
  require_size(weights, mixture.n_components(), "weights");
  mixture.weights = to_vector(weights);
  if (mixture.structure->shape() == CovarianceShape::factor)
    mixture.covariances =
        to_covariances(precisions_cholesky, *mixture.structure, mixture.n_components(), mixture.n_features());
  mixture.factors =
      to_factors(precisions_cholesky, *mixture.structure, mixture.n_components(), mixture.n_features(), lower);
  return mixture;
}

py::dict from_mixture(const Mixture& mixture) {
  const Structure& structure = *mixture.structure;
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  const auto dimensions = covariance_dimensions(structure, n_components, n_features);
  const auto as_array = [&](const std::vector<double>& values) {
    return copy_to_array(to_array_form(structure, n_components, n_features, values).data(), dimensions);
  };
  py::dict out;
  out["weights"] = to_array(mixture.weights);
  out["means"] = to_array(mixture.means);
  out["covariances"] = as_array(mixture.covariances.values);
  out["precisions_cholesky"] = structure.shape() == CovarianceShape::factor
                                   ? out["covariances"].cast<Array>()
                                   : as_array(precisions_cholesky(mixture.factors));
  return out;
}

}  // namespace gaussmix::bindings
