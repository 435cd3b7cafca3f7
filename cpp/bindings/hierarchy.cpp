#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"
#include "em/hierarchical_start.hpp"

namespace gaussmix::bindings {

namespace {

IntArray labels_of_hierarchy(const py::array& x, const OptionalArray& sample_weight,
                             const std::vector<Index>& n_components, std::uint64_t seed, std::optional<int> n_threads) {
  const Data data = make_data(x, sample_weight);
  IntArray labels(std::vector<py::ssize_t>{static_cast<py::ssize_t>(n_components.size()), data.n_rows});
  std::int64_t* out = labels.mutable_data();
  Call call(n_threads);
  const Execution execution = call.execution();
  call.without_gil([&] {
    hierarchical_labels(data, n_components, seed, execution, out);
    return true;
  });
  return labels;
}

}  // namespace

void add_hierarchy(py::module_& m) {
  using py::arg;
  m.def("hierarchical_labels", &labels_of_hierarchy, arg("X").noconvert(), arg("sample_weight").noconvert(),
        arg("n_components"), arg("seed"), arg("n_threads"));
}

}  // namespace gaussmix::bindings
