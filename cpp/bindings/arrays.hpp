// NumPy arrays in and out: borrowed without copying on the way in, one copy of parameters on the way out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "base/errors.hpp"
#include "base/floating_point.hpp"
#include "mixture/mixture.hpp"
#include "statistics/data.hpp"

namespace gaussmix::bindings {

namespace py = pybind11;

// No forcecast and noconvert: a wrong dtype or layout is a TypeError, never a silent copy.
using Array = py::array_t<double, py::array::c_style>;
using IntArray = py::array_t<std::int64_t, py::array::c_style>;
using OptionalArray = std::optional<Array>;

Array strict(const py::handle& object, const char* name);
OptionalArray strict_or_none(const py::handle& object, const char* name);

// What a dictionary must hold.
py::object item(const py::dict& in, const char* name);

template <class Number>
Number number_item(const py::dict& in, const char* name) {
  try {
    return item(in, name).cast<Number>();
  } catch (const py::cast_error&) {
    throw py::type_error(std::string(name) + " is no number of its kind");
  }
}

// NumPy calls an array C-contiguous wherever its bytes begin; the engine loads whole numbers.
void require_aligned(const py::array& array, const char* name);

// The array is aligned, too.
void require_size(const Array& array, Index size, const char* name);

// There is a component and a feature, and K D^2 leaves room for a factor.
void require_sizes(Index n_components, Index n_features);

// Of factor analysers, fewer than features.
void require_factors(const Structure& structure, Index n_features);

Data make_data(const py::array& x, const OptionalArray& weights);

template <class Shape>
Array copy_to_array(const double* values, Shape shape) {
  Array out(shape);
  std::copy_n(values, out.size(), out.mutable_data());
  return out;
}

inline Array to_array(const Vector& v) { return copy_to_array(v.data(), std::vector<py::ssize_t>{v.size()}); }
inline Array to_array(const Matrix& m) { return copy_to_array(m.data(), std::vector<py::ssize_t>{m.rows(), m.cols()}); }
inline Array to_array(const std::vector<double>& v) {
  return copy_to_array(v.data(), std::vector<py::ssize_t>{static_cast<py::ssize_t>(v.size())});
}
IntArray to_array(const Counts& counts);

std::vector<py::ssize_t> covariance_dimensions(const Structure& structure, Index n_components, Index n_features);

Vector to_vector(const Array& array);
Matrix to_matrix(const Array& array);
Matrix to_matrix(const Array& array, Index n_rows, Index n_columns, const char* name);
// Of the structure: throws InvalidArgument where they are not.
Covariances to_covariances(const Array& array, const Structure& structure, Index n_components, Index n_features);
// Of so many values as these sizes need.
Covariances to_covariances(const double* values, const Structure& structure, Index n_components, Index n_features);
Factors to_factors(const Array& precisions_cholesky, const Structure& structure, Index n_components, Index n_features,
                   Lower lower);

// A mixture as the Python side keeps it: factors instead of covariances, but of factor analysers what these are made of.
Mixture to_mixture(const std::string& covariance_type, const Array& weights, const Array& means,
                   const Array& precisions_cholesky, Lower lower);

py::dict from_mixture(const Mixture& mixture);

}  // namespace gaussmix::bindings
