#include <cstdlib>
#include <string>

#include "base/parallel.hpp"
#include "bindings/functions.hpp"
#include "kernels/dispatch.hpp"

namespace py = pybind11;

namespace {

void select_simd_level() {
  const char* wanted = std::getenv("GAUSSMIX_SIMD");
  const std::string name = wanted != nullptr ? wanted : "";
  const char* reason = nullptr;
  switch (gaussmix::kernels::select_level(name)) {
    case gaussmix::kernels::Selection::ok: return;
    case gaussmix::kernels::Selection::unknown_name: reason = "is no instruction-set level"; break;
    case gaussmix::kernels::Selection::not_built: reason = "is not part of this build"; break;
    case gaussmix::kernels::Selection::not_supported: reason = "is beyond this processor"; break;
  }
  throw py::import_error("GAUSSMIX_SIMD='" + name + "' " + reason +
                         "; known levels are v2, v3, v4 (x86-64) and generic; unset it to use the best one");
}

}  // namespace

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  select_simd_level();
  gaussmix::install_fork_guard();
  gaussmix::bindings::add_errors(m);
  gaussmix::bindings::add_build_info(m);
  gaussmix::bindings::add_data(m);
  gaussmix::bindings::add_mixture(m);
  gaussmix::bindings::add_statistics(m);
  gaussmix::bindings::add_fit(m);
  gaussmix::bindings::add_fit_many(m);
  gaussmix::bindings::add_hierarchy(m);
  gaussmix::bindings::add_memory(m);
}
