// What can go wrong in the engine. The bindings turn each into a Python exception.
#pragma once

#include <stdexcept>

namespace gaussmix {

// An argument that the Python layer should have caught, or a covariance that is not positive definite.
struct InvalidArgument : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// A component collapsed, and the caller asked for an error or nothing can be repaired.
struct Degenerate : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The caller's interrupt check asked to stop.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace gaussmix
