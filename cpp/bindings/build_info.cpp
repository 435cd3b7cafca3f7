#include <Eigen/Core>

#include <string>

#include <pybind11/stl.h>

#include "base/parallel.hpp"
#include "bindings/functions.hpp"
#include "kernels/dispatch.hpp"

namespace py = pybind11;

namespace gaussmix::bindings {

namespace {

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string eigen_version() {
  return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

py::tuple split(const std::string& list) {
  py::list out;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    out.append(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return py::tuple(out);
}

py::dict build_info() {
  py::dict info;
  info["version"] = GAUSSMIX_VERSION;
  info["compiler"] = compiler();
  info["flags"] = GAUSSMIX_FLAGS;
  info["build_type"] = GAUSSMIX_BUILD_TYPE;
  info["eigen"] = eigen_version();
  info["openmp"] = std::to_string(openmp_version());
  info["simd_levels"] = split(GAUSSMIX_LEVELS);
  info["simd_level"] = kernels::active_level().name;
  return info;
}

}  // namespace

void add_build_info(py::module_& m) {
  m.def("build_info", &build_info);
  m.def("available_threads", &available_threads);
  m.def("usable_threads", [] { return usable_threads(0); });
}

}  // namespace gaussmix::bindings
