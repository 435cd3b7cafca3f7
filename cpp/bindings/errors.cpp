#include <new>

#include "base/errors.hpp"
#include "bindings/functions.hpp"

namespace py = pybind11;

namespace gaussmix::bindings {

namespace {

// The Python class of Degenerate, given by the package once it is defined there. Never freed: translators may run late.
PyObject* degenerate_error = nullptr;

}  // namespace

void add_errors(py::module_& m) {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Degenerate& error) {
      PyErr_SetString(degenerate_error != nullptr ? degenerate_error : PyExc_ValueError, error.what());
    } catch (const InvalidArgument& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const Interrupted&) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
  });
  m.def(
      "set_degenerate_error", [](const py::object& exception) { degenerate_error = exception.inc_ref().ptr(); },
      py::arg("exception"));
}

}  // namespace gaussmix::bindings
