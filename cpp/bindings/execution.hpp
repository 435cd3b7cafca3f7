// Threads and interrupts of one call from Python.
#pragma once

#include <chrono>
#include <optional>

#include <pybind11/pybind11.h>

#include "statistics/pass.hpp"

namespace gaussmix::bindings {

// Runs the engine without the GIL and lets signal handlers run every 50 ms. The engine asks between leaves, but taking the
// GIL waits for whichever Python thread holds it, so the question is put by the clock and not by the leaf.
class Call {
 public:
  explicit Call(std::optional<int> n_threads) : share_(usable_threads(n_threads.value_or(0))) {}

  // For visits to rows. One leaf needs one thread, and no look at what the machine offers.
  Call(std::optional<int> n_threads, Index n_rows, Index n_components, Index n_features)
      : share_(n_rows <= leaf_rows(n_components, n_features) ? 1 : usable_threads(n_threads.value_or(0))) {}

  Execution execution() {
    return {share_.n_threads(), [this] { return poll(); }};
  }

  // Calls f() without the GIL; an exception of a signal handler is kept and comes back from here as itself. When it is
  // KeyboardInterrupt and `f` returned all the same, it is dropped: the result says "interrupted".
  template <class F>
  auto without_gil(F&& f) {
    try {
      auto result = [&] {
        const pybind11::gil_scoped_release release;
        const DefaultFloatingPoint mode;
        return f();
      }();
      if (error_ && !error_->matches(PyExc_KeyboardInterrupt)) throw pybind11::error_already_set(*error_);
      return result;
    } catch (const Interrupted&) {
      if (error_) throw pybind11::error_already_set(*error_);
      throw;
    }
  }

  // For callbacks of the engine that hold the GIL themselves.
  void keep_error(const pybind11::error_already_set& error) { error_.emplace(error); }

 private:
  bool poll() {
    if (error_) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return false;
    last_ = now;
    pybind11::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() == 0) return false;
    error_.emplace();  // takes the pending exception
    return true;
  }

  ThreadShare share_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::optional<pybind11::error_already_set> error_;
};

}  // namespace gaussmix::bindings
