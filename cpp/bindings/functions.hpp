// What each file of the bindings adds to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace gaussmix::bindings {

void add_build_info(pybind11::module_& m);
void add_data(pybind11::module_& m);
void add_mixture(pybind11::module_& m);
void add_statistics(pybind11::module_& m);
void add_fit(pybind11::module_& m);
void add_fit_many(pybind11::module_& m);
void add_hierarchy(pybind11::module_& m);
void add_memory(pybind11::module_& m);
void add_errors(pybind11::module_& m);

}  // namespace gaussmix::bindings
