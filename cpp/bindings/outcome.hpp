// The outcome of a fit as Python receives it.
#pragma once

#include <pybind11/pybind11.h>

#include "em/outcome.hpp"

namespace gaussmix::bindings {

const char* to_string(Status status);
pybind11::dict from_outcome(const Outcome& outcome);

}  // namespace gaussmix::bindings
